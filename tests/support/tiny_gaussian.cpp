#include "tests/support/tiny_gaussian.h"

#include "diffusion/denoisers/unet.h"
#include "io/json_fields.h"
#include "io/state_dict.h"

namespace tessera::test {
namespace fs = std::filesystem;
namespace {

struct TinyGaussian {
  diffusion::UNetOptions unet{};
  text::TextEncoderOptions text_encoder{};
  pipeline::GaussianPathOptions path{};
};

TinyGaussian gaussian_of(const TinySizes& sizes) {
  TinyGaussian o{
      .unet = {.channels = 4,
               .side = sizes.resolution / 2,
               .base_channels = 8,
               .channel_multipliers = {1, 2},
               .residual_blocks = 1,
               .attention_sides = {4},
               .heads = 2,
               .norm_groups = 4,
               .steps = 20,
               .condition = "text",
               .condition_width = sizes.width,
               .condition_length = sizes.text_length},
      .text_encoder = {.vocabulary = static_cast<std::int64_t>(tiny_words().size()) + 4,
                       .length = sizes.text_length,
                       .width = sizes.width,
                       .layers = 1,
                       .heads = sizes.heads},
      .path = {.prediction = "data", .latent_scale = 0.7, .latent_mean = {0.1, 0, -0.2, 0}}};
  o.path.schedule.steps = o.unet.steps;
  return o;
}

}  // namespace

pipeline::GaussianParts make_tiny_gaussian_parts(const TinySizes& sizes) {
  const TinyGaussian o = gaussian_of(sizes);
  pipeline::GaussianParts parts;
  parts.codec = make_tiny_parts(sizes).codec;
  auto unet = diffusion::make_unet(o.unet, o.path.kind());
  randomise(*unet, sizes.seed + 3);
  parts.denoiser = unet;
  parts.text_encoder = text::make_text_encoder(o.text_encoder);
  randomise(*parts.text_encoder, sizes.seed + 4);
  parts.tokenizer = make_word_tokenizer();
  parts.path = o.path;
  parts.channels = o.unet.channels;
  parts.side = o.unet.side;
  parts.text_length = sizes.text_length;
  parts.vocabulary = o.text_encoder.vocabulary;
  return parts;
}

pipeline::ModelCard tiny_gaussian_card() {
  pipeline::ModelCard card = tiny_card();
  card.gaussian_sampling = {.steps = 6, .sampler = "ddim", .guidance = 2.0};
  card.parts = {pipeline::kVqVaePart,
                pipeline::kUNetPart,
                pipeline::kUNetSchedulerPart,
                pipeline::kUNetTextEncoderPart,
                pipeline::kTokenizerPart};
  return card;
}

void add_tiny_gaussian(const fs::path& folder, const TinySizes& sizes) {
  const TinyGaussian o = gaussian_of(sizes);
  const pipeline::GaussianParts parts = make_tiny_gaussian_parts(sizes);
  const auto write = [&](const char* part, const auto& fields, const torch::nn::Module* module) {
    fs::create_directories(folder / part);
    io::write_json(folder / part / "config.json", io::to_json_fields(fields));
    if (module == nullptr) return;
    io::write_safetensors(folder / part / "model.safetensors", io::state_of(*module));
  };
  write(pipeline::kUNetPart, o.unet, parts.denoiser.get());
  write(pipeline::kUNetSchedulerPart, o.path, nullptr);
  write(pipeline::kUNetTextEncoderPart, o.text_encoder, parts.text_encoder.get());
  pipeline::ModelCard card = tiny_card();
  card.gaussian_sampling = tiny_gaussian_card().gaussian_sampling;
  for (const char* part :
       {pipeline::kUNetPart, pipeline::kUNetSchedulerPart, pipeline::kUNetTextEncoderPart}) {
    card.parts.emplace_back(part);
  }
  pipeline::write_model_card(folder, card);
}

}  // namespace tessera::test
