#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "eval/clip/clip_files.h"
#include "text/tokenizer.h"

namespace tessera::engine {

/// A CLIP with the tokenizer that its text tower was trained with.
struct OpenClip {
  eval::LoadedClip clip{};
  std::unique_ptr<const text::Tokenizer> tokenizer{};
};

/// The CLIP that comes with the program, "models/clip": $TESSERA_CLIP, else that of the sources or
/// of the installation. Throws kNotFound.
std::filesystem::path default_clip();

/// `path` as eval::load_clip takes it; "" = default_clip(). Published ones are read with OpenAI's
/// byte pairs: those beside the weights, else the shipped vocabulary. Throws as they do.
OpenClip open_clip(const std::filesystem::path& path, const std::string& device);

}  // namespace tessera::engine
