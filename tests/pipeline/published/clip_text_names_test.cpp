// Names of CLIP's text tower: whole lists, and the same states whatever the file calls them.

#include "pipeline/published/clip_text_names.h"

#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;

constexpr text::ClipTextOptions kTiny{
    .vocabulary = 20, .length = 6, .width = 64, .layers = 2, .heads = 1, .mlp_width = 96};

std::shared_ptr<text::TextEncoder> filled() {
  auto module = text::make_clip_encoder(kTiny);
  test::fill_parameters(*module, 0.3);
  return module;
}

io::StateDict published(ClipTextNaming naming) {
  return to_published(io::state_of(*filled()), clip_text_names(kTiny, naming));
}

const std::set<std::string> kOneLayer{
    "text_model.embeddings.position_embedding.weight",
    "text_model.embeddings.token_embedding.weight",
    "text_model.encoder.layers.0.layer_norm1.bias",
    "text_model.encoder.layers.0.layer_norm1.weight",
    "text_model.encoder.layers.0.layer_norm2.bias",
    "text_model.encoder.layers.0.layer_norm2.weight",
    "text_model.encoder.layers.0.mlp.fc1.bias",
    "text_model.encoder.layers.0.mlp.fc1.weight",
    "text_model.encoder.layers.0.mlp.fc2.bias",
    "text_model.encoder.layers.0.mlp.fc2.weight",
    "text_model.encoder.layers.0.self_attn.k_proj.bias",
    "text_model.encoder.layers.0.self_attn.k_proj.weight",
    "text_model.encoder.layers.0.self_attn.out_proj.bias",
    "text_model.encoder.layers.0.self_attn.out_proj.weight",
    "text_model.encoder.layers.0.self_attn.q_proj.bias",
    "text_model.encoder.layers.0.self_attn.q_proj.weight",
    "text_model.encoder.layers.0.self_attn.v_proj.bias",
    "text_model.encoder.layers.0.self_attn.v_proj.weight",
    "text_model.final_layer_norm.bias",
    "text_model.final_layer_norm.weight",
};

std::set<std::string> listed(std::int64_t layers, ClipTextNaming naming) {
  text::ClipTextOptions options = kTiny;
  options.layers = layers;
  std::set<std::string> names;
  for (const NameEntry& entry : clip_text_names(options, naming).entries) {
    names.insert(entry.theirs.begin(), entry.theirs.end());
  }
  return names;
}

TEST(ClipTextNames, KeyLists) {
  EXPECT_EQ(listed(1, ClipTextNaming::kHuggingFace), kOneLayer);
  std::set<std::string> without_root;
  for (const std::string& name : kOneLayer) without_root.insert(name.substr(11));
  EXPECT_EQ(listed(1, ClipTextNaming::kHuggingFaceNoRoot), without_root);
  EXPECT_EQ(listed(1, ClipTextNaming::kOpenAi),
            (std::set<std::string>{"token_embedding.weight",
                                   "positional_embedding",
                                   "transformer.resblocks.0.attn.in_proj_weight",
                                   "transformer.resblocks.0.attn.in_proj_bias",
                                   "transformer.resblocks.0.attn.out_proj.weight",
                                   "transformer.resblocks.0.attn.out_proj.bias",
                                   "transformer.resblocks.0.ln_1.weight",
                                   "transformer.resblocks.0.ln_1.bias",
                                   "transformer.resblocks.0.ln_2.weight",
                                   "transformer.resblocks.0.ln_2.bias",
                                   "transformer.resblocks.0.mlp.c_fc.weight",
                                   "transformer.resblocks.0.mlp.c_fc.bias",
                                   "transformer.resblocks.0.mlp.c_proj.weight",
                                   "transformer.resblocks.0.mlp.c_proj.bias",
                                   "ln_final.weight",
                                   "ln_final.bias"}));
  EXPECT_EQ(listed(12, ClipTextNaming::kHuggingFace).size(), 2u + 12 * 16 + 2);
}

TEST(ClipTextNames, TheSameStatesByEveryNaming) {
  const at::NoGradGuard no_grad;
  const at::Tensor ids = at::tensor({18, 3, 7, 19, 0, 0}, at::kLong).unsqueeze(0);
  const at::Tensor expected = filled()->encode(ids).tokens;
  for (const auto naming : {ClipTextNaming::kOpenAi,
                            ClipTextNaming::kHuggingFace,
                            ClipTextNaming::kHuggingFaceNoRoot}) {
    const io::StateDict state = published(naming);
    EXPECT_EQ(clip_text_naming(state, "file"), naming);
    const auto module = text::make_clip_encoder(kTiny);
    load_published(*module, state, clip_text_names(kTiny, naming), "file");
    EXPECT_TRUE(at::equal(module->encode(ids).tokens, expected));
  }
  expect_error(ErrorCode::kShapeMismatch, "file is no text encoder", [] {
    clip_text_naming({.tensors = {{"weight", at::zeros({1})}}}, "file");
  });
}

TEST(ClipTextNames, WhatSaysNothingIsIgnored) {
  const auto load = [](io::StateDict state, ClipTextNaming naming, const std::string& extra) {
    state.tensors[extra] = at::zeros({1});
    load_published(*filled(), state, clip_text_names(kTiny, naming), "file");
  };
  const io::StateDict open_ai = published(ClipTextNaming::kOpenAi);
  const io::StateDict rooted = published(ClipTextNaming::kHuggingFace);
  load(open_ai, ClipTextNaming::kOpenAi, "text_projection");
  load(open_ai, ClipTextNaming::kOpenAi, "visual.conv1.weight");
  load(rooted, ClipTextNaming::kHuggingFace, "text_model.embeddings.position_ids");
  load(rooted, ClipTextNaming::kHuggingFace, "vision_model.post_layernorm.bias");
  expect_error(
      ErrorCode::kShapeMismatch, "stray", [&] { load(open_ai, ClipTextNaming::kOpenAi, "stray"); });
}

TEST(ClipTextNames, OptionsOfAConfig) {
  const auto parse = [](const std::string& json) {
    return clip_text_options(io::parse_json(json, "config.json"), "config.json");
  };
  const auto released = parse("{\"bos_token_id\": 0, \"eos_token_id\": 2, \"dropout\": 0.0}");
  EXPECT_EQ(released.vocabulary, 49408);
  EXPECT_EQ(released.width, 512);
  const auto all = parse(
      R"({"vocab_size": 9, "max_position_embeddings": 7, "hidden_size": 6, "num_hidden_layers": 5,
          "num_attention_heads": 3, "intermediate_size": 11, "layer_norm_eps": 1e-6,
          "hidden_act": "quick_gelu"})");
  EXPECT_EQ(all.vocabulary, 9);
  EXPECT_EQ(all.length, 7);
  EXPECT_EQ(all.width, 6);
  EXPECT_EQ(all.layers, 5);
  EXPECT_EQ(all.heads, 3);
  EXPECT_EQ(all.mlp_width, 11);
  EXPECT_EQ(all.layer_norm_eps, 1e-6);
  EXPECT_EQ(parse(R"({"text_config": {"num_hidden_layers": 3}})").layers, 3);
  constexpr auto kInvalid = ErrorCode::kInvalidArgument;
  expect_error(kInvalid, "got \"gelu\"", [&] { parse(R"({"hidden_act": "gelu"})"); });
  expect_error(kInvalid, "hidden_size must be", [&] { parse(R"({"hidden_size": "512"})"); });
  expect_error(kInvalid, "hidden_size must be", [&] { parse(R"({"hidden_size": 512.5})"); });
  expect_error(kInvalid, "multiple of heads", [&] { parse(R"({"num_attention_heads": 7})"); });
  expect_error(kInvalid, "an object", [&] { parse("[]"); });
}

TEST(ClipTextNames, OptionsOfShapes) {
  io::StateDict state = published(ClipTextNaming::kOpenAi);
  const auto options = clip_text_options(state, "file");
  EXPECT_EQ(options.vocabulary, 20);
  EXPECT_EQ(options.length, 6);
  EXPECT_EQ(options.width, 64);
  EXPECT_EQ(options.layers, 2);
  EXPECT_EQ(options.heads, 1);
  EXPECT_EQ(options.mlp_width, 96);
  constexpr auto kMisfit = ErrorCode::kShapeMismatch;
  state.tensors["token_embedding.weight"] = at::zeros({20, 63});
  expect_error(kMisfit, "multiple of 64", [&] { clip_text_options(state, "file"); });
  state.tensors["token_embedding.weight"] = at::zeros({20});
  expect_error(kMisfit, "must be a matrix", [&] { clip_text_options(state, "file"); });
  state.tensors.erase("token_embedding.weight");
  expect_error(kMisfit, "file: no tensor", [&] { clip_text_options(state, "file"); });
}

}  // namespace
}  // namespace tessera::pipeline
