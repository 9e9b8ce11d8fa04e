#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "data/scenes/scenes.h"
#include "eval/clip/clip_model.h"

namespace tessera::eval {

/// A CLIP read from disk, in float32 and ready to be asked.
struct LoadedClip {
  ClipModel model{nullptr};
  std::string name{};                         // of its config, else of its file or folder
  std::string sha256{};                       // of the weight file
  std::filesystem::path tokens{};             // its own tokens.tsv; "" = OpenAI's byte pairs
  std::filesystem::path folder{};             // where a tokenizer of other files would lie
  std::optional<data::SceneOptions> world{};  // of Tessera's own: what it was trained on
};

/// What `where` is decides how it is read:
///   a folder of Tessera's (config.json with "vision"), or one that holds it as clip/ or
///   model/clip/ a folder of transformers (config.json with "vision_config" and model.safetensors
///   or pytorch_model.bin), or of open_clip (open_clip_config.json and its weights) a weight file
///   with OpenAI's names, TorchScript archives such as ViT-B-32.pt too
/// Weights of two bytes are widened. Throws kNotFound, kCorruptFile, kInvalidArgument, or
/// kShapeMismatch listing every tensor that does not fit.
LoadedClip load_clip(const std::filesystem::path& where, c10::Device device);

}  // namespace tessera::eval
