#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/error.h"
#include "engine/engine.h"
#include "engine/output_names.h"

namespace tessera::engine {

/// Picture files through the codec and back.
struct ReconstructRun {
  std::vector<std::string> pictures{};
  NamingOptions naming{};     // out "" = NAME-reconstructed.png beside each picture
  bool side_by_side = false;  // the picture and its reconstruction in one file
};

struct ReconstructedFile {
  std::filesystem::path source{};
  std::filesystem::path path{};
  double psnr = 0;         // dB
  std::int64_t codes = 0;  // distinct ones
  std::int64_t tokens = 0;
  std::string json{};   // one line
  bool failed = false;  // then `code` and `message` say why
  ErrorCode code = ErrorCode::kInternal;
  std::string message{};
};

/// A picture that cannot be read is reported and the rest go on. Sides that are no multiple of the
/// codec's cell are cut down to one, in the middle; pictures of more than four million pixels are
/// refused. Throws what name_pictures, prepare_folders and write_png throw, and kCancelled.
void reconstruct_files(Engine& engine,
                       const ReconstructRun& run,
                       const std::function<void(const ReconstructedFile&)>& on_picture,
                       std::stop_token stop);

}  // namespace tessera::engine
