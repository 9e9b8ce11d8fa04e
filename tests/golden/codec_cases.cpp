#include <array>
#include <memory>
#include <vector>

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "core/error.h"
#include "io/formats/torch_file.h"
#include "io/yaml/yaml.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/codec_names.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/microsoft_checkpoint.h"
#include "tests/golden/conformance.h"
#include "tests/golden/recorded_chain.h"
#include "tests/golden/recorded_model.h"
#include "vqvae/quantizer.h"

namespace tessera::golden {
namespace {
namespace fs = std::filesystem;

using vqvae::VqVaeImpl;

constexpr double kPixelTolerance = 2e-3;  // on the scale 0..255

at::Tensor features_of(VqVaeImpl& codec, const at::Tensor& bytes) {
  return codec.features(bytes.to(at::kFloat) / 127.5 - 1.0);
}

// --- the layout of diffusers
// ------------------------------------------------------------------------

std::shared_ptr<VqVaeImpl> diffusers_codec(const fs::path& part) {
  const fs::path config = part / "config.json";
  for (const char* name : {"diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"}) {
    if (!fs::exists(part / name)) continue;
    return pipeline::load_diffusers_codec(
        io::read_state_dict(part / name),
        pipeline::codec_options_of_diffusers(io::read_json(config), config.string()),
        (part / name).string());
  }
  TESSERA_THROW(kNotFound, part.string(), ": no weights");
}

/// `prefix` is "" or "rect_": square pictures, and one that is not.
void compare_pictures(VqVaeImpl& codec,
                      const Recorded& recorded,
                      const std::string& prefix,
                      const std::string& model,
                      Report& report) {
  const std::string what = model + ": " + prefix;
  const at::Tensor features = features_of(codec, recorded[prefix + "image_uint8"]);
  const at::Tensor tokens = recorded[prefix + "tokens"];
  report.close(what + "latents", features, recorded[prefix + "latents"], recorded.tolerance);
  report.equal(what + "tokens",
               codec.encode(recorded[prefix + "image_uint8"].to(at::kFloat) / 127.5 - 1.0),
               tokens);
  report.equal(what + "codes", codec.quantizer().codes(tokens), recorded[prefix + "codes"]);
  report.close(
      what + "decoded", codec.decode(tokens), recorded[prefix + "decoded"], recorded.tolerance);
}

void codec_of_diffusers(const Recorded& recorded, Report& report) {
  for (const char* model : {"diffusers-tiny", "diffusers-tiny-bin"}) {
    const fs::path part = recorded.root / model / "vqvae";
    if (!fs::exists(part)) continue;
    const auto codec = diffusers_codec(part);
    for (const char* prefix : {"", "rect_"}) {
      if (recorded.has(std::string(prefix) + "tokens")) {
        compare_pictures(*codec, recorded, prefix, model, report);
      }
    }
    const auto again = pipeline::to_diffusers_codec(*codec);
    report.equal(std::string(model) + ": decoded after a conversion",
                 pipeline::load_diffusers_codec(again.weights, again.options, "converted")
                     ->decode(recorded["tokens"]),
                 codec->decode(recorded["tokens"]));
  }
}

// --- the checkpoints of the original authors
// --------------------------------------------------------

void compare_options(const io::StateDict& weights, vqvae::VqVaeOptions options, Report& report) {
  const auto place = pipeline::find_codec(weights);
  auto told = pipeline::codec_options_of_weights(weights, *place, "weights");
  if (options.full_codebook_size > 0) {
    options.codebook_size = options.full_codebook_size;
    options.full_codebook_size = 0;
  }
  std::vector<std::int64_t> channels[2];
  for (std::size_t i = 0; i < options.channel_multipliers.size(); ++i) {
    channels[0].push_back(options.level_channels(i));
  }
  for (std::size_t i = 0; i < told.channel_multipliers.size(); ++i) {
    channels[1].push_back(told.level_channels(i));
  }
  // Neither the resolution nor the weight of a loss has a shape, and channels have many factors.
  told.base_channels = options.base_channels;
  told.channel_multipliers = options.channel_multipliers;
  told.resolution = options.resolution;
  told.gumbel_kl_weight = options.gumbel_kl_weight;
  report.check(
      "options by the weights' shapes: " + io::to_json_fields(told).dump(),
      channels[0] == channels[1] && io::to_json_fields(told) == io::to_json_fields(options));
}

/// The reference cuts its pixels where Tessera rounds: every byte is the whole part of a number
/// that may be off by the tolerance.
bool are_cut(const at::Tensor& pixels, const at::Tensor& bytes) {
  const at::Tensor recorded = bytes.to(at::kDouble);
  return (recorded >= (pixels - kPixelTolerance).floor())
      .logical_and(recorded <= (pixels + kPixelTolerance).floor())
      .all()
      .item<bool>();
}

void codec_of_microsoft(const Recorded& recorded, Report& report) {
  const io::StateDict weights = microsoft_codec_weights(recorded.folder());
  const pipeline::PublishedCodec published = microsoft_codec_options(recorded.folder());
  compare_options(weights, published.options, report);
  const auto codec = pipeline::load_microsoft_codec(weights, published, recorded.file);

  const at::Tensor images = recorded["image_uint8"].to(at::kFloat) / 255.0 * 2.0 - 1.0;
  const at::Tensor features = codec->features(images);
  report.close("latents", features, recorded["latents"], recorded.tolerance);
  const at::Tensor tokens = codec->encode(images).flatten(1);
  const at::Tensor full = codec->quantizer().indices_of(features).flatten(1);
  if (recorded.has("gumbel_exponential")) {
    const nn::Noise noise =
        recorded_noise(recorded["gumbel_exponential"].to(at::kDouble).neg().exp());
    report.equal("tokens by the largest logit", tokens, recorded["tokens_argmax"]);
    report.equal("full tokens by the largest logit", full, recorded["tokens_full_argmax"]);
    report.equal("tokens drawn", codec->draw(images, noise).flatten(1), recorded["tokens"]);
    report.equal("full tokens drawn",
                 codec->quantizer().draw_indices(features, noise).flatten(1),
                 recorded["tokens_full"]);
    const auto w = codec->quantizer().named_parameters();
    report.close("logits",
                 at::conv2d(features, w["proj.weight"], w["proj.bias"]),
                 recorded["gumbel_logits"],
                 recorded.tolerance);
  } else {
    report.equal("tokens", tokens, recorded["tokens"]);
    report.equal("full tokens", full, recorded["tokens_full"]);
  }
  if (recorded.has("full_to_reduced")) {
    report.equal("reduced ids", published.used_codes->full_to_reduced, recorded["full_to_reduced"]);
    report.equal("full ids", published.used_codes->reduced_to_full, recorded["reduced_to_full"]);
  }

  const at::Tensor grid =
      recorded["tokens"].view({images.size(0), features.size(2), features.size(3)});
  const at::Tensor pixels = (codec->decode(grid).to(at::kDouble).clamp(-1, 1) + 1) / 2 * 255;
  report.close("decoded", pixels, recorded["decoded_0_255"], kPixelTolerance / 255);
  report.check("decoded bytes differ", are_cut(pixels, recorded["decoded_uint8_truncated"]));
}

// --- one update of the codebook
// ---------------------------------------------------------------------

void run_ema_update(const Recorded& recorded, Report& report) {
  const at::Tensor codes = recorded["before.embedding"];
  const auto quantizer = vqvae::make_quantizer({.codebook_size = codes.size(0),
                                                .code_dim = codes.size(1),
                                                .quantizer = "ema",
                                                .commitment_weight = 1.0,
                                                .ema_decay = 0.99});
  auto buffers = quantizer->named_buffers();
  for (auto& item : buffers) item.value().copy_(recorded["before." + item.key()]);
  const at::Tensor z = recorded["z"];
  const vqvae::Quantized quantized = quantizer->quantize(z, {}, /*training=*/true);
  report.equal("index", quantized.indices, recorded["index"]);
  report.close("quantize", quantized.vectors, recorded["quantize"], recorded.tolerance);
  report.close("loss", quantized.loss, recorded["loss"], recorded.tolerance);
  quantizer->update(quantizer->statistics(z, quantized.indices));
  for (const auto& item : buffers) {
    report.close(item.key(), item.value(), recorded["after." + item.key()], recorded.tolerance);
  }
}

constexpr std::array<Case, 6> kCodecCases{{
    {"diffusers-expected/vqvae.safetensors", codec_of_diffusers},
    {"microsoft-*/expected-codec.safetensors", codec_of_microsoft},
    {"microsoft-*/expected-ema-update.safetensors", run_ema_update},
    {"microsoft-*/codec_config.yaml", nullptr},
    {"microsoft-*/codec_standalone.pth", nullptr},
    {"microsoft-*/index_map.pt", nullptr},
}};

}  // namespace

std::span<const Case> codec_cases() {
  return kCodecCases;
}

}  // namespace tessera::golden
