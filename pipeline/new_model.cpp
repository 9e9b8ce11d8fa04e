#include "pipeline/new_model.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "core/atomic_file.h"
#include "nn/initialise.h"
#include "nn/reserve.h"
#include "pipeline/published/known_models.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {
namespace {

/// A seed a part: otherwise layers of one name would get the same numbers in both networks.
enum class Stream : std::uint64_t { kDenoiser, kCodec, kText, kCount };

std::uint64_t seed_of(std::uint64_t seed, Stream stream) {
  return seed * static_cast<std::uint64_t>(Stream::kCount) + static_cast<std::uint64_t>(stream);
}

/// Gains of norms begin at 1 and their shifts at 0; CLIP's are modules of its own.
void level_norms(torch::nn::Module& tower) {
  const at::NoGradGuard no_grad;
  for (auto& item : tower.named_parameters()) {
    if (item.key().ends_with("norm.weight")) item.value().fill_(1.0);
    if (item.key().ends_with("norm.bias")) item.value().zero_();
  }
}

void write_denoiser(const KnownModel& model, const NewModelOptions& options, ModelWriter& writer) {
  const auto denoiser = diffusion::make_transformer(model.transformer);
  nn::reserve(*denoiser, options.type);
  nn::initialise(*denoiser, seed_of(options.seed, Stream::kDenoiser));
  writer.denoiser(model.transformer, io::state_of(*denoiser));
}

void write_codec(const KnownModel& model, const NewModelOptions& options, ModelWriter& writer) {
  vqvae::VqVaeImpl codec(model.codec.options);
  codec.initialise(seed_of(options.seed, Stream::kCodec));
  if (model.codec.used_codes) codec.set_used_codes(*model.codec.used_codes);
  writer.codec(codec);
}

void write_text(const KnownModel& model, const NewModelOptions& options, ModelWriter& writer) {
  const auto tower = text::make_clip_encoder(*model.clip);
  nn::reserve(*tower, options.type);
  nn::initialise(*tower, seed_of(options.seed, Stream::kText));
  level_norms(*tower);
  writer.text_encoder(*model.clip, io::state_of(*tower));
  writer.tokenizer(options.clip_tokenizer(options.layout, model.clip->vocabulary));
}

}  // namespace

void write_random_model(const std::filesystem::path& to, const NewModelOptions& options) {
  const KnownModel model = known_model(options.config);
  write_folder_atomically(to, [&](const std::filesystem::path& folder) {
    const auto writer = make_model_writer(options.layout, folder, options.type);
    writer->check(model.transformer);
    write_denoiser(model, options, *writer);
    write_codec(model, options, *writer);
    if (model.clip) write_text(model, options, *writer);
    writer->chain(model.chain);
    writer->card({.name = options.config + "-random",
                  .license = "",
                  .description = "random weights in the shapes of a published model",
                  .sampling = model.sampling});
  });
}

}  // namespace tessera::pipeline
