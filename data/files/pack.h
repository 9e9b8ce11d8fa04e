#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "data/files/files.h"

namespace tessera::data {

/// What packing did.
struct PackReport {
  std::int64_t images = 0;
  std::int64_t samples = 0;  // pictures times their captions
  std::int64_t skipped = 0;  // bad entries of the list and pictures that did not decode
  std::vector<std::string> first_skipped{};  // the first ten of each, "NAME: REASON"
};

/// Decodes every picture of `files` into a pack at `folder` (data/packed.h). A picture that cannot
/// be read is skipped, warned of and counted. The pack appears whole at the end or, after an error
/// or a stop (kCancelled), not at all. Throws kInvalidArgument where no picture is left or `folder`
/// is not empty, kIo where the disk refuses.
PackReport pack_files(const FileSet& files,
                      const std::filesystem::path& folder,
                      const ProgressSink& progress,
                      std::stop_token stop);

}  // namespace tessera::data
