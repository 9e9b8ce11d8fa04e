// The published codecs' sizes and names, and weights that go out under them and come back.

#include "pipeline/published/codec_names.h"

#include <map>
#include <set>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "pipeline/published/codec.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/known_codecs.h"
#include "tests/support/expect_error.h"
#include "vqvae/quantizer.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;
using vqvae::VqVaeOptions;

VqVaeOptions tiny(const std::string& quantizer = "ema") {
  return {.architecture = "vqgan",
          .resolution = 32,
          .unshuffle = 1,
          .base_channels = 32,
          .channel_multipliers = {1, 2, 1},
          .residual_blocks = 1,
          .decoder_blocks = 2,
          .z_channels = 6,
          .attention_levels = {2},
          .codebook_size = 24,
          .code_dim = 5,
          .quantizer = quantizer,
          .commitment_weight = 1.0};
}

std::set<std::string> theirs_of(const NameMap& map) {
  std::set<std::string> names;
  for (const NameEntry& entry : map.entries) {
    for (const std::string& name : entry.theirs) EXPECT_TRUE(names.insert(name).second) << name;
  }
  return names;
}

/// What a file of the original authors holds: attention's matrices have a 1x1 window there.
io::StateDict as_published(vqvae::VqVaeImpl& codec, const CodecPlace& place) {
  io::StateDict state =
      to_published(io::state_of(codec), microsoft_codec_names(codec.options(), place));
  for (auto& [name, tensor] : state.tensors) {
    const bool matrix = tensor.dim() == 2 && name.find(".attn") != std::string::npos;
    tensor = (matrix ? tensor.unsqueeze(2).unsqueeze(3) : tensor).clone();
  }
  return state;
}

std::shared_ptr<vqvae::VqVaeImpl> initialised(const VqVaeOptions& options) {
  auto codec = std::make_shared<vqvae::VqVaeImpl>(options);
  codec->initialise(3);
  codec->eval();
  return codec;
}

TEST(KnownCodecs, HaveThePublishedNumbersOfParameters) {
  // Of the quantisers, the reference counts all but the EMA codebook, which is no parameter.
  const std::map<std::string, std::int64_t> published{{"ithq", 63'485'379},
                                                      {"openimages-f8", 68'995'971},
                                                      {"imagenet-f16", 76'073'859},
                                                      {"ffhq-f16", 72'141'699}};
  ASSERT_EQ(known_codec_names().size(), published.size());
  for (const auto& [name, count] : published) {
    vqvae::VqVaeImpl codec(known_codec(name).options);
    std::int64_t parameters = 0;
    for (const at::Tensor& each : codec.parameters()) parameters += each.numel();
    EXPECT_EQ(parameters, count) << name;
    EXPECT_EQ(codec.options().grid(), name.ends_with("f16") ? 16 : 32) << name;
  }
  EXPECT_EQ(known_codec("openimages-f8").options.codebook_size, 2887);
  EXPECT_EQ(known_codec("imagenet-f16").options.full_codebook_size, 16384);
  expect_error(ErrorCode::kNotFound, "known: ithq, openimages-f8", [] { known_codec("dalle"); });
}

TEST(CodecNames, AreAsManyAsThePublishedFilesHold) {
  const VqVaeOptions options = known_codec("ithq").options;
  const auto microsoft = theirs_of(microsoft_codec_names(options, {}));
  EXPECT_EQ(microsoft.size(), 305u);
  for (const char* name : {"encoder.conv_in.weight",
                           "encoder.down.0.block.1.norm2.bias",
                           "encoder.down.1.block.0.nin_shortcut.weight",
                           "encoder.down.2.downsample.conv.weight",
                           "encoder.down.3.attn.1.proj_out.bias",
                           "encoder.mid.attn_1.q.weight",
                           "encoder.norm_out.weight",
                           "quant_conv.bias",
                           "quantize.embedding_avg",
                           "post_quant_conv.weight",
                           "decoder.mid.block_2.conv1.weight",
                           "decoder.up.0.block.0.nin_shortcut.weight",
                           "decoder.up.3.attn.2.v.weight",
                           "decoder.up.1.upsample.conv.bias",
                           "decoder.conv_out.bias"}) {
    EXPECT_EQ(microsoft.count(name), 1u) << name;
  }
  EXPECT_EQ(microsoft.count("encoder.down.3.downsample.conv.weight"), 0u);
  EXPECT_EQ(microsoft.count("decoder.up.0.upsample.conv.weight"), 0u);

  const auto old = theirs_of(diffusers_codec_names(options, AttentionNames::kQuery));
  const auto now = theirs_of(diffusers_codec_names(options, AttentionNames::kToQ));
  EXPECT_EQ(old.size(), 303u);
  EXPECT_EQ(now.size(), 303u);
  for (const char* name : {"encoder.down_blocks.1.resnets.0.conv_shortcut.weight",
                           "encoder.down_blocks.3.attentions.1.group_norm.bias",
                           "encoder.down_blocks.0.downsamplers.0.conv.weight",
                           "encoder.mid_block.resnets.1.norm1.weight",
                           "decoder.up_blocks.0.attentions.2.group_norm.weight",
                           "decoder.up_blocks.3.resnets.0.conv_shortcut.bias",
                           "decoder.up_blocks.2.upsamplers.0.conv.weight",
                           "decoder.conv_norm_out.weight",
                           "quantize.embedding.weight"}) {
    EXPECT_EQ(old.count(name), 1u) << name;
    EXPECT_EQ(now.count(name), 1u) << name;
  }
  EXPECT_EQ(old.count("decoder.mid_block.attentions.0.proj_attn.weight"), 1u);
  EXPECT_EQ(now.count("decoder.mid_block.attentions.0.to_out.0.weight"), 1u);
  EXPECT_EQ(old.count("decoder.up_blocks.3.upsamplers.0.conv.weight"), 0u);
}

TEST(MicrosoftCodec, ComesBackFromEveryPlace) {
  for (const std::string quantizer : {"ema", "straight-through", "gumbel"}) {
    const auto codec = initialised(tiny(quantizer));
    const at::Tensor x = at::linspace(-1, 1, 2 * 3 * 32 * 16).view({2, 3, 32, 16});
    for (const auto& [encoder, decoder] : {std::pair{"", ""},
                                           std::pair{"content_codec.enc.", "content_codec.dec."},
                                           std::pair{"first_stage_model.", "first_stage_model."}}) {
      const CodecPlace place{.encoder = encoder, .decoder = decoder};
      io::StateDict state = as_published(*codec, place);
      // What else such files hold.
      state.tensors[std::string(encoder) + "loss.discriminator.main.0.weight"] = at::ones({2});
      if (place.decoder != place.encoder) {
        state.tensors[place.decoder + "quantize.embedding"] = at::ones({24, 5});
        state.tensors["transformer.log_at"] = at::ones({4});
      }
      if (!place.encoder.empty()) state.tensors["cond_stage_model.weight"] = at::ones({4});
      const auto found = find_codec(state);
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(found->encoder, place.encoder);
      EXPECT_EQ(found->decoder, place.decoder);
      const VqVaeOptions told =
          codec_options_of_weights(tensors_of_codec(state, *found), *found, "file");
      const auto loaded = load_microsoft_codec(state, {.options = told}, "file");
      EXPECT_FALSE(loaded->is_training());
      const at::NoGradGuard no_grad;
      EXPECT_TRUE(loaded->features(x).equal(codec->features(x)));
      const at::Tensor indices = codec->encode(x);
      EXPECT_TRUE(loaded->encode(x).equal(indices)) << quantizer;
      EXPECT_TRUE(loaded->decode(indices).equal(codec->decode(indices)));
    }
  }
}

TEST(MicrosoftCodec, NamesEveryMisfit) {
  const auto codec = initialised(tiny());
  io::StateDict state = as_published(*codec, {});
  state.tensors.erase("encoder.mid.attn_1.k.weight");
  state.tensors["encoder.down.7.stray"] = at::ones({1});
  state.tensors["quant_conv.bias"] = at::ones({4});
  for (const char* part : {"missing (1): encoder.mid.attn_1.k.weight",
                           "unexpected (1): encoder.down.7.stray",
                           "quant_conv.bias [4] for [5]"}) {
    expect_error(ErrorCode::kShapeMismatch, part, [&] {
      load_microsoft_codec(state, {.options = tiny()}, "file");
    });
  }
  expect_error(ErrorCode::kNotFound, "file: holds no image codec", [] {
    load_microsoft_codec({}, {.options = tiny()}, "file");
  });
}

TEST(MicrosoftCodec, CarriesTheMapOfUsedCodes) {
  const auto codec = initialised(tiny("gumbel"));
  const at::Tensor index =
      at::tensor({0, 0, 2, 0, 1, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5});
  const PublishedCodec published =
      with_used_codes(tiny("gumbel"), vqvae::code_map_from_index(index));
  EXPECT_EQ(published.options.codebook_size, 6);
  EXPECT_EQ(published.options.full_codebook_size, 24);
  const auto loaded = load_microsoft_codec(as_published(*codec, {}), published, "file");
  const at::NoGradGuard no_grad;
  const at::Tensor reduced = at::tensor({0, 1, 2, 3, 4, 5}).view({1, 2, 3});
  const at::Tensor full = at::tensor({0, 4, 2, 5, 9, 23}).view({1, 2, 3});
  EXPECT_TRUE(loaded->decode(reduced).equal(codec->decode(full)));

  // In the layout of diffusers: the used codes alone, which decode the same.
  const DiffusersCodec written = to_diffusers_codec(*loaded);
  EXPECT_EQ(written.weights.tensors.at("quantize.embedding.weight").size(0), 6);
  const auto again = load_diffusers_codec(written.weights, written.options, "written");
  EXPECT_TRUE(again->decode(reduced).equal(loaded->decode(reduced)));
}

TEST(DiffusersCodec, BothAttentionNamesAreRead) {
  const auto codec = initialised(tiny("ema"));
  const DiffusersCodec written = to_diffusers_codec(*codec);
  EXPECT_EQ(attention_names_of(written.weights), AttentionNames::kQuery);
  io::StateDict renamed;
  for (const auto& [name, tensor] : written.weights.tensors) {
    std::string now = name;
    for (const auto& [from, to] : {std::pair{".query.", ".to_q."},
                                   std::pair{".key.", ".to_k."},
                                   std::pair{".value.", ".to_v."},
                                   std::pair{".proj_attn.", ".to_out.0."}}) {
      const std::size_t place = now.find(from);
      if (place != std::string::npos) now.replace(place, std::string(from).size(), to);
    }
    renamed.tensors[now] = tensor;
  }
  EXPECT_EQ(attention_names_of(renamed), AttentionNames::kToQ);
  const io::Json config = diffusers_codec_config(written.options);
  const VqVaeOptions options = codec_options_of_diffusers(config, "config.json");
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::linspace(-1, 1, 3 * 32 * 16).view({1, 3, 32, 16});
  for (const io::StateDict& state : {written.weights, renamed}) {
    const auto loaded = load_diffusers_codec(state, options, "written");
    EXPECT_TRUE(loaded->encode(x).equal(codec->encode(x)));
    EXPECT_TRUE(loaded->decode(codec->encode(x)).equal(codec->decode(codec->encode(x))));
  }
}

}  // namespace
}  // namespace tessera::pipeline
