// The sampling loop around denoisers whose answer is known.

#include <algorithm>
#include <stop_token>

#include <ATen/ATen.h>

#include "diffusion/discrete/sampler.h"
#include "tests/support/devices.h"
#include "tests/support/expect_error.h"
#include "tests/support/tiny_model.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;

/// Answers code `wanted` everywhere for rows with a caption and code `unwanted` for rows with the
/// null condition, whatever the canvas; remembers what it was asked.
class KnownDenoiser final : public diffusion::DiscreteDenoiser {
 public:
  struct Log {
    std::vector<std::int64_t> times{};
    std::vector<std::int64_t> rows{};  // prompts at each step
  };
  KnownDenoiser(std::int64_t codes,
                std::int64_t length,
                std::int64_t width,
                std::shared_ptr<Log> log)
      : codes_(codes), length_(length), width_(width), log_(std::move(log)) {}

  at::Tensor forward(const at::Tensor&, const at::Tensor&, const nn::Condition&) override {
    return {};
  }
  /// The null caption is told by tokens that no encoder makes.
  nn::Condition null_condition(std::int64_t batch) override {
    return {.tokens = at::full({batch, length_, width_}, 1000.0),
            .mask = at::ones({batch, length_}, at::kBool)};
  }
  std::unique_ptr<diffusion::PreparedDenoiser> make_prepared() override {
    return std::make_unique<Prepared>(codes_, log_);
  }

  static constexpr std::int64_t kWanted = 5;
  static constexpr std::int64_t kUnwanted = 9;

 private:
  class Prepared final : public diffusion::PreparedDenoiser {
   public:
    Prepared(std::int64_t codes, std::shared_ptr<Log> log) : codes_(codes), log_(std::move(log)) {}
    void prepare(const nn::Condition& condition) override {
      is_null_ = condition.tokens.select(1, 0).select(1, 0) == 1000.0;
    }
    void prepare(std::span<const std::int64_t> times) override {
      log_->times.assign(times.begin(), times.end());
    }
    at::Tensor step(const at::Tensor& x_t, std::int64_t) override {
      log_->rows.push_back(is_null_.size(0));
      const at::Tensor answer = at::where(is_null_, kUnwanted, kWanted).view({-1, 1, 1});
      const at::Tensor logits = at::zeros({is_null_.size(0), x_t.size(1), codes_});
      return logits.scatter(2, answer.expand({-1, x_t.size(1), 1}), 12.0);
    }

   private:
    std::int64_t codes_;
    std::shared_ptr<Log> log_;
    at::Tensor is_null_{};
  };

  std::int64_t codes_;
  std::int64_t length_;
  std::int64_t width_;
  std::shared_ptr<Log> log_;
};

struct Known {
  std::shared_ptr<KnownDenoiser::Log> log = std::make_shared<KnownDenoiser::Log>();
  std::unique_ptr<const Pipeline> pipeline = make();

 private:
  std::unique_ptr<const Pipeline> make() {
    const test::TinySizes sizes;
    Parts parts = test::make_tiny_parts(sizes);
    parts.denoiser =
        std::make_shared<KnownDenoiser>(sizes.codes, sizes.text_length, sizes.width, log);
    return assemble_pipeline(test::tiny_card(), std::move(parts), at::kCPU);
  }
};

std::unique_ptr<const Pipeline> make_tiny() {
  return assemble_pipeline(test::tiny_card(), test::make_tiny_parts(), at::kCPU);
}

text::Tokens tokens_of(const Pipeline& pipeline, const std::vector<std::string>& prompts) {
  return pipeline.table_tokenizer().encode(prompts, pipeline.facts().text_length);
}

struct Call {
  std::vector<std::uint64_t> seeds{1};
  std::string prompt = "a red apple";
  std::string negative{};
  SampleOptions options{};
  Start start{};
  StepHook hook{};
  std::stop_token stop{};
};

Sampled run(const Pipeline& pipeline, const Call& call = {}) {
  const std::vector<std::string> wanted(call.seeds.size(), call.prompt);
  const std::vector<std::string> unwanted(call.seeds.size(), call.negative);
  return pipeline.sample(tokens_of(pipeline, wanted),
                         tokens_of(pipeline, unwanted),
                         pipeline.resolve(call.options),
                         call.start,
                         {.rng = nn::Rng::of_seeds(call.seeds)},
                         call.hook,
                         call.stop);
}

double share_of(const at::Tensor& codes, std::int64_t code) {
  return (codes == code).to(at::kDouble).mean().item<double>();
}

TEST(VqPipeline, DrawsWhatTheDenoiserKnows) {
  for (const std::string& sampler : diffusion::discrete_sampler_names()) {
    for (const std::int64_t steps : {1, 3, 10}) {
      const Known known;
      const Sampled sampled =
          run(*known.pipeline, {.options = {.steps = steps, .sampler = sampler}});
      EXPECT_GT(share_of(sampled.codes, KnownDenoiser::kWanted), 0.95) << sampler << " " << steps;
      EXPECT_EQ(sampled.images.sizes(), at::IntArrayRef({1, 3, 16, 16}));
      EXPECT_LE(sampled.images.abs().max().item<double>(), 1.0);
      EXPECT_EQ(known.log->rows.size(), static_cast<std::size_t>(steps));
      EXPECT_EQ(known.log->times.size(), static_cast<std::size_t>(steps));
      EXPECT_EQ(known.log->times.front(), 10) << "the chain begins fully noised";
    }
  }
}

TEST(VqPipeline, GuidanceMixesTheCaptionAndTheNullCaption) {
  const Known known;
  EXPECT_GT(
      share_of(run(*known.pipeline, {.options = {.guidance = 1}}).codes, KnownDenoiser::kWanted),
      0.95);
  EXPECT_EQ(known.log->rows.front(), 1) << "one half is enough at scale 1";
  EXPECT_GT(
      share_of(run(*known.pipeline, {.options = {.guidance = 0}}).codes, KnownDenoiser::kUnwanted),
      0.95);
  EXPECT_GT(
      share_of(run(*known.pipeline, {.options = {.guidance = 3}}).codes, KnownDenoiser::kWanted),
      0.95);
  EXPECT_EQ(known.log->rows.back(), 2) << "both halves in one batch";
}

TEST(VqPipeline, EmptyPromptIsTheNullCaptionAndANegativePromptTakesItsPlace) {
  const Known known;
  EXPECT_GT(share_of(run(*known.pipeline, {.prompt = ""}).codes, KnownDenoiser::kUnwanted), 0.95);
  // With a negative prompt no half is the null caption: both answer "wanted".
  const Call both{.negative = "a blue bird", .options = {.guidance = 0}};
  EXPECT_GT(share_of(run(*known.pipeline, both).codes, KnownDenoiser::kWanted), 0.95);
}

TEST(VqPipeline, APictureDependsOnItsOwnSeedOnly) {
  const auto pipeline = make_tiny();
  for (const std::string& sampler : diffusion::discrete_sampler_names()) {
    const SampleOptions options{.sampler = sampler};
    const Sampled together = run(*pipeline, {.seeds = {7, 8, 9, 10}, .options = options});
    for (std::int64_t k = 0; k < 4; ++k) {
      const auto seed = static_cast<std::uint64_t>(7 + k);
      const Sampled alone = run(*pipeline, {.seeds = {seed}, .options = options});
      EXPECT_TRUE(alone.codes[0].equal(together.codes[k])) << sampler << " " << k;
      EXPECT_TRUE(alone.images[0].equal(together.images[k])) << sampler << " " << k;
    }
    EXPECT_FALSE(together.codes[0].equal(together.codes[1])) << sampler;
  }
}

/// In float32: a seed's codes are the CPU's, and its picture but for rounding.
TEST(VqPipeline, EveryDeviceDrawsTheSamePicture) {
  const auto here = make_tiny();
  for (const c10::Device device : test::devices()) {
    const auto there = assemble_pipeline(test::tiny_card(), test::make_tiny_parts(), device);
    for (const std::string& sampler : diffusion::discrete_sampler_names()) {
      for (const char* truncation : {"1", "0.85"}) {
        const Call wanted{.seeds = {7, 8, 9},
                          .options = {.sampler = sampler, .truncation = truncation}};
        const Sampled a = run(*here, wanted);
        const Sampled b = run(*there, wanted);
        EXPECT_TRUE(b.codes.cpu().equal(a.codes)) << device << ", " << sampler;
        EXPECT_LT((b.images.cpu() - a.images).abs().max().item<double>(), 1e-4) << device;
      }
    }
  }
}

TEST(VqPipeline, PromptAndSettingsMatter) {
  const auto pipeline = make_tiny();
  const at::Tensor base = run(*pipeline).codes;
  EXPECT_TRUE(run(*pipeline).codes.equal(base));
  EXPECT_FALSE(run(*pipeline, {.prompt = "the green fish"}).codes.equal(base));
  EXPECT_FALSE(run(*pipeline, {.negative = "the green fish"}).codes.equal(base));
  EXPECT_FALSE(run(*pipeline, {.options = {.guidance = 6}}).codes.equal(base));
  EXPECT_FALSE(run(*pipeline, {.options = {.truncation = "top1p"}}).codes.equal(base));
}

TEST(VqPipeline, KeptCodesStayAndTheRestIsDrawn) {
  for (const std::string& sampler : diffusion::discrete_sampler_names()) {
    const Known known;
    Start start{.codes = at::full({1, 64}, 2, at::kLong), .keep = at::zeros({1, 64}, at::kBool)};
    start.keep.slice(1, 0, 32).fill_(true);
    const at::Tensor codes =
        run(*known.pipeline, {.options = {.sampler = sampler}, .start = start}).codes;
    EXPECT_EQ(share_of(codes.slice(1, 0, 32), 2), 1.0) << sampler;
    EXPECT_GT(share_of(codes.slice(1, 32), KnownDenoiser::kWanted), 0.9) << sampler;
  }
}

TEST(VqPipeline, StrengthRunsAShareOfTheChain) {
  const Known known;
  const Start start{.codes = at::full({1, 64}, 2, at::kLong), .strength = 0.3};
  run(*known.pipeline, {.options = {.steps = 10}, .start = start});
  EXPECT_EQ(known.log->times, (std::vector<std::int64_t>{3, 2, 1}));
  // The tiniest share still runs the last stride.
  const Start least{.codes = start.codes, .strength = 1e-3};
  run(*known.pipeline, {.options = {.steps = 10}, .start = least});
  EXPECT_EQ(known.log->times, (std::vector<std::int64_t>{1}));
}

TEST(VqPipeline, SamplersAreTold) {
  const Known known;
  // 64 places, at most 4 of them a call, in 10 steps: more calls than steps.
  run(*known.pipeline,
      {.options = {.steps = 10, .sampler = "random-order", .tuning = {.tokens_a_call = 4}}});
  EXPECT_GE(known.log->rows.size(), 16u);
  EXPECT_EQ(known.log->times.size(), known.log->rows.size());
  EXPECT_EQ(known.log->times[0], 10);
  EXPECT_EQ(known.log->times[1], 10) << "asked again at the same time";
  // The tiny network is sure of something else where its answers are sharpened.
  const auto pipeline = make_tiny();
  const auto drawn = [&](double weight) {
    return run(*pipeline, {.options = {.sampler = "purity", .tuning = {.prior_weight = weight}}})
        .codes;
  };
  EXPECT_FALSE(drawn(0.0).equal(drawn(8.0)));
  EXPECT_TRUE(drawn(1.0).equal(drawn(-1.0))) << "its own default";
}

TEST(VqPipeline, TellsEachStepAndItsEstimate) {
  const Known known;
  std::vector<std::int64_t> steps;
  std::vector<double> masked;
  at::Tensor first;
  run(*known.pipeline,
      {.options = {.steps = 4}, .hook = [&](const StepView& view) {
         steps.push_back(view.step);
         EXPECT_EQ(view.total, 4);
         const CodeView state = view.codes();
         masked.push_back(share_of(state.codes, known.pipeline->facts().codec.codebook_size));
         EXPECT_GE(state.confidence.min().item<double>(), 0.0);
         EXPECT_LE(state.confidence.max().item<double>(), 1.0 + 1e-6);
         if (view.step == 1) first = view.decode();
       }});
  EXPECT_TRUE(std::is_sorted(masked.rbegin(), masked.rend())) << "masks only disappear";
  EXPECT_EQ(masked.back(), 0.0);
  EXPECT_EQ(steps, (std::vector<std::int64_t>{1, 2, 3, 4}));
  // Masked places are filled with the denoiser's best guess.
  const at::Tensor guess =
      known.pipeline->decode(at::full({1, 8, 8}, KnownDenoiser::kWanted, at::kLong));
  EXPECT_LT((first - guess).abs().mean().item<double>(), 0.2);
}

TEST(VqPipeline, StopsBetweenSteps) {
  const Known known;
  std::stop_source source;
  Call call{.options = {.steps = 10}, .stop = source.get_token()};
  call.hook = [&](const StepView& view) {
    if (view.step == 3) source.request_stop();
  };
  expect_error(ErrorCode::kCancelled, "after step 3", [&] { run(*known.pipeline, call); });
  EXPECT_EQ(known.log->rows.size(), 3u);
}

TEST(VqPipeline, ResolvesFromTheCardAndChecks) {
  const auto pipeline = make_tiny();
  const SampleOptions own = pipeline->resolve({});
  EXPECT_EQ(own.steps, 5);
  EXPECT_EQ(own.sampler, "ancestral");
  EXPECT_EQ(own.guidance, 2.0);
  EXPECT_EQ(pipeline->resolve({.steps = 10}).steps, 10);
  EXPECT_EQ(own.tuning.temperature, -1.0) << "ancestral does not look at it";
  EXPECT_EQ(pipeline->resolve({.sampler = "confidence"}).tuning.temperature, 4.5);
  EXPECT_EQ(pipeline->resolve({.sampler = "purity"}).tuning.prior_weight, 1.0);
  expect_error(ErrorCode::kInvalidArgument, "tokens_a_call", [&] {
    pipeline->resolve({.tuning = {.tokens_a_call = -1}});
  });
  expect_error(ErrorCode::kInvalidArgument, "1..10 for this model, got 11", [&] {
    pipeline->resolve({.steps = 11});
  });
  expect_error(ErrorCode::kInvalidArgument, "got -3", [&] { pipeline->resolve({.steps = -3}); });
  expect_error(ErrorCode::kInvalidArgument, "did you mean \"ancestral\"", [&] {
    pipeline->resolve({.sampler = "ancestrall"});
  });
  expect_error(ErrorCode::kInvalidArgument, "known: ancestral", [&] {
    pipeline->resolve({.sampler = "euler"});
  });
  expect_error(ErrorCode::kInvalidArgument, "guidance", [&] {
    pipeline->resolve({.guidance = std::nan("")});
  });
  expect_error(
      ErrorCode::kInvalidArgument, "guidance", [&] { pipeline->resolve({.guidance = 1e9}); });
  expect_error(ErrorCode::kInvalidArgument, "7q", [&] { pipeline->resolve({.truncation = "7q"}); });
}

TEST(VqPipeline, TheCardTunesTheSampler) {
  ModelCard card = test::tiny_card();
  card.sampling.sampler = "purity";
  card.sampling.tuning = {.revisits = 0.3, .prior_weight = 3.0, .tokens_a_call = 2};
  const auto pipeline = assemble_pipeline(card, test::make_tiny_parts(), at::kCPU);
  const SamplerOptions cards = pipeline->resolve({}).tuning;
  EXPECT_EQ(cards.revisits, 0.3);
  EXPECT_EQ(cards.prior_weight, 3.0);
  EXPECT_EQ(cards.tokens_a_call, 2);
  const SamplerOptions asked =
      pipeline->resolve({.tuning = {.revisits = 0.0, .prior_weight = 0.0, .tokens_a_call = 9}})
          .tuning;
  EXPECT_EQ(asked.revisits, 0.0);
  EXPECT_EQ(asked.prior_weight, 0.0);
  EXPECT_EQ(asked.tokens_a_call, 9);
}

TEST(VqPipeline, RefusesAStartThatDoesNotFit) {
  const auto pipeline = make_tiny();
  const auto with = [&](Start start) { run(*pipeline, {.start = std::move(start)}); };
  expect_error(ErrorCode::kShapeMismatch, "[1, 64]", [&] {
    with({.codes = at::zeros({1, 9}, at::kLong)});
  });
  expect_error(ErrorCode::kInvalidArgument, "need a picture", [&] { with({.strength = 0.5}); });
  expect_error(ErrorCode::kInvalidArgument, "strength", [&] {
    with({.codes = at::zeros({1, 64}, at::kLong), .strength = 0});
  });
  expect_error(ErrorCode::kShapeMismatch, "like the start", [&] {
    with({.codes = at::zeros({1, 64}, at::kLong), .keep = at::zeros({1, 8}, at::kBool)});
  });
}

TEST(VqPipeline, ACodecAloneReconstructsOnly) {
  Parts parts;
  parts.codec = test::make_tiny_parts().codec;
  const auto pipeline = assemble_pipeline(test::tiny_card(), std::move(parts), at::kCPU);
  EXPECT_FALSE(pipeline->facts().generates());
  const at::Tensor codes = pipeline->encode(at::zeros({2, 3, 32, 16}));
  EXPECT_EQ(codes.sizes(), at::IntArrayRef({2, 16, 8}));
  EXPECT_EQ(pipeline->decode(codes).sizes(), at::IntArrayRef({2, 3, 32, 16}));
  expect_error(ErrorCode::kNotFound, "reconstruct", [&] { pipeline->resolve({}); });
}

TEST(VqPipeline, RefusesPartsThatDoNotFit) {
  Parts parts = test::make_tiny_parts();
  parts.transition = diffusion::make_transition({.steps = 10}, 17);
  expect_error(ErrorCode::kShapeMismatch, "16 codes, the denoiser 17", [&] {
    assemble_pipeline(test::tiny_card(), std::move(parts), at::kCPU);
  });
}

}  // namespace
}  // namespace tessera::pipeline
