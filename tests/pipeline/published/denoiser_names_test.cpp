// The published denoisers: sizes of every model, names of every tensor, options from configs and
// shapes, and weights that go out and come back.

#include "pipeline/published/denoiser_names.h"

#include <set>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::pipeline {
namespace {

using diffusion::TransformerOptions;
using test::expect_error;

TransformerOptions published(TransformerOptions o) {
  o.pooled_text = false;
  o.mlp_adaln = false;
  o.condition_width = 512;
  o.condition_length = 77;
  o.heads = 16;
  return o;
}

TransformerOptions ithq() {
  return published(
      {.codes = 4096, .grid_height = 32, .grid_width = 32, .width = 1408, .layers = 36});
}

TransformerOptions base() {
  return published({.codes = 2887,
                    .grid_height = 32,
                    .grid_width = 32,
                    .width = 1024,
                    .layers = 19,
                    .learned_null = false});
}

TransformerOptions cub_small() {
  TransformerOptions o = base();
  o.width = 192;
  o.layers = 18;
  o.mlp = "convolution";
  o.mlp_ratio = 2;
  return o;
}

TransformerOptions imagenet(std::int64_t classes) {
  return published({.codes = 974,
                    .grid_height = 16,
                    .grid_width = 16,
                    .position_side = 32,
                    .width = 512,
                    .layers = 24,
                    .mlp = "convolution",
                    .condition = "class",
                    .classes = classes});
}

TransformerOptions ffhq() {
  TransformerOptions o = imagenet(1000);
  o.codes = 1024;
  o.layers = 20;
  o.condition = "none";
  return o;
}

std::int64_t parameters(const TransformerOptions& options) {
  std::int64_t count = 0;
  for (const at::Tensor& p : diffusion::make_transformer(options)->parameters()) count += p.numel();
  return count;
}

/// Small networks of every published kind.
std::vector<TransformerOptions> small_ones() {
  std::vector<TransformerOptions> all{ithq(), base(), cub_small(), imagenet(1001), ffhq()};
  for (TransformerOptions& o : all) {
    o.codes = 11;
    o.width = 16;
    o.heads = 4;
    o.layers = 2;
    o.steps = 5;
    o.condition_width = 8;
    o.grid_height = o.grid_width = o.position_side > 0 ? 3 : 4;
    if (o.position_side > 0) o.position_side = 5;
  }
  return all;
}

std::shared_ptr<diffusion::DiscreteDenoiser> filled(const TransformerOptions& options) {
  auto denoiser = diffusion::make_transformer(options);
  test::fill_parameters(*denoiser, 0.5);
  return denoiser;
}

std::set<std::string> names_of(const NameMap& map) {
  std::set<std::string> names;
  for (const NameEntry& entry : map.entries) names.insert(entry.theirs.begin(), entry.theirs.end());
  return names;
}

std::int64_t count_in_block(const std::set<std::string>& names, const std::string& block) {
  return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    return name.compare(0, block.size(), block) == 0;
  });
}

TEST(DenoiserNames, ParametersOfThePublishedModels) {
  EXPECT_EQ(parameters(ithq()), 1359274624 + 39424);
  EXPECT_EQ(parameters(base()), 388780871);
  EXPECT_EQ(parameters(cub_small()), 35936647);
  EXPECT_EQ(parameters(imagenet(1000)), 518025678);
  EXPECT_EQ(parameters(imagenet(1001)), 518037966);
  EXPECT_EQ(parameters(ffhq()), 411185664);
}

TEST(DenoiserNames, TensorsOfThePublishedModels) {
  const std::set<std::string> diffusers = names_of(diffusers_denoiser_names(ithq()));
  EXPECT_EQ(diffusers.size(), 1015 + 1) << "and the null condition of another folder";
  EXPECT_EQ(count_in_block(diffusers, "transformer_blocks.35."), 28);
  EXPECT_EQ(diffusers.count("embeddings"), 1);
  EXPECT_EQ(diffusers.count("transformer_blocks.7.attn2.to_v.weight"), 1);
  EXPECT_EQ(diffusers.count("transformer_blocks.7.ff.net.0.proj.bias"), 1);

  const std::set<std::string> microsoft = names_of(microsoft_denoiser_names(ithq()));
  EXPECT_EQ(count_in_block(microsoft, "transformer.blocks.0."), 28) << "29 with the unused mask";
  EXPECT_EQ(microsoft.size(), 3 + 36 * 28 + 4 + 1);
  EXPECT_EQ(microsoft.count("transformer.blocks.35.ln1_1.linear.weight"), 1);
  EXPECT_EQ(microsoft.count("empty_text_embed"), 1);

  const std::set<std::string> classes = names_of(microsoft_denoiser_names(imagenet(1000)));
  EXPECT_EQ(count_in_block(classes, "transformer.blocks.0."), 18);
  EXPECT_EQ(classes.count("transformer.blocks.23.ln2.emb.weight"), 1);
  EXPECT_EQ(classes.count("transformer.blocks.23.mlp.conv2.bias"), 1);
  const std::set<std::string> nothing = names_of(microsoft_denoiser_names(ffhq()));
  EXPECT_EQ(count_in_block(nothing, "transformer.blocks.0."), 17);
  EXPECT_EQ(nothing.count("transformer.blocks.19.ln2.weight"), 1);
}

TEST(DenoiserNames, WeightsGoOutAndComeBack) {
  for (const TransformerOptions& options : small_ones()) {
    const auto from = filled(options);
    std::vector<NameMap> maps{microsoft_denoiser_names(options)};
    if (options.condition == "text" && options.mlp == "linear") {
      maps.push_back(diffusers_denoiser_names(options));
    }
    for (const NameMap& map : maps) {
      io::StateDict state = to_published(io::state_of(*from), map);
      if (maps.size() == 1 || &map == &maps.front()) {
        for (const char* extra : {"transformer.blocks.1.attn2.mask",
                                  "log_at",
                                  "log_1_min_ct",
                                  "Lt_history",
                                  "Lt_count",
                                  "condition_emb.ln_final.bias"}) {
          state.tensors.emplace(extra, at::zeros({1}));
        }
      }
      auto to = diffusion::make_transformer(options);
      load_published(*to, state, map, "file");
      const io::StateDict found = io::state_of(*to);
      for (const auto& [name, tensor] : io::state_of(*from).tensors) {
        EXPECT_TRUE(at::equal(tensor, found.tensors.at(name))) << name;
      }
    }
  }
}

/// Rows of the fused products: queries, then keys, then values.
TEST(DenoiserNames, FusedRowsAreInTheirOrder) {
  const TransformerOptions options = small_ones().front();
  const io::StateDict ours = io::state_of(*filled(options));
  const io::StateDict theirs = to_published(ours, microsoft_denoiser_names(options));
  const at::Tensor& qkv = ours.tensors.at("blocks.1.self_attention.qkv.weight");
  const at::Tensor& kv = ours.tensors.at("blocks.1.cross_attention.key_value.bias");
  const auto is = [&](const char* name, const at::Tensor& wanted) {
    return at::equal(theirs.tensors.at(std::string("transformer.blocks.1.") + name), wanted);
  };
  EXPECT_TRUE(is("attn1.query.weight", qkv.slice(0, 0, 16)));
  EXPECT_TRUE(is("attn1.key.weight", qkv.slice(0, 16, 32)));
  EXPECT_TRUE(is("attn1.value.weight", qkv.slice(0, 32, 48)));
  EXPECT_TRUE(is("attn2.key.bias", kv.slice(0, 0, 16)));
  EXPECT_TRUE(is("attn2.value.bias", kv.slice(0, 16, 32)));
}

TEST(DenoiserNames, ShapesTellTheOptions) {
  for (const TransformerOptions& options : small_ones()) {
    io::StateDict state =
        to_published(io::state_of(*filled(options)), microsoft_denoiser_names(options));
    const auto known = [&](const MicrosoftDenoiserFacts& facts) {
      return io::to_json_fields(microsoft_denoiser_options(state, facts, "file")).dump();
    };
    TransformerOptions wanted = options;
    if (options.condition != "text") wanted.condition_width = TransformerOptions{}.condition_width;
    if (options.condition != "class") wanted.classes = TransformerOptions{}.classes;
    if (options.condition == "none") wanted.learned_null = false;
    EXPECT_EQ(
        known({.heads = 4, .grid_height = options.grid_height, .grid_width = options.grid_width}),
        io::to_json_fields(wanted).dump());
    if (options.condition == "text") {
      EXPECT_EQ(known({.heads = 4}), io::to_json_fields(wanted).dump()) << "by the tables";
      state.tensors.emplace("transformer.blocks.0.attn2.mask", at::zeros({1, 1, 9, 9}));
      wanted.grid_height = wanted.grid_width = 3;
      wanted.position_side = 4;
      EXPECT_EQ(known({.heads = 4}), io::to_json_fields(wanted).dump()) << "by the mask";
    }
  }
  TransformerOptions options = imagenet(1000);
  options.layers = 1;
  const io::StateDict state = to_published(io::state_of(*diffusion::make_transformer(options)),
                                           microsoft_denoiser_names(options));
  const TransformerOptions found = microsoft_denoiser_options(state, {}, "file");
  EXPECT_EQ(found.grid_height, 16);
  EXPECT_EQ(found.position_side, 32);
  EXPECT_FALSE(found.learned_null) << "the mean of 1000 classes";
}

TEST(DenoiserNames, ForeignShapesAreNamed) {
  const TransformerOptions options = small_ones().front();
  const io::StateDict whole =
      to_published(io::state_of(*filled(options)), microsoft_denoiser_names(options));
  const auto refuse = [&](const std::string& part, const char* name, const at::Tensor& other) {
    io::StateDict state = whole;
    state.tensors.erase(name);
    if (other.defined()) state.tensors.emplace(name, other);
    expect_error(ErrorCode::kShapeMismatch, part, [&] {
      microsoft_denoiser_options(state, {.heads = 4}, "the file");
    });
  };
  const char* codes = "transformer.content_emb.emb.weight";
  refuse("the file: has no tensor transformer.content_emb.emb.weight", codes, {});
  refuse("transformer.content_emb.emb.weight is [3]", codes, at::zeros({3}));
  refuse("[0, 3]", codes, at::zeros({0, 3}));
  refuse("no square", "transformer.blocks.0.attn2.mask", at::zeros({1, 1, 12, 12}));
  io::StateDict uneven = whole;
  uneven.tensors["transformer.content_emb.height_emb.weight"] = at::zeros({5, 16});
  uneven.tensors["transformer.blocks.0.attn2.mask"] = at::zeros({1, 1, 9, 9});
  expect_error(ErrorCode::kShapeMismatch, "5 rows and 4 columns fit no grid of 3x3", [&] {
    microsoft_denoiser_options(uneven, {.heads = 4}, "the file");
  });
}

io::Json config() {
  return io::parse_json(R"({"activation_fn": "geglu-approximate", "attention_bias": true,
      "attention_head_dim": 88, "cross_attention_dim": 512, "dropout": 0.0, "in_channels": null,
      "norm_num_groups": 32, "num_attention_heads": 16, "num_embeds_ada_norm": 100,
      "num_layers": 36, "num_vector_embeds": 4097, "sample_size": 32})",
                        "config");
}

TEST(DenoiserNames, ConfigsTellTheOptions) {
  const io::Json null =
      io::parse_json(R"({"hidden_size": 512, "learnable": true, "length": 77})", "null");
  EXPECT_EQ(io::to_json_fields(diffusers_denoiser_options(config(), null, "config")).dump(),
            io::to_json_fields(ithq()).dump());
  EXPECT_FALSE(diffusers_denoiser_options(config(), nullptr, "config").learned_null);
  const io::Json off = io::parse_json(R"({"learnable": false})", "null");
  EXPECT_FALSE(diffusers_denoiser_options(config(), off, "config").learned_null);
}

TEST(DenoiserNames, ForeignConfigsAreNamed) {
  const auto refuse = [](const std::string& part, const char* key, const io::Json& value) {
    io::Json changed = config();
    changed[key] = value;
    expect_error(ErrorCode::kInvalidArgument, part, [&] {
      diffusers_denoiser_options(changed, nullptr, "config.json");
    });
  };
  refuse("config.json: num_vector_embeds is null", "num_vector_embeds", nullptr);
  refuse("num_layers is \"36\"", "num_layers", "36");
  refuse("geglu-approximate", "activation_fn", "gelu");
  refuse("attention_bias true", "attention_bias", false);
  io::Json changed = config();
  changed.erase("sample_size");
  expect_error(ErrorCode::kInvalidArgument, "sample_size is missing", [&] {
    diffusers_denoiser_options(changed, nullptr, "config.json");
  });
}

TEST(DenoiserNames, NetworksThatWereNeverPublishedHaveNoNames) {
  expect_error(ErrorCode::kInvalidArgument, "pooled_text", [] {
    microsoft_denoiser_names(TransformerOptions{});
  });
  for (const TransformerOptions& options : {cub_small(), imagenet(1000), ffhq()}) {
    expect_error(
        ErrorCode::kInvalidArgument, "a text alone", [&] { diffusers_denoiser_names(options); });
  }
}

}  // namespace
}  // namespace tessera::pipeline
