#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "eval/process_share.h"
#include "eval/records.h"

namespace tessera::eval {

struct RecordRunOptions {
  std::filesystem::path file{};  // where the finished records go; "" = kept in memory
  std::int64_t count = 0;        // things in all: indices 0 .. count - 1
  std::int64_t block = 1;        // neighbours that one process takes together
  ProcessShare share{};
  enum class Found : unsigned char {
    kRefuse,   // records that are there already are an error
    kGoOn,     // they are taken over where they are of this run
    kReplace,  // a finished file is written over; the remains of an unfinished run are thrown away
  } found = Found::kRefuse;
};

/// A run that can be stopped, killed and gone on with, by one process or by several on one file
/// system. While it runs, each process appends to FILE.partial/RANK-of-COUNT.jsonl; whoever finds
/// that nothing is missing any more writes FILE whole and removes the folder. Rows are by index, so
/// the file does not depend on how the work was divided.
class RecordRun {
 public:
  /// Throws kInvalidArgument where records are there and `found` refuses them, or where they are of
  /// another run (check_same_run); kIo.
  RecordRun(RecordRunOptions options, const io::Json& header);

  /// Indices that this process still has to judge, rising.
  const std::vector<std::int64_t>& missing() const { return missing_; }
  /// Rows with their "index"; in the file before the call returns.
  void add(std::span<const io::Json> rows);
  /// Whether the run is whole now; then records() has all of it, by whatever process. At most one
  /// process of those that run at a time is told so, but for runs that were whole before.
  bool finish();
  const Records& records() const { return records_; }

 private:
  std::filesystem::path partial() const;
  std::filesystem::path own_part() const;
  void take_over();
  void take(const Records& found, const std::filesystem::path& file);
  bool whole() const;

  RecordRunOptions options_;
  Records records_;
  std::vector<std::int64_t> missing_{};
  std::unique_ptr<RecordLog> log_{};
  bool was_whole_ = false;
};

/// Rows that FILE and its unfinished parts hold, for a progress line; 0 where there are none.
std::int64_t recorded_rows(const std::filesystem::path& file);

}  // namespace tessera::eval
