// Gaussian sampling around denoisers whose answer is known, and around a tiny U-Net.

#include <cmath>
#include <stop_token>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/atomic_file.h"
#include "diffusion/gaussian/sampler.h"
#include "io/json_fields.h"
#include "pipeline/convert_model.h"
#include "pipeline/parts.h"
#include "pipeline/paths.h"
#include "pipeline/picture_space.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_gaussian.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;

/// Answers x_0 = `wanted` for rows with a caption and `unwanted` for rows with the null condition,
/// whatever x_t; remembers what it was asked.
class KnownDenoiser final : public diffusion::GaussianDenoiser {
 public:
  struct Log {
    std::vector<std::int64_t> times{};
    std::int64_t rows = 0;
  };
  static constexpr double kWanted = 0.5;
  static constexpr double kUnwanted = -0.25;

  explicit KnownDenoiser(std::shared_ptr<Log> log) : log_(std::move(log)) {}
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override {
    log_->rows += x_t.size(0);
    log_->times.push_back(t[0].item<std::int64_t>());
    const at::Tensor null = condition.tokens.select(1, 0).select(1, 0) == 1000.0;
    return at::where(null, kUnwanted, kWanted).view({-1, 1, 1, 1}).to(at::kFloat).expand_as(x_t);
  }
  /// The null caption is told by tokens that no encoder makes.
  nn::Condition null_condition(std::int64_t batch) override {
    const test::TinySizes sizes;
    return {.tokens = at::full({batch, sizes.text_length, sizes.width}, 1000.0),
            .mask = at::ones({batch, sizes.text_length}, at::kBool)};
  }
  diffusion::GaussianPrediction prediction() const override {
    return diffusion::GaussianPrediction::kData;
  }
  diffusion::GaussianVariance variance() const override {
    return diffusion::GaussianVariance::kSmall;
  }

 private:
  std::shared_ptr<Log> log_;
};

/// In pixel space, so that what comes out is x_0 itself.
struct Known {
  std::shared_ptr<KnownDenoiser::Log> log = std::make_shared<KnownDenoiser::Log>();
  std::unique_ptr<const Pipeline> pipeline = make();

 private:
  std::unique_ptr<const Pipeline> make() {
    GaussianParts parts = test::make_tiny_gaussian_parts();
    parts.codec.reset();
    parts.path.space = "pixel";
    parts.channels = 3;
    parts.denoiser = std::make_shared<KnownDenoiser>(log);
    return assemble_gaussian_pipeline(test::tiny_gaussian_card(), std::move(parts), at::kCPU);
  }
};

std::unique_ptr<const Pipeline> make_tiny() {
  return assemble_gaussian_pipeline(
      test::tiny_gaussian_card(), test::make_tiny_gaussian_parts(), at::kCPU);
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

at::Tensor run(const Pipeline& pipeline, const Call& call = {}) {
  const std::int64_t length = pipeline.facts().text_length;
  const std::vector<std::string> wanted(call.seeds.size(), call.prompt);
  const std::vector<std::string> unwanted(call.seeds.size(), call.negative);
  return pipeline
      .sample(pipeline.table_tokenizer().encode(wanted, length),
              pipeline.table_tokenizer().encode(unwanted, length),
              pipeline.resolve(call.options),
              call.start,
              {.rng = nn::Rng::of_seeds(call.seeds)},
              call.hook,
              call.stop)
      .images;
}

/// Samplers whose last step is the estimate itself.
std::vector<std::string> exact_samplers() {
  return {"ancestral", "ddim", "dpm-solver++"};
}

double away(const at::Tensor& images, double value) {
  return (images - value).abs().max().item<double>();
}

TEST(GaussianPipeline, DrawsWhatTheDenoiserKnows) {
  for (const std::string& sampler : exact_samplers()) {
    for (const std::int64_t steps : {1, 3, 20}) {
      const Known known;
      const at::Tensor images =
          run(*known.pipeline, {.options = {.steps = steps, .sampler = sampler, .guidance = 1}});
      EXPECT_EQ(images.sizes(), at::IntArrayRef({1, 3, 8, 8}));
      EXPECT_LT(away(images, KnownDenoiser::kWanted), 1e-5) << sampler << " " << steps;
      EXPECT_EQ(known.log->times.size(), static_cast<std::size_t>(steps));
      EXPECT_EQ(known.log->times.front(), 20) << "the chain begins fully noised";
    }
  }
}

TEST(GaussianPipeline, GuidanceMixesTheCaptionAndTheNullCaption) {
  constexpr double kWanted = KnownDenoiser::kWanted;
  constexpr double kNull = KnownDenoiser::kUnwanted;
  for (const double scale : {0.0, 1.0, 1.5}) {
    const Known known;
    const at::Tensor images = run(*known.pipeline, {.options = {.guidance = scale}});
    EXPECT_LT(away(images, kNull + scale * (kWanted - kNull)), 1e-5) << scale;
    EXPECT_EQ(known.log->rows, scale == 1.0 ? 6 : 12) << "one half is enough at scale 1";
  }
  const Known known;
  EXPECT_LT(away(run(*known.pipeline, {.prompt = "", .options = {.guidance = 1}}), kNull), 1e-5);
  const Call both{.negative = "a blue bird", .options = {.guidance = 0}};
  EXPECT_LT(away(run(*known.pipeline, both), kWanted), 1e-5) << "no half is the null caption";
}

TEST(GaussianPipeline, APictureDependsOnItsOwnSeedOnly) {
  const auto pipeline = make_tiny();
  for (const std::string& sampler : diffusion::gaussian_sampler_names()) {
    const SampleOptions options{.sampler = sampler,
                                .tuning = {.eta = sampler == "ddim" ? 0.5 : -1}};
    const at::Tensor together = run(*pipeline, {.seeds = {7, 8, 9}, .options = options});
    for (std::int64_t k = 0; k < 3; ++k) {
      const auto seed = static_cast<std::uint64_t>(7 + k);
      const at::Tensor alone = run(*pipeline, {.seeds = {seed}, .options = options});
      EXPECT_TRUE(alone[0].equal(together[k])) << sampler << " " << k;
    }
    EXPECT_FALSE(together[0].equal(together[1])) << sampler;
  }
}

TEST(GaussianPipeline, PromptAndSettingsMatter) {
  const auto pipeline = make_tiny();
  const at::Tensor base = run(*pipeline);
  EXPECT_TRUE(run(*pipeline).equal(base));
  EXPECT_FALSE(run(*pipeline, {.prompt = "the green fish"}).equal(base));
  EXPECT_FALSE(run(*pipeline, {.negative = "the green fish"}).equal(base));
  EXPECT_FALSE(run(*pipeline, {.options = {.guidance = 6}}).equal(base));
  EXPECT_FALSE(run(*pipeline, {.options = {.tuning = {.eta = 1}}}).equal(base));
}

/// A picture of noise, the left half of it to be kept.
Start half_of(std::int64_t side, std::int64_t grid) {
  const at::Tensor images =
      nn::Rng::of_run(5, 0, 1).uniform(Purpose::kExperiment, 0, {3, side, side}) * 2 - 1;
  at::Tensor keep = at::zeros({1, grid, grid}, at::kBool);
  keep.narrow(2, 0, grid / 2).fill_(true);
  return {.keep = keep.view({1, -1}), .images = images};
}

TEST(GaussianPipeline, KeptPlacesStayAndTheRestIsDrawn) {
  for (const std::string& sampler : exact_samplers()) {
    const Known known;
    const Start start = half_of(8, 8);
    const at::Tensor images =
        run(*known.pipeline, {.options = {.sampler = sampler, .guidance = 1}, .start = start});
    EXPECT_LT((images - start.images).narrow(3, 0, 4).abs().max().item<double>(), 1e-6) << sampler;
    EXPECT_LT(away(images.narrow(3, 4, 4), KnownDenoiser::kWanted), 1e-5) << sampler;
  }
}

TEST(GaussianPipeline, KeptLatentsAreThoseOfThePicture) {
  GaussianParts parts = test::make_tiny_gaussian_parts();
  parts.path.decoding = "direct";
  const PictureSpace space(parts.codec, parts.path);
  parts.codec->eval();
  const auto pipeline =
      assemble_gaussian_pipeline(test::tiny_gaussian_card(), std::move(parts), at::kCPU);
  Start start = half_of(16, 8);
  start.keep.fill_(true);
  const at::NoGradGuard no_grad;
  const at::Tensor kept = space.decode(space.encode(start.images));
  EXPECT_LT((run(*pipeline, {.start = start}) - kept).abs().max().item<double>(), 1e-5);
}

TEST(GaussianPipeline, StrengthRunsAShareOfTheChain) {
  const Known known;
  Start start = half_of(8, 8);
  start.keep = at::Tensor();
  start.strength = 0.25;
  run(*known.pipeline, {.options = {.steps = 20, .guidance = 1}, .start = start});
  EXPECT_EQ(known.log->times, (std::vector<std::int64_t>{5, 4, 3, 2, 1}));
}

TEST(GaussianPipeline, TellsEachStepAndItsEstimate) {
  const Known known;
  std::vector<std::int64_t> steps;
  at::Tensor first;
  const at::Tensor last = run(
      *known.pipeline, {.options = {.steps = 4, .guidance = 1}, .hook = [&](const StepView& view) {
                          steps.push_back(view.step);
                          EXPECT_EQ(view.total, 4);
                          EXPECT_FALSE(view.codes) << "there are none";
                          if (view.step == 1) first = view.decode();
                        }});
  EXPECT_EQ(steps, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_LT(away(first, KnownDenoiser::kWanted), 1e-5) << "the estimate, not the noise";
  const auto tiny = make_tiny();
  at::Tensor early;
  const at::Tensor made = run(*tiny, {.hook = [&](const StepView& view) {
    if (view.step == 1) early = view.decode();
  }});
  EXPECT_EQ(early.sizes(), made.sizes());
  EXPECT_LE(early.abs().max().item<double>(), 1.0);
  EXPECT_TRUE(run(*tiny).equal(made)) << "looking changes nothing";
}

TEST(GaussianPipeline, StopsBetweenSteps) {
  const Known known;
  std::stop_source source;
  Call call{.options = {.steps = 10, .guidance = 1}, .stop = source.get_token()};
  call.hook = [&](const StepView& view) {
    if (view.step == 3) source.request_stop();
  };
  expect_error(ErrorCode::kCancelled, "", [&] { run(*known.pipeline, call); });
  EXPECT_EQ(known.log->times.size(), 3u);
}

TEST(GaussianPipeline, ResolvesFromTheCardAndChecks) {
  const auto pipeline = make_tiny();
  const SampleOptions own = pipeline->resolve({});
  EXPECT_EQ(own.path, "gaussian");
  EXPECT_EQ(own.steps, 6);
  EXPECT_EQ(own.sampler, "ddim");
  EXPECT_EQ(own.guidance, 2.0);
  EXPECT_EQ(own.tuning.eta, 0.0);
  EXPECT_EQ(own.truncation, "1");
  EXPECT_EQ(pipeline->resolve({.sampler = "ancestral"}).tuning.eta, -1.0) << "does not look at it";
  ModelCard noisy = test::tiny_gaussian_card();
  noisy.gaussian_sampling.tuning.eta = 0.4;
  const auto other = assemble_gaussian_pipeline(noisy, test::make_tiny_gaussian_parts(), at::kCPU);
  EXPECT_EQ(other->resolve({}).tuning.eta, 0.4);
  EXPECT_EQ(other->resolve({.tuning = {.eta = 1.0}}).tuning.eta, 1.0);
  const auto refused = [&](const std::string& part, const SampleOptions& options) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] { pipeline->resolve(options); });
  };
  refused("1..20 on the Gaussian path", {.steps = 21});
  refused("did you mean \"ddim\"", {.sampler = "ddin"});
  refused("known: ", {.sampler = "confidence"});
  refused("guidance", {.guidance = std::nan("")});
  refused("truncation is of the path discrete", {.truncation = "0.86"});
  refused("eta", {.tuning = {.eta = 1.5}});
  refused("draw on the path gaussian", {.path = "discrete"});
}

TEST(GaussianPipeline, RefusesAStartThatDoesNotFit) {
  const auto pipeline = make_tiny();
  const auto with = [&](Start start) { run(*pipeline, {.start = std::move(start)}); };
  expect_error(ErrorCode::kShapeMismatch, "[1, 3, 16, 16]", [&] {
    with({.images = at::zeros({1, 3, 8, 8})});
  });
  expect_error(ErrorCode::kInvalidArgument, "need a picture", [&] { with({.strength = 0.5}); });
  expect_error(ErrorCode::kInvalidArgument, "not with codes", [&] {
    with({.codes = at::zeros({1, 64}, at::kLong)});
  });
  expect_error(ErrorCode::kShapeMismatch, "[1, 64]", [&] {
    with({.keep = at::zeros({1, 9}, at::kBool), .images = at::zeros({1, 3, 16, 16})});
  });
  GaussianParts parts = test::make_tiny_gaussian_parts();
  parts.side = 4;
  expect_error(ErrorCode::kShapeMismatch, "made for 4 channels of 4x4", [&] {
    assemble_gaussian_pipeline(test::tiny_gaussian_card(), std::move(parts), at::kCPU);
  });
}

TEST(PictureSpace, MeasuredLatentsHaveADeviationOfOne) {
  const at::NoGradGuard no_grad;
  const auto codec = make_tiny()->facts().codec;
  GaussianPathOptions options;
  const at::Tensor features =
      nn::Rng::of_run(1, 0, 50).normal(Purpose::kExperiment, 0, {codec.code_dim, 5, 5}) * 3.0 + 7.0;
  measure_latents(features, options);
  EXPECT_NEAR(options.latent_scale, 1.0 / 3.0, 0.02);
  EXPECT_NEAR(options.latent_mean.at(1), 7.0, 0.4);
  const auto parts = test::make_tiny_gaussian_parts();
  const PictureSpace space(parts.codec, options);
  const at::Tensor scaled = space.scaled(features).to(at::kDouble);
  EXPECT_NEAR(scaled.square().mean().item<double>(), 1.0, 1e-5);
  EXPECT_LT(scaled.mean({0, 2, 3}).abs().max().item<double>(), 1e-5);
}

TEST(PictureSpace, NearestCodesArePaintedAsTheCodecPaintsThem) {
  const at::NoGradGuard no_grad;
  const auto parts = test::make_tiny_gaussian_parts();
  parts.codec->eval();
  const PictureSpace space(parts.codec, parts.path);
  const at::Tensor images =
      nn::Rng::of_run(5, 0, 2).uniform(Purpose::kExperiment, 0, {3, 16, 16}) * 2 - 1;
  const at::Tensor wanted = parts.codec->decode(parts.codec->encode(images)).clamp(-1, 1);
  EXPECT_LT((space.decode(space.encode(images)) - wanted).abs().max().item<double>(), 1e-5);
}

TEST(Paths, OfAModelWithBoth) {
  const test::TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  const std::string discrete = read_model_card(folder.path()).fingerprint();
  expect_error(ErrorCode::kNotFound, "cannot draw on the path gaussian; it has: discrete", [&] {
    load_pipeline(folder.path(), at::kCPU, {.path = "gaussian"});
  });
  test::add_tiny_gaussian(folder.path());
  const ModelCard card = read_model_card(folder.path());
  EXPECT_EQ(card.paths(), (std::vector<std::string>{"discrete", "gaussian"}));
  EXPECT_EQ(card.gaussian_sampling.steps, 6);
  EXPECT_EQ(card.fingerprint(), discrete) << "another path is not this path's business";
  EXPECT_EQ(card.fingerprint("discrete"), discrete);
  EXPECT_NE(card.fingerprint("gaussian"), discrete);
  EXPECT_EQ(load_pipeline(folder.path(), at::kCPU)->facts().path, "discrete");
  const auto loaded = load_pipeline(folder.path(), at::kCPU, {.path = "gaussian"});
  EXPECT_EQ(loaded->facts().chain_steps, 20);
  // What was loaded draws what the parts in memory draw.
  EXPECT_TRUE(run(*loaded).equal(run(*make_tiny())));
  expect_error(ErrorCode::kInvalidArgument, "discrete or gaussian, got \"curved\"", [&] {
    load_pipeline(folder.path(), at::kCPU, {.path = "curved"});
  });

  // A part that is missing or of another model is one line.
  io::Json scheduler = io::read_json(folder.path() / kUNetSchedulerPart / "config.json");
  scheduler["steps"] = 30;
  io::write_json(folder.path() / kUNetSchedulerPart / "config.json", scheduler);
  write_model_card(folder.path(), card);
  expect_error(ErrorCode::kCorruptFile, "has 30 steps, the U-Net 20", [&] {
    load_pipeline(folder.path(), at::kCPU, {.path = "gaussian"});
  });
  std::filesystem::remove_all(folder.path() / kUNetPart);
  expect_error(ErrorCode::kNotFound, "unet", [&] {
    load_pipeline(folder.path(), at::kCPU, {.path = "gaussian"});
  });
}

TEST(Paths, TwoModelsOnOneCodecBecomeOne) {
  const test::TemporaryFolder folder;
  const auto place = [&](const char* name) { return folder.path() / name; };
  std::filesystem::create_directories(place("discrete"));
  std::filesystem::create_directories(place("both"));
  test::write_tiny_model(place("discrete"));
  test::write_tiny_model(place("both"));
  test::add_tiny_gaussian(place("both"));
  const ConvertOptions options{.reading = {.type = at::kFloat}, .with = place("both")};
  convert_model(place("discrete"), place("joined"), options);
  const ModelCard joined = read_model_card(place("joined"));
  EXPECT_EQ(joined.paths(), (std::vector<std::string>{"discrete", "gaussian"}));
  EXPECT_EQ(joined.gaussian_sampling.sampler, "ddim");
  const auto original = load_pipeline(place("both"), at::kCPU, {.path = "gaussian"});
  const auto copy = load_pipeline(place("joined"), at::kCPU, {.path = "gaussian"});
  EXPECT_TRUE(run(*copy).equal(run(*original)));

  std::filesystem::create_directories(place("other"));
  test::write_tiny_model(place("other"), {.seed = 9});
  expect_error(ErrorCode::kInvalidArgument, "different vqvae parts", [&] {
    convert_model(place("other"), place("never"), options);
  });
  EXPECT_FALSE(std::filesystem::exists(place("never")));
}

}  // namespace
}  // namespace tessera::pipeline
