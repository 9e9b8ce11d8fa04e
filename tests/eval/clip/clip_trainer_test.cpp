#include "train/clip_trainer.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "data/order.h"
#include "eval/clip/clip_files.h"
#include "eval/clip/encode.h"
#include "io/state_dict.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "text/tokenizer.h"
#include "train/config.h"

namespace tessera::train {
namespace {
namespace fs = std::filesystem;

constexpr const char* kAtlas = TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors";
constexpr const char* kTokenizer = TESSERA_SOURCE_DIR "/models/default/tokenizer";
constexpr std::int64_t kBatch = 16;

std::shared_ptr<const data::SceneSource> scenes(const std::string& split) {
  return data::open_scenes(
      kAtlas,
      {.split = split, .nouns = {"car", "heart", "key", "bus"}, .kinds = {"colour", "position"}});
}

ClipTraining small_training(std::int64_t steps) {
  ClipTraining o;
  o.model.tokenizer = kTokenizer;
  o.model.clip.vision = {.resolution = 64, .patch = 16, .tower = {32, 1, 2, 64}};
  o.model.clip.text.length = 24;
  o.model.clip.text.tower = {24, 1, 2, 48};
  o.model.clip.projection = 16;
  o.train.steps = steps;
  o.train.batch = kBatch;
  o.train.learning_rate = 4e-3;
  o.train.warmup = 5;
  o.train.optimizer = "muon";
  o.train.ema = 0.9;
  o.train.validation_samples = 110;
  o.seed = 4;
  o.scenes = scenes("train");
  o.held_out_scenes = scenes("heldout");
  o.held_out = {.source = o.held_out_scenes, .count = 110};
  return o;
}

StepReport one_step(Trainer& trainer, const ClipTraining& o, std::int64_t step) {
  const data::OrderOptions order{.samples = 4096, .batch = kBatch, .seed = o.seed};
  return trainer.step(o.scenes->get(data::indices_of_step(order, step), at::kCPU), step);
}

double value_of(const StepReport& report, const std::string& name) {
  const auto found = std::find_if(
      report.values.begin(), report.values.end(), [&](const auto& v) { return v.first == name; });
  EXPECT_NE(found, report.values.end()) << name;
  return found->second.item<double>();
}

TEST(ClipTrainer, LearnsToTellCaptionsApart) {
  const ClipTraining o = small_training(120);
  const auto trainer = make_clip_trainer(o);
  double first = 0;
  double last = 0;
  double swapped = 0;
  for (std::int64_t step = 1; step <= 120; ++step) {
    const StepReport report = one_step(*trainer, o, step);
    if (step == 1) first = value_of(report, "contrast_loss");
    if (step > 100) {
      last += value_of(report, "contrast_loss") / 20;
      swapped += value_of(report, "swap_accuracy") / 20;
    }
  }
  EXPECT_LT(last, 0.8 * first);
  EXPECT_GT(swapped, 0.6);
  const auto values = trainer->validate();
  const auto find = [&](const std::string& name) {
    return std::find_if(
        values.begin(), values.end(), [&](const auto& v) { return v.first == name; });
  };
  ASSERT_NE(find("val/swapped"), values.end());
  ASSERT_NE(find("val/text_top5"), values.end());
  EXPECT_GT(find("val/swapped")->second, 0.55);
  EXPECT_GT(find("val/text_top5")->second, 0.1);  // 0.05 by chance
}

TEST(ClipTrainer, GoesOnBitForBit) {
  const ClipTraining o = small_training(6);
  const tessera::test::TemporaryFolder folder;
  const auto whole = make_clip_trainer(o);
  std::vector<float> losses;
  for (std::int64_t step = 1; step <= 3; ++step) one_step(*whole, o, step);
  whole->save(folder.path());
  for (std::int64_t step = 4; step <= 6; ++step) {
    losses.push_back(one_step(*whole, o, step).loss.item<float>());
  }
  const auto resumed = make_clip_trainer(o);
  resumed->resume(folder.path());
  for (std::int64_t step = 4; step <= 6; ++step) {
    EXPECT_EQ(one_step(*resumed, o, step).loss.item<float>(),
              losses[static_cast<std::size_t>(step - 4)]);
  }
}

TEST(ClipTrainer, ExportsWhatLoadClipReads) {
  const ClipTraining o = small_training(2);
  const tessera::test::TemporaryFolder folder;
  const auto trainer = make_clip_trainer(o);
  one_step(*trainer, o, 1);
  trainer->export_model(folder.path());
  const eval::LoadedClip clip = eval::load_clip(folder.path(), at::kCPU);
  ASSERT_TRUE(clip.world.has_value());
  EXPECT_EQ(clip.world->nouns, o.scenes->options().nouns);
  EXPECT_EQ(clip.model->options().text.end_token, text::kEnd);
  const auto stored = io::read_state_dict(folder / "clip/model.safetensors").tensors;
  EXPECT_EQ(stored.at("vision.embed").scalar_type(), at::kBFloat16);
  const auto tokenizer = text::load_table_tokenizer(clip.tokens);
  const std::vector<std::string> texts{"a red car"};
  eval::ClipModel model = clip.model;
  EXPECT_EQ(eval::encode_texts(*model, *tokenizer, texts).features.size(1), 16);
}

// Pictures of one's own have no scenes to say wrongly.
TEST(ClipTrainer, TrainsWithoutScenes) {
  ClipTraining o = small_training(2);
  o.scenes = nullptr;
  o.held_out_scenes = nullptr;
  const auto trainer = make_clip_trainer(o);
  const auto source = scenes("train");
  const StepReport report = trainer->step(source->get({0, 1, 2, 3}, at::kCPU), 1);
  EXPECT_TRUE(std::isfinite(report.loss.item<double>()));
  EXPECT_EQ(value_of(report, "swap_loss"), 0.0);
  EXPECT_TRUE(trainer->validate().empty());
}

TEST(ClipConfig, ReadsWritesAndRefuses) {
  const std::string text = R"({"stage": "clip", "model": {"tokenizer": "t",
      "vision": {"resolution": 64, "patch": 8, "width": 32, "layers": 1, "heads": 2},
      "text": {"width": 24, "heads": 2}}, "objective": {"swaps": 3}})";
  const Config config = parse_config(text, "x");
  EXPECT_EQ(config.clip.clip.vision.tower.width, 32);
  EXPECT_EQ(config.clip_objective.swaps, 3);
  EXPECT_EQ(config_text(parse_config(config_text(config), "y")), config_text(config));
  const auto refused = [&](const char* part, const std::map<std::string, std::string>& over) {
    tessera::test::expect_error(
        ErrorCode::kInvalidArgument, part, [&] { parse_config(text, "x", over); });
  };
  refused("model.vision.resolution is 128", {{"model.vision.resolution", "128"}});
  refused("model.weights must be bf16, int8 or fp32", {{"model.weights", "int3"}});
  refused("objective.swaps must lie in", {{"objective.swaps", "9"}});
  refused("model.vision.width must be a multiple", {{"model.vision.width", "33"}});
  refused("model.depth is not a known key", {{"model.depth", "3"}});
  refused("model.tokenizer must name", {{"model.tokenizer", "\"\""}});
  EXPECT_EQ(parse_config(config_text(config), "x").stage, "clip");
}

}  // namespace
}  // namespace tessera::train
