#include "cli/eval/processes.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/error.h"

extern char** environ;

namespace tessera::cli {
namespace {

constexpr std::int64_t kMostProcesses = 1024;
constexpr const char* kPoolVariable = "TESSERA_PROCESS_POOL";  // set for those of run_processes()

std::int64_t number_in(const char* name, const char* text) {
  const std::string_view digits(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  TESSERA_CHECK(error == std::errc{} && end == digits.data() + digits.size() && !digits.empty(),
                kInvalidArgument,
                "the environment's ",
                name,
                " must be a whole number, got \"",
                text,
                "\"");
  return value;
}

/// The words this process was started with.
std::vector<std::string> own_words() {
  std::vector<std::string> words;
  const std::string text = read_file("/proc/self/cmdline");
  for (std::size_t at = 0; at < text.size();) {
    words.emplace_back(text.c_str() + at);
    at += words.back().size() + 1;
  }
  return words;
}

/// Without a flag, and the value behind it or after its "=".
void drop_value(std::vector<std::string>& words, const std::string& flag) {
  for (std::size_t k = 0; k < words.size();) {
    const bool joined = words[k].starts_with(flag + "=");
    if (words[k] != flag && !joined) {
      ++k;
      continue;
    }
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(k);
    words.erase(at, joined || k + 1 == words.size() ? at + 1 : at + 2);
  }
}

/// The command line of one process of the pool.
std::vector<std::string> words_of(const ProcessPool& pool) {
  std::vector<std::string> words = own_words();
  if (!pool.resume_folder.empty()) drop_value(words, "--resume");
  for (const char* flag : {"-q", "--quiet", "-v", "--verbose", "--resume"}) std::erase(words, flag);
  drop_value(words, "--threads");
  drop_value(words, "-t");
  std::erase_if(words, [](const std::string& word) {  // "-t4"
    return word.starts_with("-t") && word.size() > 2;
  });
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int all = pool.threads > 0 ? pool.threads : cores;
  const std::string share = std::to_string(std::max(1, all / static_cast<int>(pool.count)));
  words.insert(words.end(), {"--quiet", "--resume"});
  if (!pool.resume_folder.empty()) words.push_back(pool.resume_folder);
  words.insert(words.end(), {"--threads", share});
  return words;
}

std::vector<std::string> variables_of(const ProcessPool& pool, std::int64_t rank) {
  std::vector<std::string> variables = {
      concat("RANK=", rank), concat("WORLD_SIZE=", pool.count), concat(kPoolVariable, "=1")};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string variable = *each;
    if (variable.starts_with("RANK=") || variable.starts_with("WORLD_SIZE=")) continue;
    variables.push_back(variable);
  }
  return variables;
}

/// Pointers into `words`, as the system takes them.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t start(const ProcessPool& pool, std::int64_t rank) {
  std::vector<std::string> words = words_of(pool);
  std::vector<std::string> variables = variables_of(pool, rank);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = posix_spawn(&child,
                                 "/proc/self/exe",
                                 &files,
                                 nullptr,
                                 pointers_to(words).data(),
                                 pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&files);
  TESSERA_CHECK(failed == 0, kIo, "cannot start another process: ", std::strerror(failed));
  return child;
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The processes of a pool; those that still run are stopped and waited for at the end.
class Children {
 public:
  explicit Children(const ProcessPool& pool) {
    try {
      for (std::int64_t rank = 0; rank < pool.count; ++rank) ids_.push_back(start(pool, rank));
    } catch (...) {
      stop();
      throw;
    }
    codes_.resize(ids_.size(), -1);
  }
  ~Children() { stop(); }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// Looks which have ended; true while some run.
  bool running() {
    bool some = false;
    for (std::size_t k = 0; k < ids_.size(); ++k) {
      if (codes_[k] >= 0) continue;
      int status = 0;
      if (waitpid(ids_[k], &status, WNOHANG) == ids_[k]) {
        codes_[k] = exit_code_of(status);
      } else {
        some = true;
      }
    }
    return some;
  }

  void stop() {
    codes_.resize(ids_.size(), -1);
    for (std::size_t k = 0; k < ids_.size(); ++k) {
      if (codes_[k] < 0) kill(ids_[k], SIGTERM);
    }
    for (std::size_t k = 0; k < ids_.size(); ++k) {
      int status = 0;
      while (codes_[k] < 0) {
        if (waitpid(ids_[k], &status, 0) == ids_[k])
          codes_[k] = exit_code_of(status);
        else if (errno != EINTR)
          codes_[k] = 0;
      }
    }
  }

  const std::vector<int>& codes() const { return codes_; }

 private:
  std::vector<pid_t> ids_{};
  std::vector<int> codes_{};  // -1 = it runs
};

}  // namespace

ProcessRank process_rank() {
  const char* rank = std::getenv("RANK");
  const char* count = std::getenv("WORLD_SIZE");
  if (rank == nullptr && count == nullptr) return {};
  TESSERA_CHECK(rank != nullptr && count != nullptr,
                kInvalidArgument,
                "of RANK and WORLD_SIZE only one is in the environment; set both or neither");
  const ProcessRank out{.rank = number_in("RANK", rank),
                        .count = number_in("WORLD_SIZE", count),
                        .of_pool = std::getenv(kPoolVariable) != nullptr};
  TESSERA_CHECK(
      out.count >= 1 && out.count <= kMostProcesses && out.rank >= 0 && out.rank < out.count,
      kInvalidArgument,
      "RANK must be below WORLD_SIZE, and that in 1..",
      kMostProcesses,
      ", got ",
      out.rank,
      " and ",
      out.count);
  return out;
}

void run_processes(const ProcessPool& pool,
                   const std::function<void()>& watch,
                   std::stop_token stop) {
  TESSERA_CHECK(pool.count >= 1 && pool.count <= kMostProcesses,
                kInvalidArgument,
                "processes must be in 1..",
                kMostProcesses,
                ", got ",
                pool.count);
  Children children(pool);
  while (children.running()) {
    if (stop.stop_requested()) {
      children.stop();
      TESSERA_THROW(kCancelled, "stopped; --resume goes on");
    }
    watch();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  const std::vector<int>& codes = children.codes();
  const auto bad = std::find_if(codes.begin(), codes.end(), [](int code) { return code != 0; });
  TESSERA_CHECK(bad == codes.end(),
                kInternal,
                "process ",
                bad - codes.begin(),
                " of ",
                codes.size(),
                " ended with exit code ",
                bad == codes.end() ? 0 : *bad,
                "; --resume goes on with what is done");
}

}  // namespace tessera::cli
