#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <c10/core/ScalarType.h>

#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/transition.h"
#include "io/state_dict.h"
#include "pipeline/model_card.h"
#include "pipeline/published/layout.h"
#include "text/clip_encoder.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {

/// Files of a tokenizer by name.
using TokenizerFiles = std::map<std::string, std::string>;

/// The files that a layout wants of CLIP's tokenizer with so many pieces.
using ClipTokenizerSource =
    std::function<TokenizerFiles(ModelLayout layout, std::int64_t vocabulary)>;

/// Writes a model into an empty folder, a part a call, each once; what was written may be freed at
/// once. `ours` are tensors under our own names. Throws kInvalidArgument, before the part's first
/// byte, for what the layout cannot hold.
class ModelWriter {
 public:
  virtual ~ModelWriter() = default;
  /// Throws where the layout has no place for such a denoiser; denoiser() does the same.
  virtual void check(const diffusion::TransformerOptions& options) const = 0;
  virtual void denoiser(const diffusion::TransformerOptions& options, io::StateDict ours) = 0;
  virtual void codec(vqvae::VqVaeImpl& codec) = 0;
  virtual void text_encoder(const text::ClipTextOptions& options, const io::StateDict& ours) = 0;
  virtual void chain(const diffusion::TransitionOptions& options) = 0;
  virtual void tokenizer(const TokenizerFiles& files) = 0;
  /// The last call; parts and hashes of the card are filled in.
  virtual void card(ModelCard card) = 0;
};

/// Weights are stored in `type`. kTessera: what load_parts() reads, without the averages behind an
/// EMA codebook (docs/formats/model.md). kDiffusers: what diffusers reads from version 0.8 on; a
/// codec that uses some of its codes is written with those alone. Throws kInvalidArgument for
/// kMicrosoft, which is not written.
std::unique_ptr<ModelWriter> make_model_writer(ModelLayout layout,
                                               const std::filesystem::path& folder,
                                               at::ScalarType type);

}  // namespace tessera::pipeline
