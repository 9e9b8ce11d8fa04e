#pragma once

#include <filesystem>
#include <optional>

#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/transition.h"
#include "pipeline/load_options.h"
#include "pipeline/model_card.h"
#include "pipeline/parts.h"
#include "text/clip_encoder.h"

namespace tessera::pipeline {

/// A model in memory with the options of its networks. The card of a published one is made up from
/// what the files say. It lists no hashes and no tokenizer: CLIP's is loaded by whoever has prompts
/// (text/tokenizers/clip_bpe.h).
struct PublishedModel {
  ModelCard card{};
  Parts parts{};
  diffusion::TransformerOptions transformer{};
  diffusion::TransitionOptions chain{};
  std::optional<text::ClipTextOptions> clip{};  // of a model of texts
};

/// A folder as diffusers lays it out: model_index.json, transformer, vqvae, scheduler,
/// text_encoder, and learned_classifier_free_sampling_embeddings where the null condition is
/// learned. Weights are taken from .safetensors, else .bin; in full precision, else fp16.
/// Throws kNotFound, kCorruptFile or kShapeMismatch naming file and tensor.
PublishedModel load_diffusers_model(const std::filesystem::path& folder,
                                    const LoadOptions& options);

/// A training checkpoint (.pth) of the original code: of texts (its CLIP tower inside), of classes,
/// or of neither. What its shapes do not tell comes from config.yaml beside it, where there is one.
/// The codec is inside, or one of codec_standalone.pth, ithq_vqvae.pth,
/// taming_f8_8192_openimages_last.pth, vqgan_imagenet_f16_16384.pth, vqgan_ffhq_f16_1024.pth beside
/// it or in taming_dvae beside it; codec_config.yaml there is read where there is one. Where the
/// denoiser knows fewer codes, the map is index_map.pt or taming_vqvae_K.pt beside it, else the
/// published one. Throws as above.
PublishedModel load_microsoft_model(const std::filesystem::path& file, const LoadOptions& options);

/// A model of any layout (pipeline/published/layout.h), our own folders too.
PublishedModel load_model(const std::filesystem::path& model, const LoadOptions& options);

}  // namespace tessera::pipeline
