// From logits to codes in one visit of a row, held to the way through log-probabilities.

#include "diffusion/discrete/prediction.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/sampler.h"
#include "tests/support/devices.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kCodes = 53;
constexpr std::int64_t kTokens = 70;  // more than one thread's share
constexpr std::int64_t kPictures = 3;
constexpr std::int64_t kSteps = 20;

nn::Noise some_noise() {
  return {.rng = nn::Rng::of_run(5, 0, kPictures), .recorded = {}};
}

at::Tensor some_logits(std::int64_t stream) {
  return nn::Rng::of_run(9, 0, kPictures)
             .normal(Purpose::kExperiment, stream, {kTokens, kCodes})
             .mul(3.0) +
         20.0;  // not normalised
}

struct Rule {
  double guidance = 1.0;
  Truncation truncation{};
};

std::vector<Rule> rules() {
  return {{},
          {.guidance = 2.0},
          {.guidance = 0.5},
          {.guidance = 0.0},
          {.guidance = 3.0, .truncation = {.rate = 0.86}},
          {.guidance = 1.0, .truncation = {.top_k = 7}}};
}

/// The logits in one piece a picture, as networks on the CPU answer, and the same normalised.
struct Both {
  explicit Both(const Rule& rule, c10::Device device = at::kCPU) {
    const at::Tensor wanted = some_logits(0).to(device);
    const at::Tensor unwanted = some_logits(1).to(device);
    std::vector<Logits> pieces;
    for (std::int64_t i = 0; i < kPictures; ++i) {
      pieces.push_back({.wanted = wanted.narrow(0, i, 1)});
      if (rule.guidance != 1.0) pieces.back().unwanted = unwanted.narrow(0, i, 1);
    }
    from_logits = Prediction(pieces, rule.guidance, rule.truncation);
    composed = Prediction(from_logits.log_p().clone());
  }
  Prediction from_logits{};
  Prediction composed{};
};

at::Tensor canvas(const Transition& q) {
  const at::Tensor u = some_noise().uniform(Purpose::kPrior, 0, {kTokens});
  return (u * static_cast<double>(q.states())).to(at::kLong);
}

/// A draw inverts at one number, and where that lies on the border of two codes rounding decides:
/// the fixed numbers of these tests meet none on the CPU, whose rounding is always the same.
double share_that_may_differ(c10::Device device) {
  return device.is_cpu() ? 0.0 : 0.01;
}

double share_that_differs(const at::Tensor& a, const at::Tensor& b) {
  return a.cpu().ne(b.cpu()).to(at::kDouble).mean().item<double>();
}

TEST(Prediction, DrawsTheSameCodesFromLogits) {
  for (const c10::Device device : test::devices()) {
    for (const Rule& rule : rules()) {
      const DrawKey key{.purpose = Purpose::kCandidate, .step = 3};
      const DrawnCodes got = Both(rule, device).from_logits.draw(some_noise(), key);
      const DrawnCodes want = Both(rule).composed.draw(some_noise(), key);
      EXPECT_EQ(got.codes.device(), device);
      EXPECT_LE(share_that_differs(got.codes, want.codes), share_that_may_differ(device))
          << device << ", guidance " << rule.guidance;
      const at::Tensor same = got.codes.cpu() == want.codes;
      EXPECT_TRUE(at::allclose(
          got.log_p.cpu().masked_select(same), want.log_p.masked_select(same), 1e-5, 1e-5))
          << device << ", guidance " << rule.guidance;
    }
  }
}

TEST(Prediction, TellsTheLikeliestAndDrawsFromPowersOfLogits) {
  const at::Tensor power = some_noise().uniform(Purpose::kExperiment, 7, {kTokens}) + 1.0;
  const DrawKey key{.purpose = Purpose::kCandidate, .step = 3};
  for (const c10::Device device : test::devices()) {
    for (const Rule& rule : rules()) {
      const Both both(rule, device);
      const Both here(rule);
      EXPECT_TRUE(
          at::allclose(both.from_logits.best_log_p().cpu(), here.composed.best_log_p(), 1e-5, 1e-5))
          << device << ", guidance " << rule.guidance;
      const DrawnCodes got = both.from_logits.draw(some_noise(), key, power.to(device));
      const DrawnCodes want = here.composed.draw(some_noise(), key, power);
      const DrawnCodes plain = here.composed.draw(some_noise(), key);
      EXPECT_LE(share_that_differs(got.codes, want.codes), share_that_may_differ(device))
          << device << ", guidance " << rule.guidance;
      EXPECT_GT(share_that_differs(plain.codes, want.codes), 0) << "the power counts";
    }
  }
}

TEST(Prediction, DrawsTheSamePosteriorFromLogits) {
  const std::vector<TimeStep> strides{
      {.from = kSteps, .to = kSteps - 1}, {.from = 11, .to = 4}, {.from = 5, .to = 0}, {1, 0}};
  for (const char* kind : {"mask-and-replace", "absorbing", "uniform"}) {
    const auto q = make_transition({.kind = kind, .steps = kSteps}, kCodes);
    for (const Rule& rule : rules()) {
      const Both both(rule);
      for (const TimeStep& time : strides) {
        const DrawKey key{.purpose = Purpose::kStep, .step = time.from};
        const at::Tensor x_t = canvas(*q);
        const at::Tensor want = both.composed.draw_posterior(*q, x_t, time, some_noise(), key);
        for (const c10::Device device : test::devices()) {
          const at::Tensor got =
              Both(rule, device)
                  .from_logits.draw_posterior(*q, x_t.to(device), time, some_noise(), key);
          EXPECT_EQ(got.device(), device);
          EXPECT_LE(share_that_differs(got, want), share_that_may_differ(device))
              << device << ", " << kind << ", " << time.from << " to " << time.to << ", guidance "
              << rule.guidance;
        }
      }
    }
  }
}

TEST(Prediction, SamplersWalkTheSameWay) {
  const auto q = make_transition({.steps = kSteps}, kCodes);
  for (const std::string& name : discrete_sampler_names()) {
    const auto sampler = make_discrete_sampler(name);
    const Both both({.guidance = 2.0, .truncation = {.rate = 0.9}});
    at::Tensor fused = at::full({kPictures, kTokens}, kCodes, at::kLong);
    at::Tensor composed = fused;
    for (const TimeStep& time : sampler->plan(*q, {.steps = 6, .tokens = kTokens})) {
      fused =
          sampler->step(*q, {.log_x0 = both.from_logits, .x_t = fused, .time = time}, some_noise());
      composed =
          sampler->step(*q, {.log_x0 = both.composed, .x_t = composed, .time = time}, some_noise());
      EXPECT_TRUE(at::equal(fused, composed)) << name << ", stride " << time.index;
    }
  }
}

TEST(Prediction, ReplaysRecordedNoiseByGumbelMax) {
  const Both both({.guidance = 2.0});
  nn::Noise noise = some_noise();
  noise.recorded = noise.uniform(Purpose::kExperiment, 0, {kTokens, kCodes});
  const at::Tensor want =
      (both.composed.log_p() + noise.gumbel(Purpose::kStep, 0, {kTokens, kCodes})).argmax(-1);
  EXPECT_TRUE(
      at::equal(both.from_logits.draw(noise, {.purpose = Purpose::kStep, .step = 0}).codes, want));
}

}  // namespace
}  // namespace tessera::diffusion
