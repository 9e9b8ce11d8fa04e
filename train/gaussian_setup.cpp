#include "train/gaussian_setup.h"

#include <algorithm>
#include <numeric>

#include <torch/nn.h>

#include "core/error.h"
#include "io/json_fields.h"
#include "nn/initialise.h"
#include "pipeline/find_part.h"
#include "pipeline/model_card.h"
#include "pipeline/picture_space.h"
#include "train/captions.h"
#include "train/model_part.h"
#include "train/trainer.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMeasured = 512;  // pictures that the latents' scale is taken from

bool from_scratch(const GaussianTraining& o) {
  return o.train.start_from.empty();
}

/// The text encoder's part of a model of either path.
fs::path text_part(const fs::path& where) {
  try {
    return pipeline::find_part(where, pipeline::kUNetTextEncoderPart);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNotFound) throw;
    return pipeline::find_part(where, pipeline::kTextEncoderPart);
  }
}

}  // namespace

std::shared_ptr<diffusion::UNet> begin_unet(const GaussianTraining& o) {
  auto unet = diffusion::make_unet(o.model.unet, o.model.chain.kind());
  if (from_scratch(o)) {
    nn::initialise(*unet, o.seed);
  } else {
    load_part(*unet, pipeline::find_part(o.train.start_from, pipeline::kUNetPart));
  }
  unet->to(o.device);
  return unet;
}

std::shared_ptr<text::TextEncoder> begin_text_encoder(const GaussianTraining& o) {
  if (!o.model.reads_text()) return {};
  auto encoder = text::make_text_encoder(o.model.text_encoder);
  const std::string& from = from_scratch(o) ? o.model.text_encoder_from : o.train.start_from;
  if (from.empty()) {
    nn::initialise(*encoder, o.seed ^ kTextStream);
  } else {
    const fs::path part = text_part(from);
    check_same_tokens(part.parent_path(),
                      o.model.tokenizer,
                      from_scratch(o) ? "model.text_encoder_from" : "train.start_from");
    load_part(*encoder, part);
  }
  encoder->to(o.device);
  return encoder;
}

pipeline::GaussianPathOptions scaled_chain(const GaussianTraining& o) {
  pipeline::GaussianPathOptions chain = o.model.chain;
  if (!chain.in_latents()) return chain;
  if (!from_scratch(o)) {
    const fs::path unet = pipeline::find_part(o.train.start_from, pipeline::kUNetPart);
    const fs::path file = unet.parent_path() / pipeline::kUNetSchedulerPart / "config.json";
    pipeline::GaussianPathOptions theirs;
    io::from_json_fields(io::read_json(file), theirs, file.string());
    chain.latent_scale = theirs.latent_scale;
    chain.latent_mean = theirs.latent_mean;
  }
  if (chain.latent_scale > 0) return chain;
  std::vector<std::int64_t> first(
      static_cast<std::size_t>(std::min(kMeasured, o.latents->source().size())));
  std::iota(first.begin(), first.end(), 0);
  std::vector<at::Tensor> features;
  for (std::size_t i = 0; i < first.size(); i += 64) {
    const std::vector<std::int64_t> some(
        first.begin() + static_cast<std::ptrdiff_t>(i),
        first.begin() + static_cast<std::ptrdiff_t>(std::min(i + 64, first.size())));
    features.push_back(o.latents->latents(o.latents->fetch(some, o.device), o.device));
  }
  pipeline::measure_latents(at::cat(features), chain);
  return chain;
}

GaussianSizes gaussian_sizes(const GaussianTraining& o) {
  if (const auto& codec = o.latents->codec().model) {
    return {.channels = codec->options().code_dim, .side = codec->options().grid()};
  }
  const at::Tensor first = o.latents->fetch({0}, c10::kCPU).images;
  TESSERA_CHECK(first.size(2) == first.size(3),
                kInvalidArgument,
                "pictures must be square to be learned as pixels, got ",
                first.size(3),
                "x",
                first.size(2));
  return {.channels = first.size(1), .side = first.size(2)};
}

}  // namespace tessera::train
