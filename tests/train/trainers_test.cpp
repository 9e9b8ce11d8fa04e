// Both stages on toy data: learning, and going on bit for bit.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/state_dict.h"
#include "pipeline/pipeline.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/toy_data.h"
#include "train/discrete_trainer.h"
#include "train/vqvae_trainer.h"

namespace tessera::train {
namespace {
namespace fs = std::filesystem;

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

HeldOut held_out() {
  return {.source = std::make_shared<test::ToySource>(16), .count = 8};
}

VqVaeTraining toy_vqvae(std::int64_t steps) {
  return {
      .model = toy_codec(),
      .objective = {.autoencoder_steps = 20, .revive_every = 5},
      .train = {.steps = steps, .batch = kBatch, .learning_rate = 1e-2, .warmup = 5, .ema = 0.9},
      .seed = 3,
      .held_out = held_out()};
}

data::Batch batch_of(std::int64_t step) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < kBatch; ++i) indices.push_back(((step - 1) * kBatch + i) % 16);
  return test::ToySource(16).get(indices, at::kCPU);
}

/// Losses of steps first … last.
std::vector<float> losses(Trainer& trainer, std::int64_t first, std::int64_t last) {
  std::vector<float> all;
  for (std::int64_t step = first; step <= last; ++step) {
    all.push_back(trainer.step(batch_of(step), step).loss.item<float>());
  }
  return all;
}

std::vector<float> joined(std::vector<float> head, const std::vector<float>& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// A codec that has learned the toy pictures, exported once for all tests of this file.
const fs::path& trained_codec() {
  static const test::TemporaryFolder folder;
  static const bool made = [] {
    const auto trainer = make_vqvae_trainer(toy_vqvae(150));
    losses(*trainer, 1, 150);
    trainer->export_model(folder.path());
    test::write_toy_tokenizer(folder.path() / "tok");
    return true;
  }();
  EXPECT_TRUE(made);
  return folder.path();
}

DiscreteTraining toy_diffusion(std::int64_t steps, const fs::path& cache = {}) {
  const fs::path folder = trained_codec();
  DiscreteTraining o;
  o.model.tokenizer = folder / "tok";
  o.model.transformer = {.width = 32, .layers = 2, .heads = 2};
  o.model.text_encoder = {.length = 6, .width = 16, .layers = 1, .heads = 2};
  o.model.transition.steps = 10;
  o.train = {.steps = steps,
             .batch = kBatch,
             .learning_rate = 5e-3,
             .warmup = 5,
             .schedule = "constant",
             .ema = 0.9};
  o.sampling = {.steps = 5, .sampler = "ancestral", .guidance = 1.0};
  o.name = "toy";
  o.seed = 4;
  o.held_out = held_out();
  o.codes = std::make_shared<CodeSource>(
      std::make_shared<test::ToySource>(16), load_codec(folder, at::kCPU), cache);
  return o;
}

double value_of(const std::vector<std::pair<std::string, double>>& values,
                const std::string& name) {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  ADD_FAILURE() << "no value " << name;
  return 0;
}

template <typename Make>
void expect_resumes_bit_for_bit(const Make& make) {
  const auto whole = make();
  const std::vector<float> straight = losses(*whole, 1, 30);
  const auto first = make();
  const std::vector<float> head = losses(*first, 1, 15);
  const test::TemporaryFolder folder;
  first->save(folder.path());
  const auto second = make();
  second->resume(folder.path());
  EXPECT_EQ(joined(head, losses(*second, 16, 30)), straight);

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

// Step 15 lies among the steps whose features become the first codes (20), which a checkpoint
// keeps.
TEST(VqVaeTrainer, ResumesBitForBit) {
  expect_resumes_bit_for_bit([] { return make_vqvae_trainer(toy_vqvae(30)); });
}

TEST(VqVaeTrainer, ResumesBitForBitWithMuon) {
  expect_resumes_bit_for_bit([] {
    VqVaeTraining training = toy_vqvae(30);
    training.train.optimizer = "muon";
    return make_vqvae_trainer(training);
  });
}

VqVaeTraining toy_vqvae_with_adversary(std::int64_t steps) {
  VqVaeTraining training = toy_vqvae(steps);
  training.objective.adversarial = 0.05;
  training.objective.features = 0.5;
  training.objective.adversarial_from = 22;
  return training;
}

TEST(VqVaeTrainer, ResumesBitForBitWithAnAdversary) {
  expect_resumes_bit_for_bit([] { return make_vqvae_trainer(toy_vqvae_with_adversary(30)); });
}

TEST(VqVaeTrainer, TheAdversaryLearnsFirstAndIsHeardLater) {
  const auto trainer = make_vqvae_trainer(toy_vqvae_with_adversary(40));
  const auto plain = make_vqvae_trainer(toy_vqvae(40));
  std::size_t values = 0;
  for (std::int64_t step = 1; step <= 40; ++step) {
    const StepReport report = trainer->step(batch_of(step), step);
    const StepReport without = plain->step(batch_of(step), step);
    const auto value = [&](const std::string& name) {
      for (const auto& [key, number] : report.values) {
        if (key == name) return number.item<double>();
      }
      ADD_FAILURE() << name;
      return 0.0;
    };
    EXPECT_EQ(value("discriminator_loss") > 0, step > 20) << step;
    EXPECT_EQ(value("features") > 0, step > 22) << step;
    if (step <= 22) {
      EXPECT_EQ(report.loss.item<float>(), without.loss.item<float>()) << step;
    }
    if (step > 1) {
      EXPECT_EQ(report.values.size(), values) << "a log line sums what has one shape";
    }
    values = report.values.size();
  }
}

TEST(VqVaeTrainer, LearnsWithAnAdversaryToo) {
  const auto trainer = make_vqvae_trainer(toy_vqvae_with_adversary(200));
  const double before = value_of(trainer->validate(), "val/psnr");
  losses(*trainer, 1, 200);
  EXPECT_GT(value_of(trainer->validate(), "val/psnr"), before + 5);
}

TEST(VqVaeTrainer, LearnsEightPictures) {
  const auto trainer = make_vqvae_trainer(toy_vqvae(300));
  const double before = value_of(trainer->validate(), "val/psnr");
  losses(*trainer, 1, 300);
  const auto values = trainer->validate();
  EXPECT_LT(before, 12);
  EXPECT_GT(value_of(values, "val/psnr"), 25);
  EXPECT_GE(value_of(values, "val/codes_used"), 4);  // four colours and the ground, at the least
  EXPECT_GT(value_of(values, "val/perplexity"), 3);
}

TEST(VqVaeTrainer, BFloat16LearnsToo) {
  VqVaeTraining training = toy_vqvae(150);
  training.train.precision = "bf16";
  const auto trainer = make_vqvae_trainer(training);
  losses(*trainer, 1, 150);
  EXPECT_GT(value_of(trainer->validate(), "val/psnr"), 20);
}

TEST(VqVaeTrainer, LookingChangesNothing) {
  const auto quiet = make_vqvae_trainer(toy_vqvae(30));
  const auto watched = make_vqvae_trainer(toy_vqvae(30));
  losses(*quiet, 1, 25);
  losses(*watched, 1, 25);
  watched->validate();
  EXPECT_EQ(watched->samples().front().second.sizes(), (at::IntArrayRef{8, 3, 16, 8}));
  EXPECT_EQ(losses(*watched, 26, 30), losses(*quiet, 26, 30));
}

io::StateDict exported(const Trainer& trainer, const char* part) {
  const test::TemporaryFolder folder;
  trainer.export_model(folder.path());
  io::StateDict state;
  for (const auto& [name, tensor] :
       io::read_state_dict(folder.path() / part / "model.safetensors").tensors) {
    state.tensors.emplace(name, tensor.clone());
  }
  return state;
}

TEST(VqVaeTrainer, StartsFromATrainedCodec) {
  VqVaeTraining training = toy_vqvae(30);
  training.train.start_from = trained_codec();
  const auto trainer = make_vqvae_trainer(training);
  EXPECT_GT(value_of(trainer->validate(), "val/psnr"), 15) << "as the trained codec left it";
  const StepReport first = trainer->step(batch_of(1), 1);
  for (const auto& [name, value] : first.values) {
    if (name == "codes_used") {
      EXPECT_GT(value.item<double>(), 1) << "codes from the first step";
    }
  }
}

TEST(VqVaeTrainer, TheDecoderAloneLeavesTheCodesAsTheyAre) {
  VqVaeTraining training = toy_vqvae(200);
  training.train.start_from = trained_codec();
  training.objective.parts = "decoder";
  const auto trainer = make_vqvae_trainer(training);
  const io::StateDict before = exported(*trainer, "vqvae");
  const double psnr = value_of(trainer->validate(), "val/psnr");
  losses(*trainer, 1, 200);
  EXPECT_GT(value_of(trainer->validate(), "val/psnr"), psnr + 0.5);
  std::int64_t moved = 0;
  for (const auto& [name, tensor] : exported(*trainer, "vqvae").tensors) {
    const bool same = tensor.equal(before.tensors.at(name));
    moved += same ? 0 : 1;
    EXPECT_TRUE(same || name.starts_with("decoder.")) << name;
  }
  EXPECT_GT(moved, 3);
}

TEST(VqVaeTrainer, ADeeperDecoderBeginsAsTheOneBefore) {
  VqVaeTraining training = toy_vqvae(200);
  training.train.start_from = trained_codec();
  training.objective.parts = "decoder";
  const auto before = make_vqvae_trainer(training);
  training.model.decoder_blocks = 2;
  const auto trainer = make_vqvae_trainer(training);
  const double psnr = value_of(trainer->validate(), "val/psnr");
  EXPECT_EQ(psnr, value_of(before->validate(), "val/psnr"));
  const io::StateDict first = exported(*trainer, "vqvae");
  losses(*trainer, 1, 200);
  EXPECT_GT(value_of(trainer->validate(), "val/psnr"), psnr + 0.5);
  const at::Tensor mix = exported(*trainer, "vqvae").tensors.at("decoder.level0_block1.mix.weight");
  EXPECT_EQ(first.tensors.at("decoder.level0_block1.mix.weight").abs().max().item<float>(), 0);
  EXPECT_GT(mix.abs().max().item<float>(), 1e-3) << "the added block learns";

  training.model.decoder_blocks = 0;
  test::expect_error(ErrorCode::kShapeMismatch, "decoder.level0_block0.mix.bias", [&] {
    make_vqvae_trainer(training);
  });
}

TEST(VqVaeTrainer, TheDecoderAloneResumesBitForBit) {
  expect_resumes_bit_for_bit([] {
    VqVaeTraining training = toy_vqvae(30);
    training.train.start_from = trained_codec();
    training.objective.parts = "decoder";
    return make_vqvae_trainer(training);
  });
}

TEST(DiscreteTrainer, StartsFromATrainedModel) {
  const auto taught = make_discrete_trainer(toy_diffusion(40));
  losses(*taught, 1, 40);
  const test::TemporaryFolder folder;
  taught->export_model(folder.path());
  DiscreteTraining training = toy_diffusion(40);
  training.train.start_from = folder.path();
  training.seed = 99;
  const auto trainer = make_discrete_trainer(training);
  EXPECT_NEAR(
      value_of(trainer->validate(), "val/ce_80"), value_of(taught->validate(), "val/ce_80"), 1e-5);

  folder.write("tokenizer/tokens.tsv", "other");
  test::expect_error(ErrorCode::kInvalidArgument, "are not those of model.tokenizer", [&] {
    make_discrete_trainer(training);
  });
  training.train.start_from = trained_codec();
  test::expect_error(
      ErrorCode::kNotFound, "no transformer there", [&] { make_discrete_trainer(training); });
}

TEST(DiscreteTrainer, ResumesBitForBit) {
  expect_resumes_bit_for_bit([] { return make_discrete_trainer(toy_diffusion(30)); });
}

TEST(DiscreteTrainer, ResumesBitForBitWithImportanceSampling) {
  expect_resumes_bit_for_bit([] {
    DiscreteTraining training = toy_diffusion(30);
    training.model.transition.steps = 3;  // every t is met more than ten times before step 15
    training.objective.time_sampler = "importance";
    return make_discrete_trainer(training);
  });
}

TEST(DiscreteTrainer, LearnsEightCaptions) {
  for (const char* kind : {"masked-ce", "vb"}) {
    DiscreteTraining training = toy_diffusion(220);
    training.objective.kind = kind;
    training.train.learning_rate = 3e-3;
    training.train.schedule = "cosine";
    const auto trainer = make_discrete_trainer(training);
    const auto before = trainer->validate();
    // Twelve codes: log 12 = 2.5 nats when nothing is known. The caption fixes every token.
    EXPECT_GT(value_of(before, "val/ce_100"), 2.0) << kind;
    losses(*trainer, 1, 220);
    const auto after = trainer->validate();
    EXPECT_LT(value_of(after, "val/ce_100"), 0.1) << kind;
    EXPECT_LT(value_of(after, "val/bits_per_token"), 0.5) << kind;

    // What it draws for a caption is that caption's picture.
    const at::Tensor sheet = trainer->samples().front().second;
    const at::Tensor wanted = sheet.narrow(2, 0, 8);
    const at::Tensor drawn = sheet.narrow(2, 8, 8);
    EXPECT_LT((wanted - drawn).abs().mean().item<double>(), 0.15) << kind;
  }
}

TEST(DiscreteTrainer, CachedCodesGiveTheSameLosses) {
  const test::TemporaryFolder cache;
  const DiscreteTraining cached = toy_diffusion(10, cache.path());
  const auto trainer = make_discrete_trainer(cached);
  const auto plain = make_discrete_trainer(toy_diffusion(10));
  std::vector<float> by_cache;
  for (std::int64_t step = 1; step <= 10; ++step) {
    const data::Batch batch = cached.codes->fetch(batch_of(step).indices, at::kCPU);
    EXPECT_EQ(batch.codes.defined(), step > 2) << step;  // sixteen samples, eight a step
    by_cache.push_back(trainer->step(batch, step).loss.item<float>());
  }
  EXPECT_EQ(by_cache, losses(*plain, 1, 10));
}

TEST(DiscreteTrainer, ExportsAModelThatThePipelineLoads) {
  const auto trainer = make_discrete_trainer(toy_diffusion(5));
  losses(*trainer, 1, 5);
  const test::TemporaryFolder folder;
  trainer->export_model(folder.path());
  const auto model = pipeline::load_pipeline(folder.path(), at::kCPU);
  EXPECT_EQ(model->card().name, "toy");
  EXPECT_EQ(model->card().sampling.steps, 5);
  EXPECT_EQ(model->facts().text_length, 6);
}

TEST(Codec, NamesThePlacesWhereNoneIs) {
  const test::TemporaryFolder folder;
  test::expect_error(
      ErrorCode::kNotFound, "no vqvae there", [&] { load_codec(folder.path(), at::kCPU); });
}

TEST(Trainer, ACheckpointOfAnotherModelIsRefused) {
  const test::TemporaryFolder folder;
  make_vqvae_trainer(toy_vqvae(30))->save(folder.path());
  VqVaeTraining wider = toy_vqvae(30);
  wider.model.base_channels = 16;
  test::expect_error(ErrorCode::kShapeMismatch, "the configured model needs", [&] {
    make_vqvae_trainer(wider)->resume(folder.path());
  });
}

}  // namespace
}  // namespace tessera::train
