// Denoising of latents and of pixels on toy data: learning, and going on bit for bit.
#include "train/gaussian_trainer.h"

#include <cmath>
#include <functional>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/pipeline.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/toy_data.h"
#include "train/vqvae_trainer.h"

namespace tessera::train {
namespace {
namespace fs = std::filesystem;

constexpr std::int64_t kBatch = 8;

HeldOut held_out() {
  return {.source = std::make_shared<test::ToySource>(16), .count = 8};
}

data::Batch batch_of(std::int64_t step) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < kBatch; ++i) indices.push_back(((step - 1) * kBatch + i) % 16);
  return test::ToySource(16).get(indices, at::kCPU);
}

std::vector<float> losses(Trainer& trainer, std::int64_t first, std::int64_t last) {
  std::vector<float> all;
  for (std::int64_t step = first; step <= last; ++step) {
    all.push_back(trainer.step(batch_of(step), step).loss.item<float>());
  }
  return all;
}

double value_of(const std::vector<std::pair<std::string, double>>& values,
                const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  ADD_FAILURE() << "no value " << name;
  return 0;
}

/// A codec that has learned the toy pictures, and their tokenizer, made once for all tests.
const fs::path& trained_codec() {
  static const test::TemporaryFolder folder;
  static const bool made = [] {
    const auto trainer = make_vqvae_trainer(
        {.model = {.resolution = 8,
                   .unshuffle = 2,
                   .base_channels = 8,
                   .channel_multipliers = {1},
                   .residual_blocks = 1,
                   .decoder_blocks = 1,
                   .codebook_size = 12,
                   .code_dim = 4},
         .objective = {.autoencoder_steps = 20, .revive_every = 5},
         .train = {.steps = 150, .batch = kBatch, .learning_rate = 1e-2, .warmup = 5, .ema = 0.9},
         .seed = 3,
         .held_out = held_out()});
    losses(*trainer, 1, 150);
    trainer->export_model(folder.path());
    test::write_toy_tokenizer(folder.path() / "tok");
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

GaussianTraining toy(std::int64_t steps, const fs::path& cache = {}) {
  const fs::path folder = trained_codec();
  GaussianTraining o;
  o.model.vqvae = folder;
  o.model.tokenizer = folder / "tok";
  o.model.unet.base_channels = 16;
  o.model.unet.channel_multipliers = {1, 2};
  o.model.unet.residual_blocks = 1;
  o.model.unet.attention_sides = {4};
  o.model.unet.heads = 2;
  o.model.unet.norm_groups = 4;
  o.model.unet.pooled_text = true;
  o.model.text_encoder = {.length = 6, .width = 16, .layers = 1, .heads = 2};
  o.model.chain.schedule.steps = 50;
  o.train = {.steps = steps,
             .batch = kBatch,
             .learning_rate = 5e-3,
             .warmup = 5,
             .schedule = "constant",
             .ema = 0.9};
  o.sampling = {.steps = 10, .sampler = "ddim", .guidance = 1.0};
  o.name = "toy";
  o.seed = 4;
  o.held_out = held_out();
  o.latents = std::make_shared<LatentSource>(
      std::make_shared<test::ToySource>(16), load_codec(folder, at::kCPU), cache);
  return o;
}

GaussianTraining toy_pixels(std::int64_t steps) {
  GaussianTraining o = toy(steps);
  o.model.vqvae = "";
  o.model.chain.space = "pixel";
  o.model.unet.condition = "none";
  o.model.unet.pooled_text = false;
  o.latents =
      std::make_shared<LatentSource>(std::make_shared<test::ToySource>(16), Codec{}, fs::path());
  return o;
}

void expect_resumes_bit_for_bit(const std::function<GaussianTraining()>& make) {
  const auto whole = make_gaussian_trainer(make());
  const std::vector<float> straight = losses(*whole, 1, 24);
  const auto first = make_gaussian_trainer(make());
  std::vector<float> resumed = losses(*first, 1, 12);
  const test::TemporaryFolder folder;
  first->save(folder.path());
  const auto second = make_gaussian_trainer(make());
  second->resume(folder.path());
  const std::vector<float> tail = losses(*second, 13, 24);
  resumed.insert(resumed.end(), tail.begin(), tail.end());
  EXPECT_EQ(resumed, straight);

  const test::TemporaryFolder one;
  const test::TemporaryFolder other;
  whole->export_model(one.path());
  second->export_model(other.path());
  for (const auto& entry : fs::recursive_directory_iterator(one.path())) {
    if (entry.path().extension() != ".safetensors") continue;
    const fs::path twin = other.path() / entry.path().lexically_relative(one.path());
    for (const auto& [name, tensor] : io::read_state_dict(entry.path()).tensors) {
      EXPECT_TRUE(tensor.equal(io::read_state_dict(twin).tensors.at(name))) << name;
    }
  }
}

TEST(GaussianTrainer, ResumesBitForBit) {
  expect_resumes_bit_for_bit([] { return toy(24); });
}

TEST(GaussianTrainer, ResumesBitForBitWithAllThatHasAState) {
  expect_resumes_bit_for_bit([] {
    GaussianTraining o = toy(24);
    o.train.optimizer = "muon";
    o.model.unet.dropout = 0.2;
    o.model.chain.variance = "range";
    o.objective.loss.objective = "hybrid";
    o.objective.time_sampler = "second-moment";
    o.model.chain.schedule.steps = 4;  // every t has its ten losses before step 12
    o.sampling.steps = 4;
    return o;
  });
}

TEST(GaussianTrainer, LearnsEightCaptionsInLatents) {
  GaussianTraining o = toy(400);
  o.objective.loss.weighting = "min-snr";
  o.train.learning_rate = 3e-3;
  o.train.schedule = "cosine";
  o.train.ema = 0.95;
  const auto trainer = make_gaussian_trainer(o);
  const double before = value_of(trainer->validate(), "val/error");
  EXPECT_NEAR(before, 1.0, 0.3) << "the velocity of scaled latents has a mean square of one";
  losses(*trainer, 1, 400);
  const auto after = trainer->validate();
  EXPECT_LT(value_of(after, "val/error"), 0.3 * before);
  EXPECT_GT(value_of(after, "val/error_8"), 0.0);

  // What it draws for a caption is that caption's picture.
  const at::Tensor sheet = trainer->samples().front().second;
  EXPECT_EQ(sheet.sizes(), (at::IntArrayRef{8, 3, 16, 8}));
  const at::Tensor wanted = sheet.narrow(2, 0, 8);
  const at::Tensor drawn = sheet.narrow(2, 8, 8);
  const at::Tensor distance =
      (drawn.unsqueeze(1) - wanted.unsqueeze(0)).abs().flatten(2).mean(-1);  // [drawn, wanted]
  const at::Tensor own = distance.argmin(1).eq(at::arange(8));
  EXPECT_GE(own.sum().item<std::int64_t>(), 6) << "nearest of all eight; by chance it is one\n"
                                               << distance;
}

TEST(GaussianTrainer, LearnsPixelsWithoutCaptions) {
  GaussianTraining o = toy_pixels(150);
  o.model.chain.prediction = "data";
  const auto trainer = make_gaussian_trainer(o);
  const double before = value_of(trainer->validate(), "val/error");
  losses(*trainer, 1, 150);
  EXPECT_LT(value_of(trainer->validate(), "val/error"), 0.6 * before);
  const test::TemporaryFolder folder;
  trainer->export_model(folder.path());
  const auto model = pipeline::load_pipeline(folder.path(), at::kCPU);
  EXPECT_EQ(model->facts().path, "gaussian");
  EXPECT_EQ(model->facts().codec.resolution, 8);
  EXPECT_EQ(trainer->samples().front().second.size(0), 8);
}

TEST(GaussianTrainer, EveryObjectiveAndTimeSamplerRuns) {
  for (const char* objective : {"simple", "bound", "hybrid"}) {
    for (const char* times : {"uniform", "antithetic"}) {
      GaussianTraining o = toy(3);
      o.objective.loss.objective = objective;
      o.objective.time_sampler = times;
      o.model.chain.variance = std::string(objective) == "simple" ? "large" : "range";
      const auto trainer = make_gaussian_trainer(o);
      for (const float loss : losses(*trainer, 1, 3)) EXPECT_TRUE(std::isfinite(loss)) << objective;
    }
  }
}

TEST(GaussianTrainer, TheScaleIsMeasuredAndExported) {
  const GaussianTraining o = toy(3);
  const auto trainer = make_gaussian_trainer(o);
  const test::TemporaryFolder folder;
  trainer->export_model(folder.path());
  const io::Json scheduler = io::read_json(folder.path() / "unet_scheduler" / "config.json");
  std::vector<std::int64_t> all(16);
  for (std::size_t i = 0; i < 16; ++i) all[i] = static_cast<std::int64_t>(i);
  const at::Tensor features =
      o.latents->latents(test::ToySource(16).get(all, at::kCPU), at::kCPU).to(at::kDouble);
  const at::Tensor mean = features.mean({0, 2, 3});
  const double deviation =
      (features - mean.view({1, -1, 1, 1})).square().mean().sqrt().item<double>();
  EXPECT_NEAR(scheduler.at("latent_scale").get<double>(), 1 / deviation, 1e-9 / deviation);
  const auto means = scheduler.at("latent_mean").get<std::vector<double>>();
  ASSERT_EQ(means.size(), 4u);
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(means[c], mean[static_cast<std::int64_t>(c)].item<double>(), 1e-9);
  }
}

TEST(GaussianTrainer, CachedLatentsGiveTheSameLosses) {
  const test::TemporaryFolder cache;
  GaussianTraining cached = toy(6, cache.path());
  const auto trainer = make_gaussian_trainer(cached);
  const auto plain = make_gaussian_trainer(toy(6));
  std::vector<float> by_cache;
  for (std::int64_t step = 1; step <= 6; ++step) {
    const data::Batch batch = cached.latents->fetch(batch_of(step).indices, at::kCPU);
    EXPECT_TRUE(batch.codes.defined()) << "measuring the scale has seen all sixteen";
    by_cache.push_back(trainer->step(batch, step).loss.item<float>());
  }
  EXPECT_EQ(by_cache, losses(*plain, 1, 6));
}

TEST(GaussianTrainer, ExportsAModelThatThePipelineLoadsAndTrainingStartsFrom) {
  const auto taught = make_gaussian_trainer(toy(60));
  losses(*taught, 1, 60);
  const test::TemporaryFolder folder;
  taught->export_model(folder.path());
  const auto model = pipeline::load_pipeline(folder.path(), at::kCPU);
  EXPECT_EQ(model->card().paths(), (std::vector<std::string>{"gaussian"}));
  EXPECT_EQ(model->resolve({}).steps, 10);
  EXPECT_EQ(model->resolve({}).path, "gaussian");
  EXPECT_EQ(model->facts().text_length, 6);

  GaussianTraining more = toy(60);
  more.train.start_from = folder.path();
  more.seed = 99;
  const auto trainer = make_gaussian_trainer(more);
  EXPECT_NEAR(
      value_of(trainer->validate(), "val/error"), value_of(taught->validate(), "val/error"), 1e-5);
  // The text encoder alone may come from it too.
  GaussianTraining text = toy(60);
  text.model.text_encoder_from = folder.path();
  make_gaussian_trainer(text);
  folder.write("tokenizer/tokens.tsv", "other");
  test::expect_error(ErrorCode::kInvalidArgument, "model.text_encoder_from: its tokens", [&] {
    make_gaussian_trainer(text);
  });
  test::expect_error(ErrorCode::kInvalidArgument, "train.start_from: its tokens", [&] {
    make_gaussian_trainer(more);
  });
}

}  // namespace
}  // namespace tessera::train
