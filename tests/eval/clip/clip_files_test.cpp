#include "eval/clip/clip_files.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "core/atomic_file.h"
#include "eval/clip/clip_config.h"
#include "eval/clip/clip_features.h"
#include "eval/clip/preprocess.h"
#include "eval/clip/published_clip.h"
#include "io/state_dict.h"
#include "tests/eval/clip/tiny_clip.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {
namespace fs = std::filesystem;

const fs::path kData = fs::path(TESSERA_SOURCE_DIR) / "tests/data/eval/clip";
const fs::path kGolden = fs::path(TESSERA_SOURCE_DIR) / "tests/golden";

class ClipFiles : public ::testing::Test {
 protected:
  /// A folder as the trainer leaves it.
  fs::path own_folder(ClipModel& model, at::ScalarType type = at::kFloat) {
    const fs::path folder = folder_ / "own";
    fs::create_directories(folder);
    io::Json config{{"name", "tiny"}, {"description", "for tests"}};
    config.update(clip_options_json(model->options()));
    io::write_json(folder / kClipConfig, config);
    io::write_safetensors(folder / kClipWeights, io::cast(io::state_of(*model), type));
    return folder;
  }
  static void refused(ErrorCode code, const std::string& part, const fs::path& where) {
    tessera::test::expect_error(code, part, [&] { load_clip(where, at::kCPU); });
  }

  tessera::test::TemporaryFolder folder_{};
};

// Recorded by a model in the manner of OpenAI's code, with torch's own attention: traced, halved
// and saved as a TorchScript archive.
TEST_F(ClipFiles, OpenAiArchivesComputeWhatTheirProgramDoes) {
  const at::NoGradGuard no_grad;
  const LoadedClip clip = load_clip(kData / "openai-tiny.pt", at::kCPU);
  const auto expected = io::read_state_dict(kData / "openai-tiny-expected.safetensors").tensors;
  ClipModel model = clip.model;
  EXPECT_EQ(clip.name, "openai-tiny");
  EXPECT_EQ(clip.sha256.size(), 64U);
  EXPECT_TRUE(clip.tokens.empty());
  const ClipOptions& o = model->options();
  EXPECT_EQ(o.vision.resolution, 16);
  EXPECT_EQ(o.vision.patch, 8);
  EXPECT_EQ(o.vision.tower.mlp_width, 96);
  EXPECT_EQ(o.text.length, 12);
  EXPECT_EQ(o.projection, 32);
  EXPECT_TRUE(model->image_features(expected.at("pixels"))
                  .allclose(expected.at("image_features"), 1e-4, 1e-5));
  EXPECT_TRUE(
      model->text_features(expected.at("ids")).allclose(expected.at("text_features"), 1e-4, 1e-5));
  EXPECT_NEAR(model->scale().item<double>(), std::exp(2.5), 1e-4);
}

TEST_F(ClipFiles, OpenClipFoldersHaveOpenAisNames) {
  const at::NoGradGuard no_grad;
  io::StateDict state = io::read_state_dict(kData / "openai-tiny.pt");
  for (const char* name : {"input_resolution", "context_length", "vocab_size"}) {
    state.tensors.erase(name);
  }
  for (auto& [name, tensor] : state.tensors) tensor = tensor.to(at::kFloat).clone();
  io::write_safetensors(folder_ / "open_clip_model.safetensors", state);
  const auto write = [&](const char* quick) {
    write_file_atomically(
        folder_ / "open_clip_config.json",
        concat(R"({"model_cfg": {"quick_gelu": )",
               quick,
               R"(, "vision_cfg": {"head_width": 32}, "text_cfg": {"heads": 2}},)",
               R"("preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]}})"));
    return load_clip(folder_.path(), at::kCPU);
  };
  const LoadedClip quick = write("true");
  const LoadedClip exact = write("false");
  EXPECT_EQ(quick.model->options().vision.tower.heads, 2);
  EXPECT_EQ(quick.model->options().text.tower.heads, 2);
  EXPECT_EQ(quick.model->options().activation, "quick_gelu");
  EXPECT_EQ(exact.model->options().activation, "gelu");
  EXPECT_EQ(exact.model->options().mean, std::vector<double>({0.5, 0.5, 0.5}));
  ClipModel a = quick.model;
  ClipModel b = exact.model;
  const at::Tensor ids =
      io::read_state_dict(kData / "openai-tiny-expected.safetensors").tensors.at("ids");
  EXPECT_FALSE(a->text_features(ids).allclose(b->text_features(ids), 1e-3, 1e-3));
}

TEST_F(ClipFiles, OwnFoldersReadBackAsTheyWere) {
  const at::NoGradGuard no_grad;
  ClipModel model = test::tiny_clip();
  const fs::path folder = own_folder(model);
  const at::Tensor ids = test::ids_of({{2, 9, 4, 3}}, 6);
  LoadedClip clip = load_clip(folder, at::kCPU);
  EXPECT_EQ(clip.name, "tiny");
  EXPECT_FALSE(clip.world.has_value());
  EXPECT_TRUE(clip.model->text_features(ids).equal(model->text_features(ids)));
  // Found as a part too, and widened from two bytes.
  own_folder(model, at::kBFloat16);
  fs::create_directories(folder_ / "run/model");
  fs::rename(folder, folder_ / "run/model/clip");
  clip = load_clip(folder_ / "run", at::kCPU);
  EXPECT_EQ(clip.model->named_parameters()["vision.embed"].scalar_type(), at::kFloat);
  EXPECT_TRUE(clip.model->text_features(ids).allclose(model->text_features(ids), 0.05, 0.05));
}

TEST_F(ClipFiles, WhatCannotBeReadSaysWhy) {
  refused(ErrorCode::kNotFound, "no such file or folder", folder_ / "none");
  refused(ErrorCode::kNotFound, "no CLIP there", folder_.path());
  io::StateDict state;
  state.tensors["a"] = at::zeros({2});
  io::write_safetensors(folder_ / "a.safetensors", state);
  refused(ErrorCode::kShapeMismatch, "is no CLIP", folder_ / "a.safetensors");
  state.tensors["visual.attnpool.positional_embedding"] = at::zeros({2});
  io::write_safetensors(folder_ / "a.safetensors", state);
  refused(ErrorCode::kShapeMismatch, "none of OpenAI's transformers", folder_ / "a.safetensors");
  refused(ErrorCode::kInvalidArgument,
          "need their folder, with config.json",
          kGolden / "clip-tiny/model.safetensors");

  ClipModel model = test::tiny_clip();
  const fs::path folder = own_folder(model);
  const std::string config = read_file(folder / kClipConfig);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = config;
    text.replace(text.find(from), from.size(), to);
    write_file_atomically(folder / kClipConfig, text);
  };
  with("\"projection\": 8", "\"projection\": 9");
  refused(ErrorCode::kShapeMismatch, "vision.head", folder);
  with("\"vocabulary\": 30", "\"vocabulary\": 4000000000");
  refused(ErrorCode::kInvalidArgument, "text.vocabulary must lie in", folder);
  with("\"patch\"", "\"patches\"");
  refused(ErrorCode::kInvalidArgument, "patches is not a known key", folder);
}

TEST_F(ClipFiles, HuggingFaceTowersMustAgree) {
  const auto options = [](const std::string& text) {
    return clip_options_of_hugging_face(io::parse_json(text, "x"), "x");
  };
  const ClipOptions plain = options(R"({"vision_config": {}, "text_config": {}})");
  EXPECT_EQ(plain.vision.tower.width, 768);
  EXPECT_EQ(plain.text.end_token, -1);
  EXPECT_EQ(options(R"({"text_config": {"eos_token_id": 49407}})").text.end_token, 49407);
  EXPECT_EQ(options(R"({"text_config": {"eos_token_id": 2}})").text.end_token, -1);
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "one hidden_act", [&] {
    options(R"({"vision_config": {"hidden_act": "gelu"}})");
  });
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "wrong type", [&] {
    options(R"({"vision_config": {"patch_size": "32"}})");
  });
}

TEST_F(ClipFiles, FeaturesForDistances) {
  const at::NoGradGuard no_grad;
  const LoadedClip clip = load_clip(kGolden / "clip-tiny", at::kCPU);
  const auto recorded = io::read_state_dict(kGolden / "clip-expected/clip.safetensors").tensors;
  const auto extractor = make_clip_features(clip);
  EXPECT_EQ(extractor->facts().dims, 20);
  EXPECT_EQ(extractor->facts().weights, clip.sha256);
  std::vector<at::Tensor> inputs;
  for (const char* name : {"image0", "image2", "image3"}) {
    inputs.push_back(extractor->prepare(recorded.at(concat(name, ".uint8_hwc"))));
  }
  const Features features = extractor->extract(at::stack(inputs));
  const at::Tensor wanted =
      recorded.at("image_features").index_select(0, at::tensor({0, 2, 3}, at::kLong));
  EXPECT_TRUE(features.pooled.allclose(wanted, 1e-4, 1e-5));
  EXPECT_FALSE(features.logits.defined());
}

}  // namespace
}  // namespace tessera::eval
