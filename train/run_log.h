#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "io/tensorboard.h"

namespace tessera::train {

using Values = std::vector<std::pair<std::string, double>>;

/// A run's numbers: one JSON object a line in "log.jsonl", and the same as TensorBoard scalars.
class RunLog {
 public:
  /// Lines of steps after `step` are dropped: the run goes on from there. A torn last line is
  /// dropped.
  RunLog(const std::filesystem::path& folder, std::int64_t step);

  /// {"step": …, name: value, …}; values that are not finite become null. Names without a slash are
  /// shown under "train/". Throws kIo.
  void write(std::int64_t step, const Values& values);
  /// A PNG file, shown by TensorBoard as "samples/NAME".
  void write_picture(std::int64_t step, const std::string& name, const std::filesystem::path& png);

 private:
  std::filesystem::path file_;
  std::ofstream lines_{};
  io::EventWriter events_;
};

}  // namespace tessera::train
