// Options of published codecs: from diffusers' JSON, the authors' YAML, and what is wrong with
// them.

#include "pipeline/published/codec_options.h"

#include <functional>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/yaml/yaml.h"
#include "pipeline/published/known_codecs.h"
#include "tests/support/expect_error.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;
using vqvae::VqVaeOptions;

io::Json ithq_config() {
  return io::parse_json(R"({
    "_class_name": "VQModel", "_diffusers_version": "0.8.0.dev0", "act_fn": "silu",
    "block_out_channels": [64, 128, 256, 512],
    "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D",
                         "AttnDownEncoderBlock2D"],
    "in_channels": 3, "latent_channels": 256, "layers_per_block": 2, "norm_num_groups": 32,
    "num_vq_embeddings": 4096, "out_channels": 3, "sample_size": 32,
    "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D",
                       "UpDecoderBlock2D"],
    "vq_embed_dim": 128})",
                        "test");
}

constexpr const char* kGumbel = R"(
model:
  target: taming.models.vqgan.GumbelVQ
  params:
    embed_dim: 256
    n_embed: 8192
    kl_weight: 1.0e-08
    ddconfig: &dd
      double_z: false
      z_channels: 256
      resolution: 256
      in_channels: 3
      out_ch: 3
      ch: 128
      ch_mult: [1, 1, 2, 4]
      num_res_blocks: 2
      attn_resolutions: [32]
      dropout: 0.0
)";

constexpr const char* kPatch = R"(
model:
  target: image_synthesis.modeling.codecs.image_codec.patch_vqgan.PatchVQGAN
  params:
    n_embed: 4096
    embed_dim: 128
    quantizer_type: EMAVQ
    encoder_config: &network
      target: Encoder
      params:
        double_z: false
        z_channels: 256
        resolution: [256, 256]
        in_channels: 3
        out_ch: 3
        ch: 64
        ch_mult: [1, 2, 4, 8]
        num_res_blocks: 2
        attn_resolutions: [[32, 32]]
    decoder_config: *network
)";

io::Json yaml(const std::string& text) {
  return io::parse_yaml(text, "config.yaml");
}

io::Json fields(const VqVaeOptions& options) {
  return io::to_json_fields(options);
}

TEST(CodecOptions, OfDiffusersAreThePublishedOnes) {
  const VqVaeOptions options = codec_options_of_diffusers(ithq_config(), "config.json");
  VqVaeOptions expected = known_codec("ithq").options;
  expected.quantizer = "straight-through";  // the averages are not published there
  expected.gumbel_kl_weight = options.gumbel_kl_weight;
  EXPECT_EQ(fields(options).dump(), fields(expected).dump());
  io::Json written = diffusers_codec_config(options);
  written["_diffusers_version"] = "0.8.0.dev0";
  const io::Json published = ithq_config();
  for (const auto& item : published.items()) EXPECT_EQ(written.at(item.key()), item.value());
}

TEST(CodecOptions, OfDiffusersTakeChannelsThatAreNoMultiples) {
  io::Json config = ithq_config();
  config["block_out_channels"] = {8, 12, 16, 16};
  config["norm_num_groups"] = 4;
  config.erase("vq_embed_dim");
  const VqVaeOptions options = codec_options_of_diffusers(config, "config.json");
  for (const std::size_t i : {0u, 1u, 2u, 3u}) {
    EXPECT_EQ(options.level_channels(i), std::vector({8, 12, 16, 16})[i]);
  }
  EXPECT_EQ(options.code_dim, 256);
}

TEST(CodecOptions, OfDiffusersNameWhatIsWrong) {
  struct Case {
    ErrorCode code;
    const char* message;
    std::function<void(io::Json&)> spoil;
  };
  const Case cases[] = {
      {ErrorCode::kCorruptFile,
       "no \"latent_channels\"",
       [](auto& j) { j.erase("latent_channels"); }},
      {ErrorCode::kCorruptFile,
       "layers_per_block must be a whole number",
       [](auto& j) { j["layers_per_block"] = "2"; }},
      {ErrorCode::kCorruptFile,
       "layers_per_block must be a whole number",
       [](auto& j) { j["layers_per_block"] = 9223372036854775807; }},
      {ErrorCode::kCorruptFile,
       "block_out_channels must hold 1 to 8",
       [](auto& j) { j["block_out_channels"] = io::Json::array(); }},
      {ErrorCode::kCorruptFile, "norm_groups", [](auto& j) { j["norm_num_groups"] = 24; }},
      {ErrorCode::kCorruptFile,
       "base_channels",
       [](auto& j) {
         j["block_out_channels"][0] = 0;
         j["block_out_channels"][1] = 0;
         j["block_out_channels"][2] = 0;
         j["block_out_channels"][3] = 0;
       }},
      {ErrorCode::kInvalidArgument,
       "_class_name must be \"VQModel\"",
       [](auto& j) { j["_class_name"] = "AutoencoderKL"; }},
      {ErrorCode::kInvalidArgument,
       "norm_type must be \"group\", got \"spatial\"",
       [](auto& j) { j["norm_type"] = "spatial"; }},
      {ErrorCode::kInvalidArgument, "act_fn must be silu", [](auto& j) { j["act_fn"] = "gelu"; }},
      {ErrorCode::kInvalidArgument,
       "mid_block_add_attention must be true",
       [](auto& j) { j["mid_block_add_attention"] = false; }},
      {ErrorCode::kInvalidArgument,
       "must mirror",
       [](auto& j) { j["up_block_types"][1] = "AttnUpDecoderBlock2D"; }},
      {ErrorCode::kInvalidArgument,
       "down_block_types may be DownEncoderBlock2D or",
       [](auto& j) { j["down_block_types"][0] = "DownBlock2D"; }},
      {ErrorCode::kInvalidArgument, "got 3 and 4", [](auto& j) { j["out_channels"] = 4; }},
  };
  for (const Case& wrong : cases) {
    io::Json config = ithq_config();
    wrong.spoil(config);
    expect_error(
        wrong.code, wrong.message, [&] { codec_options_of_diffusers(config, "config.json"); });
    expect_error(
        wrong.code, "config.json: ", [&] { codec_options_of_diffusers(config, "config.json"); });
  }
  expect_error(ErrorCode::kCorruptFile, "must be an object", [] {
    codec_options_of_diffusers(io::Json::array(), "config.json");
  });
  expect_error(
      ErrorCode::kInvalidArgument, "this codec is unshuffle", [] { diffusers_codec_config({}); });
}

TEST(CodecOptions, OfYamlAreThePublishedOnes) {
  VqVaeOptions f8 = known_codec("openimages-f8").options;
  f8.codebook_size = f8.full_codebook_size;
  f8.full_codebook_size = 0;
  EXPECT_EQ(fields(codec_options_of_yaml(yaml(kGumbel), "config.yaml")).dump(), fields(f8).dump());

  VqVaeOptions ithq = known_codec("ithq").options;
  const VqVaeOptions told = codec_options_of_yaml(yaml(kPatch), "config.yaml");
  ithq.gumbel_kl_weight = told.gumbel_kl_weight;
  EXPECT_EQ(fields(told).dump(), fields(ithq).dump());
}

TEST(CodecOptions, OfYamlFindTheFirstStage) {
  io::Json inner = yaml(kGumbel).at("model");
  inner["target"] = "taming.models.vqgan.VQModel";
  io::Json outer;
  outer["model"]["target"] = "taming.models.cond_transformer.Net2NetTransformer";
  outer["model"]["params"]["first_stage_config"] = inner;
  const VqVaeOptions options = codec_options_of_yaml(outer, "config.yaml");
  EXPECT_EQ(options.quantizer, "straight-through");
  EXPECT_EQ(options.codebook_size, 8192);
  EXPECT_EQ(options.attention_levels, std::vector<std::int64_t>{3});
}

TEST(CodecOptions, OfYamlNameWhatIsWrong) {
  struct Case {
    ErrorCode code;
    const char* message;
    std::function<void(io::Json&)> spoil;
  };
  const Case cases[] = {
      {ErrorCode::kInvalidArgument,
       "\"Magvit\"",
       [](auto& j) { j["model"]["target"] = "x.Magvit"; }},
      {ErrorCode::kCorruptFile,
       "no \"model.params.embed_dim\"",
       [](auto& j) { j["model"]["params"].erase("embed_dim"); }},
      {ErrorCode::kCorruptFile,
       "model.params.ddconfig must be an object",
       [](auto& j) { j["model"]["params"]["ddconfig"] = 5; }},
      {ErrorCode::kInvalidArgument,
       "double_z must be false",
       [](auto& j) { j["model"]["params"]["ddconfig"]["double_z"] = true; }},
      {ErrorCode::kInvalidArgument,
       "out_ch must be in_channels",
       [](auto& j) { j["model"]["params"]["ddconfig"]["out_ch"] = 1; }},
      {ErrorCode::kCorruptFile,
       "ch_mult must hold 1 to 8",
       [](auto& j) { j["model"]["params"]["ddconfig"]["ch_mult"] = io::Json::array(); }},
      {ErrorCode::kCorruptFile,
       "resolution must be a side",
       [](auto& j) {
         j["model"]["params"]["ddconfig"]["resolution"] = {256, 128};
       }},
      {ErrorCode::kCorruptFile,
       "resolution",
       [](auto& j) { j["model"]["params"]["ddconfig"]["resolution"] = -8; }},
  };
  for (const Case& wrong : cases) {
    io::Json config = yaml(kGumbel);
    wrong.spoil(config);
    expect_error(wrong.code, wrong.message, [&] { codec_options_of_yaml(config, "config.yaml"); });
  }
  io::Json uneven = yaml(kPatch);
  uneven["model"]["params"]["decoder_config"]["params"]["ch"] = 32;
  expect_error(ErrorCode::kInvalidArgument, "not the encoder's mirror", [&] {
    codec_options_of_yaml(uneven, "config.yaml");
  });
  io::Json plain = yaml(kPatch);
  plain["model"]["params"]["quantizer_type"] = "VQ";
  expect_error(ErrorCode::kInvalidArgument, "quantizer_type must be EMAVQ", [&] {
    codec_options_of_yaml(plain, "config.yaml");
  });
}

TEST(CodecOptions, OfWeightsNameWhatIsWrong) {
  io::StateDict state{.tensors = {{"encoder.conv_in.weight", at::zeros({32, 3, 3, 3})},
                                  {"encoder.conv_out.weight", at::zeros({6, 32, 3, 3})},
                                  {"quantize.embedding", at::zeros({24, 5})}}};
  const auto read = [&] { codec_options_of_weights(state, {}, "file"); };
  expect_error(ErrorCode::kCorruptFile, "this one has 0", read);
  state.tensors["encoder.down.0.block.0.conv1.weight"] = at::zeros({32});
  expect_error(ErrorCode::kCorruptFile, "must have 4 dimensions, got [32]", read);
  state.tensors["encoder.down.0.block.0.conv1.weight"] = at::zeros({20, 32, 3, 3});
  state.tensors["decoder.up.0.block.0.conv1.weight"] = at::zeros({20, 20, 3, 3});
  expect_error(ErrorCode::kCorruptFile, "multiple of norm_groups (32), got 20", read);
  state.tensors["encoder.down.0.block.0.conv1.weight"] = at::zeros({64, 32, 3, 3});
  const VqVaeOptions options = codec_options_of_weights(state, {}, "file");
  EXPECT_EQ(options.stem_channels, 32);
  EXPECT_EQ(options.level_channels(0), 64);
  EXPECT_EQ(options.decoder_blocks, 1);
  state.tensors.erase("quantize.embedding");
  expect_error(ErrorCode::kCorruptFile, "no tensor \"quantize.embedding.weight\"", read);
}

}  // namespace
}  // namespace tessera::pipeline
