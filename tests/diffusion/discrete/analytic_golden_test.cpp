#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/loss.h"
#include "diffusion/discrete/schedule.h"
#include "diffusion/discrete/transition.h"
#include "io/state_dict.h"

// tests/data/diffusion/analytic.safetensors: explicit 6 x 6 matrices in float64, K = 5, T = 12,
// from an independent program. Its time index is ours less one, with -1 for the data.
namespace tessera::diffusion {
namespace {

constexpr std::int64_t kCodes = 5;
constexpr std::int64_t kSteps = 12;

class AnalyticGolden : public ::testing::TestWithParam<std::string> {
 protected:
  AnalyticGolden()
      : state_(
            io::read_state_dict(TESSERA_SOURCE_DIR "/tests/data/diffusion/analytic.safetensors")) {}
  at::Tensor golden(const std::string& name) const {
    return state_.tensors.at(GetParam() + "." + name);
  }
  TransitionOptions options() const {
    const at::Tensor c = golden("constants");
    const auto constant = [&](std::int64_t i) { return c[i].item<double>(); };
    return {.steps = kSteps,
            .keep_start = constant(0),
            .keep_end = constant(1),
            .mask_start = constant(2),
            .mask_end = constant(3)};
  }
  // [1, C, K] log p(x_0 | x_t), one row each x_t.
  at::Tensor log_x0() const { return golden("p_x0").log().unsqueeze(0); }
  at::Tensor all_states() const { return at::arange(kCodes + 1, at::kLong).unsqueeze(0); }

  io::StateDict state_;
};

at::Tensor time(std::int64_t t) {
  return at::full({1}, t, at::kLong);
}

double gap(const at::Tensor& got, const at::Tensor& want) {
  return (got - want).abs().max().item<double>();
}

TEST_P(AnalyticGolden, Rates) {
  const RateTable table(make_schedule(options()));
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    const Rates step = table.between({.early = t - 1, .late = t});
    EXPECT_NEAR(step.keep, golden("alpha")[t - 1].item<double>(), 1e-14);
    EXPECT_NEAR(step.replace / kCodes, golden("beta")[t - 1].item<double>(), 1e-14);
    EXPECT_NEAR(step.mask, golden("gamma")[t - 1].item<double>(), 1e-14);
  }
}

TEST_P(AnalyticGolden, StridedPosteriors) {
  const auto q = make_transition(options(), kCodes);
  const bool whole = state_.tensors.count(GetParam() + ".posterior_strided") > 0;
  for (std::int64_t t = whole ? 1 : kSteps; t <= kSteps; ++t) {
    const at::Tensor strided =
        whole ? golden("posterior_strided")[t - 1] : golden("posterior_strided_last");
    for (std::int64_t s = 0; s < t; ++s) {
      const at::Tensor got = q->log_posterior(log_x0(), all_states(), time(t), time(s)).exp();
      EXPECT_LE(gap(got.squeeze(0), strided[s]), 1e-9) << "t " << t << " s " << s;
    }
  }
}

TEST_P(AnalyticGolden, KlOfOneStep) {
  const auto q = make_transition(options(), kCodes);
  const at::Tensor want = golden("kl_one_step");  // [t, x_0, x_t]
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    for (std::int64_t k = 0; k < kCodes; ++k) {
      const at::Tensor states = all_states().transpose(0, 1);  // a batch of six, one token each
      const DiscreteLossInput in{.x0 = at::full_like(states, k),
                                 .x_t = states,
                                 .t = at::full({kCodes + 1}, t, at::kLong),
                                 .logits = log_x0().transpose(0, 1) + 3.0};
      const DiscreteLoss loss = discrete_loss(*q, in, {});
      EXPECT_LE(gap(loss.bound, want[t - 1][k]), 2e-8) << "t " << t << " x_0 " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Constants,
                         AnalyticGolden,
                         ::testing::Values("friendly", "released"),
                         [](const auto& chosen) { return chosen.param; });

TEST(AnalyticGoldenFriendly, TruePosteriors) {
  const auto state =
      io::read_state_dict(TESSERA_SOURCE_DIR "/tests/data/diffusion/analytic.safetensors");
  const auto q = make_transition(
      {.steps = kSteps, .keep_start = 0.9, .keep_end = 0.1, .mask_start = 0.05, .mask_end = 0.8},
      kCodes);
  const at::Tensor want = state.tensors.at("friendly.posterior_true_one_step");
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    for (std::int64_t k = 0; k < kCodes; ++k) {
      const at::Tensor x_t = at::arange(kCodes + 1, at::kLong).unsqueeze(0);
      const at::Tensor x_0 = at::full_like(x_t, k);
      const at::Tensor got = q->log_true_posterior(x_0, x_t, time(t), time(t - 1)).exp();
      EXPECT_LE(gap(got.squeeze(0), want[t - 1][k]), 1e-12) << "t " << t << " x_0 " << k;
    }
  }
}

}  // namespace
}  // namespace tessera::diffusion
