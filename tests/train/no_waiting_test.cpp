// A training step may read nothing back from its device: on a GPU the program would stop there
// until every kernel is done, and the device would then wait for the program. The CPU calls the
// same operators, so they can be watched here.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"
#include "tests/support/watched_operators.h"
#include "tests/train/toy_data.h"
#include "train/discrete_trainer.h"
#include "train/vqvae_trainer.h"

namespace tessera::train {
namespace {

using test::reading_operators_of;
using ::testing::Contains;
using ::testing::IsEmpty;

constexpr std::int64_t kBatch = 8;

vqvae::VqVaeOptions toy_codec() {
  return {.resolution = 8,
          .unshuffle = 2,
          .base_channels = 8,
          .channel_multipliers = {1},
          .residual_blocks = 1,
          .decoder_blocks = 1,
          .codebook_size = 12,
          .code_dim = 4};
}

const std::filesystem::path& codec_folder() {
  static const test::TemporaryFolder folder;
  static const bool made = [] {
    make_vqvae_trainer({.model = toy_codec()})->export_model(folder.path());
    test::write_toy_tokenizer(folder.path() / "tok");
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

DiscreteTraining toy(const std::string& optimizer, const std::string& objective) {
  DiscreteTraining o;
  o.model.tokenizer = codec_folder() / "tok";
  o.model.resident = true;
  o.model.transformer = {.width = 32, .layers = 2, .heads = 2, .time_embedding = "sinusoidal"};
  o.model.transformer.pooled_text = true;
  o.model.text_encoder = {.length = 6, .width = 16, .layers = 1, .heads = 2};
  o.model.transition.steps = 10;
  o.objective.kind = objective;
  o.train = {.steps = 4, .batch = kBatch, .optimizer = optimizer};
  o.pool = 16;
  o.codes = std::make_shared<CodeSource>(
      std::make_shared<test::ToySource>(16), load_codec(codec_folder(), at::kCPU), "");
  return o;
}

TEST(NoWaiting, TheWatchSeesWhatReads) {
  const at::Tensor x = at::arange(4);
  EXPECT_THAT(reading_operators_of([&] { x.sum().item<std::int64_t>(); }),
              Contains("aten::_local_scalar_dense"));
  EXPECT_THAT(reading_operators_of([&] { x.index({x > 1}); }), Contains("aten::nonzero"));
  EXPECT_THAT(reading_operators_of([&] { at::bincount(x); }), Contains("aten::bincount"));
  EXPECT_THAT(reading_operators_of([&] { (x + 1).sum(); }), IsEmpty());
}

TEST(NoWaiting, AStepOfTheDenoiserReadsNothingBack) {
  for (const char* optimizer : {"adamw", "muon"}) {
    for (const char* objective : {"masked-ce", "vb"}) {
      const DiscreteTraining training = toy(optimizer, objective);
      const auto trainer = make_discrete_trainer(training);
      const data::Batch batch = training.codes->fetch({0, 3, 5, 7, 9, 11, 13, 15}, at::kCPU);
      EXPECT_FALSE(batch.images.defined()) << "the pool is resident";
      EXPECT_THAT(reading_operators_of([&] { trainer->step(batch, 1); }), IsEmpty())
          << optimizer << " " << objective;
    }
  }
}

TEST(NoWaiting, AStepOfTheCodecReadsNothingBackBetweenRevivals) {
  for (const double adversarial : {0.0, 0.1}) {
    const auto trainer = make_vqvae_trainer(
        {.model = toy_codec(),
         .objective = {.autoencoder_steps = 1, .revive_every = 3, .adversarial = adversarial},
         .train = {.steps = 6, .batch = kBatch}});
    for (std::int64_t step = 1; step <= 4; ++step) {
      const data::Batch batch = test::ToySource(16).get({0, 1, 2, 3, 4, 5, 6, 7}, at::kCPU);
      const auto reading = reading_operators_of([&] { trainer->step(batch, step); });
      if (step == 3) {
        EXPECT_THAT(reading, Contains("aten::nonzero")) << "which codes are idle is asked";
      } else {
        EXPECT_THAT(reading, IsEmpty()) << step;
      }
    }
  }
}

}  // namespace
}  // namespace tessera::train
