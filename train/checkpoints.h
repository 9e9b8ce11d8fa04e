#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace tessera::train {

/// The folder "checkpoints" of a run: one sub-folder a checkpoint, "step-00001000", which is there
/// whole or not at all. Each holds "checkpoint.json": its step, a note of the run, and size and
/// CRC-32C of every file, so that damage is found before anything is loaded.
class Checkpoints {
 public:
  /// Creates the folder; removes what an interrupted save left behind.
  explicit Checkpoints(std::filesystem::path folder);

  /// `write` fills an empty temporary folder; it is renamed when all is on disk. After that only
  /// the newest `keep` checkpoints stay. Throws kIo (full disk, permission); the others are
  /// untouched.
  void save(std::int64_t step,
            const std::string& note,
            std::int64_t keep,
            const std::function<void(const std::filesystem::path&)>& write) const;

  struct Found {
    std::int64_t step = 0;
    std::string note{};
    std::filesystem::path folder{};
  };
  /// The newest checkpoint whose files are all as they were written; a damaged newer one is named
  /// in a warning. Nothing where there is none at all; throws kCorruptFile where all are damaged.
  std::optional<Found> newest_whole() const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace tessera::train
