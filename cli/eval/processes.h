#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace tessera::cli {

/// Which of several processes this one is, as launchers of parallel programs say it: RANK and
/// WORLD_SIZE in the environment. One of one where neither is set. Throws kInvalidArgument for
/// values that cannot be, or one without the other.
struct ProcessRank {
  std::int64_t rank = 0;
  std::int64_t count = 1;
  bool of_pool = false;  // started by run_processes(), which then goes on by itself
};
ProcessRank process_rank();

/// Runs this very command line in `count` processes on one machine, each with its RANK, --quiet,
/// --resume and its share of the `threads` (0 = of all cores); their standard output is thrown
/// away. `watch` is called every now and then. A stop is passed on to them. Throws kCancelled after
/// a stop, kInternal naming the first process that failed, and its exit code.
struct ProcessPool {
  std::int64_t count = 1;
  int threads = 0;
  std::string resume_folder{};  // of a command that knows "--resume DIR" instead of "--resume"
};
void run_processes(const ProcessPool& pool,
                   const std::function<void()>& watch,
                   std::stop_token stop);

}  // namespace tessera::cli
