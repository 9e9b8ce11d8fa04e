#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/options.h"
#include "data/scenes/scenes.h"

namespace tessera::pipeline {

/// The names of the parts of a complete model; each is a sub-folder.
inline constexpr const char* kVqVaePart = "vqvae";
inline constexpr const char* kTransformerPart = "transformer";
inline constexpr const char* kTextEncoderPart = "text_encoder";
inline constexpr const char* kSchedulerPart = "scheduler";
inline constexpr const char* kTokenizerPart = "tokenizer";
inline constexpr const char* kUNetPart = "unet";  // of the Gaussian path, as the next two
inline constexpr const char* kUNetSchedulerPart = "unet_scheduler";
inline constexpr const char* kUNetTextEncoderPart = "unet_text_encoder";

/// The ways a model may draw: a chain over codes, or Gaussian diffusion of latents or pixels.
inline constexpr const char* kDiscretePath = "discrete";
inline constexpr const char* kGaussianPath = "gaussian";

/// "kind" in the options of a text encoder that is CLIP's; Tessera's own has none.
inline constexpr const char* kClipKind = "clip";

/// The file of a model's folder that holds its card.
inline constexpr const char* kCardFile = "model_index.json";

/// What a model is and how it is best used. docs/formats/model.md.
struct ModelCard {
  std::string schema = "tessera.model/1";
  std::string name{};
  std::string license = "Apache-2.0";
  std::string description{};
  SampleOptions sampling{.steps = 16, .sampler = "ancestral", .guidance = 3.0, .truncation = "1"};
  /// Of the Gaussian path, where the model has one.
  SampleOptions gaussian_sampling{.steps = 50, .sampler = "ddim", .guidance = 3.0};
  data::SceneOptions world{};  // what the model was taught, where it is a world of scenes
  bool has_world = false;
  std::vector<std::string>
      parts{};  // sub-folders: vqvae, transformer, text_encoder, scheduler, tokenizer, unet, …
  /// "vqvae/model.safetensors" -> SHA-256. Filled by write_model_card, so the caller leaves it
  /// empty.
  std::map<std::string, std::string> hashes{};

  bool has_part(const std::string& part) const;
  /// kDiscretePath and kGaussianPath as far as the model has their networks, in the order of
  /// `parts`; empty for a codec alone.
  std::vector<std::string> paths() const;
  /// One SHA-256 over the hashes of the files that draw on `path` ("" = the first): the identity of
  /// the model in a picture's metadata. The card's own words do not count, nor does another path.
  /// "" where the card lists no hashes.
  std::string fingerprint(const std::string& path = "") const;
};

/// Throws kNotFound when there is no model at `model`, kCorruptFile when the card cannot be read.
ModelCard read_model_card(const std::filesystem::path& model);

/// Writes the card over the finished parts: every file of every part is hashed. The parts must
/// exist.
void write_model_card(const std::filesystem::path& model, const ModelCard& card);

/// Compares the parts' files with the card's hashes; throws kCorruptFile naming the first that
/// differs, kNotFound where one is missing. Files over `max_bytes` are only looked for.
void check_model_files(const std::filesystem::path& model,
                       const ModelCard& card,
                       std::uintmax_t max_bytes = UINTMAX_MAX);

}  // namespace tessera::pipeline
