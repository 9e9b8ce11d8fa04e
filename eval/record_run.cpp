#include "eval/record_run.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/error.h"

namespace tessera::eval {
namespace fs = std::filesystem;
namespace {

fs::path partial_of(const fs::path& file) {
  return fs::path(file.string() + ".partial");
}

std::vector<fs::path> parts_in(const fs::path& folder) {
  std::vector<fs::path> parts;
  std::error_code failed;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".jsonl") parts.push_back(entry.path());
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Of processes that end together one gets it; it is free again when its holder dies.
class MergeLock {
 public:
  explicit MergeLock(const fs::path& file)
      : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    struct stat facts {};
    held_ = file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0 && ::fstat(file_, &facts) == 0 &&
            facts.st_nlink > 0;  // 0 = another process has merged and removed the folder
  }
  ~MergeLock() {
    if (file_ >= 0) ::close(file_);
  }
  MergeLock(const MergeLock&) = delete;
  MergeLock& operator=(const MergeLock&) = delete;
  bool held() const { return held_; }

 private:
  int file_;
  bool held_ = false;
};

}  // namespace

RecordRun::RecordRun(RecordRunOptions options, const io::Json& header)
    : options_(std::move(options)), records_{.header = header} {
  options_.share.validate();
  TESSERA_CHECK(options_.block >= 1, kInvalidArgument, "block must be at least 1");
  if (options_.file.empty()) {
    TESSERA_CHECK(options_.share.count == 1,
                  kInvalidArgument,
                  "several processes need a file for their records");
  } else {
    take_over();
  }
  was_whole_ = whole();
  for (std::int64_t index = 0; index < options_.count; ++index) {
    const bool mine = index / options_.block % options_.share.count == options_.share.rank;
    if (mine && !records_.rows.contains(index)) missing_.push_back(index);
  }
  if (options_.file.empty() || missing_.empty()) return;
  std::error_code failed;
  fs::create_directories(partial(), failed);
  TESSERA_CHECK(!failed, kIo, partial().string(), ": cannot make this folder: ", failed.message());
  log_ = std::make_unique<RecordLog>(own_part(), header);
}

fs::path RecordRun::partial() const {
  return partial_of(options_.file);
}

fs::path RecordRun::own_part() const {
  return partial() / concat(options_.share.rank, "-of-", options_.share.count, ".jsonl");
}

void RecordRun::take_over() {
  using Found = RecordRunOptions::Found;
  const bool alone = options_.share.count == 1;
  const fs::path unfinished = alone ? partial() : own_part();
  if (options_.found == Found::kReplace) {
    TESSERA_CHECK(alone, kInvalidArgument, "of several processes none may replace records");
    std::error_code ignored;
    fs::remove_all(partial(), ignored);
    return;
  }
  if (options_.found == Found::kRefuse) {
    TESSERA_CHECK(!is_there(options_.file),
                  kInvalidArgument,
                  options_.file.string(),
                  ": is there already; --resume goes on with it, --overwrite replaces it");
    TESSERA_CHECK(!is_there(unfinished),
                  kInvalidArgument,
                  unfinished.string(),
                  ": holds an unfinished run; --resume goes on with it, --overwrite begins anew");
    return;
  }
  if (is_there(options_.file)) take(read_records(options_.file), options_.file);
  for (const fs::path& part : parts_in(partial())) take(read_unfinished_records(part), part);
}

void RecordRun::take(const Records& found, const fs::path& file) {
  if (found.header.empty() && found.rows.empty()) return;  // another process has just made it
  check_same_run(found.header, records_.header, file.string());
  for (const auto& [index, row] : found.rows) {
    if (index < options_.count) records_.rows.insert_or_assign(index, row);
  }
}

bool RecordRun::whole() const {
  return std::ssize(records_.rows) == options_.count;
}

void RecordRun::add(std::span<const io::Json> rows) {
  if (log_) log_->append(rows);
  for (const io::Json& row : rows) {
    records_.rows.insert_or_assign(row.at("index").get<std::int64_t>(), row);
  }
}

bool RecordRun::finish() {
  if (options_.file.empty()) return whole();
  log_.reset();
  if (was_whole_ && is_there(options_.file) && !is_there(partial())) return true;
  for (const fs::path& part : parts_in(partial())) take(read_unfinished_records(part), part);
  if (!whole()) return false;
  const MergeLock lock(partial() / "lock");
  if (!lock.held()) return false;
  write_file_atomically(options_.file, records_text(records_));
  std::error_code failed;
  fs::remove_all(partial(), failed);
  return true;
}

std::int64_t recorded_rows(const fs::path& file) {
  std::int64_t lines = 0;
  std::vector<fs::path> files = parts_in(partial_of(file));
  if (is_there(file)) files.push_back(file);
  for (const fs::path& each : files) {
    const std::string text = read_file(each);
    const auto ends = std::count(text.begin(), text.end(), '\n');
    lines += std::max<std::int64_t>(0, ends - 1);  // the header is no row
  }
  return lines;
}

}  // namespace tessera::eval
