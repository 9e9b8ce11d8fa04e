#include "diffusion/gaussian/editing.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/theory.h"
#include "tests/diffusion/gaussian/affine.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::named_schedule;
using test::number;

std::shared_ptr<GaussianDenoiser> best_for(const GaussianSchedule& schedule,
                                           double v,
                                           GaussianVariance kind = GaussianVariance::kLarge) {
  return make_gaussian_data_denoiser(
      schedule,
      {.mean = at::zeros({}, at::kDouble), .variance = at::full({}, v, at::kDouble)},
      {.variance = kind});
}

TEST(Inversion, MultipliesGaussianDataAsItMust) {
  const GaussianProcess q(named_schedule("linear1000"));
  for (const char* v : {"0.25", "1"}) {
    const auto denoiser = best_for(q.schedule(), std::stod(v));
    for (const std::int64_t steps : {10, 20, 50, 100, 200, 500, 1000}) {
      const std::string name =
          std::string("ddim_inversion/linear1000/v") + v + "/S" + std::to_string(steps);
      const io::Json& want = group(name);
      ChainOptions options{.threshold = {.threshold = "none"},
                           .plan = spaced_plan("leading", {.trained = 1000, .wanted = steps})};
      const at::Tensor one = at::ones({1, 1, 1, 1}, at::kDouble);
      const at::Tensor encoded = invert_ddim(q, *denoiser, one, options, InversionRule::kPublished);
      expect_close(encoded.item<double>(), number(want, "encode"), 1e-10, name);
      const auto sampler = make_gaussian_sampler("ddim");
      const at::Tensor decoded = run_gaussian_chain(
          {.process = q, .denoiser = *denoiser, .sampler = *sampler}, encoded, options, {});
      const double product = decoded.item<double>();
      expect_close(product / encoded.item<double>(), number(want, "decode"), 1e-10, name);
      expect_close(product, number(want, "product"), 1e-10, name);
      expect_close((1.0 - product) * (1.0 - product), number(want, "rel_mse"), 1e-8, name);
      std::vector<std::int64_t> times;
      for (auto time = options.plan.rbegin(); time != options.plan.rend(); ++time) {
        times.push_back(time->from);
      }
      const InversionFactors exact = inversion_factors(q.schedule(), std::stod(v), times);
      expect_close(exact.encode, number(want, "encode"), 1e-11, name);
      expect_close(exact.decode, number(want, "decode"), 1e-11, name);
    }
  }
}

TEST(Inversion, OfTheChainComesBackWithMoreSteps) {
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = best_for(q.schedule(), 0.25);
  const auto sampler = make_gaussian_sampler("ddim");
  double before = 1.0;
  for (const std::int64_t steps : {10, 50, 250, 1000}) {
    const ChainOptions options{.threshold = {.threshold = "none"}, .steps = steps};
    const at::Tensor x0 = at::full({1, 1, 1, 1}, 0.7, at::kDouble);
    const at::Tensor x_t = invert_ddim(q, *denoiser, x0, options);
    const at::Tensor back = run_gaussian_chain(
        {.process = q, .denoiser = *denoiser, .sampler = *sampler}, x_t, options, {});
    const double error = std::abs(back.item<double>() / 0.7 - 1.0);
    EXPECT_LT(error, 0.5 * before) << steps;
    before = error;
  }
  EXPECT_LT(before, 0.01);
}

TEST(Sharing, DecodesOfOneCanvasAreAlikeAsTheyMustBe) {
  // Two decodes from one x_t: correlation alpha_bar v / V, with the best variances.
  const GaussianProcess q(named_schedule("linear1000"));
  struct Row {
    std::int64_t t;
    double unit;
    double quarter;
  };
  constexpr Row kRows[] = {{125, 0.8461799376, 0.57899622925},
                           {250, 0.52408537383, 0.21587341995},
                           {500, 0.078587242882, 0.020877329546},
                           {750, 0.0033505504389, 8.3974782281e-4},
                           {1000, 4.0358297654e-5, 1.0089879821e-5}};
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const std::vector<TimeStep> whole = even_plan({.trained = 1000, .wanted = 1000});
  for (const double v : {1.0, 0.25}) {
    const auto denoiser = best_for(q.schedule(), v, GaussianVariance::kDiagonal);
    for (const Row& row : kRows) {
      const test::SeparateLaw law =
          test::separate_law({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                             {1, 1, 1},
                             {.threshold = {.threshold = "none"}, .plan = plan_from(whole, row.t)});
      const double total = noised_variance(q.schedule(), row.t, v);
      const double slope = law.slope[0].item<double>();
      // The chain adds s_1^2 less at the end, where its last step has no noise.
      const double missing = data_variance_given(q.schedule(), 1, v);
      const double noise = law.variance[0].item<double>() - slope * slope + missing;
      const double shared = slope * slope * total;
      expect_close(shared + noise, v, 1e-9, "variance of a decode");
      expect_close(shared / v, v == 1.0 ? row.unit : row.quarter, 1e-9, "correlation");
    }
  }
}

TEST(Mixing, ShrinksTheVarianceAsItMust) {
  // lambda = 1/2 of two independent x_t of N(0, 0.25).
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = best_for(q.schedule(), 0.25, GaussianVariance::kDiagonal);
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const std::vector<TimeStep> whole = even_plan({.trained = 1000, .wanted = 1000});
  const std::pair<std::int64_t, double> rows[] = {
      {125, 0.17762547134}, {250, 0.22301582251}, {500, 0.24739033381}, {1000, 0.24999873877}};
  for (const auto& [t, want] : rows) {
    const test::SeparateLaw law =
        test::separate_law({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                           {1, 1, 1},
                           {.threshold = {.threshold = "none"}, .plan = plan_from(whole, t)});
    const double slope = law.slope[0].item<double>();
    const double noise =
        law.variance[0].item<double>() - slope * slope + data_variance_given(q.schedule(), 1, 0.25);
    // What lerp_states makes of two unit canvases, one at a time.
    const at::Tensor one = at::ones({1, 1}, at::kDouble);
    const at::Tensor none = at::zeros({1, 1}, at::kDouble);
    const double a = lerp_states(one, none, 0.5).item<double>();
    const double b = lerp_states(none, one, 0.5).item<double>();
    const double total = noised_variance(q.schedule(), t, 0.25) * (a * a + b * b);
    expect_close(slope * slope * total + noise, want, 1e-9, "variance");
  }
}

TEST(Mixing, SlerpKeepsTheLength) {
  const at::Tensor a = at::tensor({3.0, 0.0, 1.0, 1.0}, at::kDouble).view({2, 2});
  const at::Tensor b = at::tensor({0.0, 3.0, 2.0, 2.0}, at::kDouble).view({2, 2});
  EXPECT_TRUE(at::allclose(slerp_states(a, b, 0.0), a));
  EXPECT_TRUE(at::allclose(slerp_states(a, b, 1.0), b));
  const at::Tensor middle = slerp_states(a, b, 0.5);
  const double half = 3.0 / std::sqrt(2.0);
  EXPECT_TRUE(at::allclose(
      middle, at::tensor({half, half, 1.5, 1.5}, at::kDouble).view({2, 2})));  // parallel: lerp
  expect_error(ErrorCode::kInvalidArgument, "lambda must be in [0, 1], got 1.5", [&] {
    slerp_states(a, b, 1.5);
  });
  expect_error(
      ErrorCode::kShapeMismatch, "one shape", [&] { lerp_states(a, b.narrow(0, 0, 1), 0.5); });
}

TEST(PlanFrom, BeginsWhereItIsTold) {
  const std::vector<TimeStep> plan = even_plan({.trained = 100, .wanted = 10});
  const std::vector<TimeStep> rest = plan_from(plan, 35);
  ASSERT_EQ(rest.size(), 4u);
  EXPECT_EQ(rest[0].from, 35);
  EXPECT_EQ(rest[0].to, 30);
  EXPECT_EQ(rest[3].to, 0);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rest[static_cast<std::size_t>(i)].index, i);
    EXPECT_EQ(rest[static_cast<std::size_t>(i)].count, 4);
  }
  EXPECT_EQ(plan_from(plan, 40).front().from, 40);
  EXPECT_EQ(plan_from(plan, 40).size(), 4u);
  EXPECT_EQ(plan_from(plan, 100).size(), 10u);
  // Calls that stay at a time are kept where the chain starts at it.
  const std::vector<TimeStep> calls = {
      {.from = 9, .to = 9}, {.from = 9, .to = 5}, {.from = 5, .to = 5}, {.from = 5, .to = 0}};
  EXPECT_EQ(plan_from(calls, 5).size(), 2u);
  EXPECT_EQ(plan_from(calls, 7).size(), 3u);
  EXPECT_EQ(plan_from(calls, 9).size(), 4u);
  EXPECT_EQ(plan_from(plan, 1).size(), 1u);
  expect_error(
      ErrorCode::kInvalidArgument, "start in 1..100, got 101", [&] { plan_from(plan, 101); });
  expect_error(ErrorCode::kInvalidArgument, "start in 1..100, got 0", [&] { plan_from(plan, 0); });
  EXPECT_EQ(time_of_strength(1000, 1.0), 1000);
  EXPECT_EQ(time_of_strength(1000, 0.75), 750);
  EXPECT_EQ(time_of_strength(1000, 1e-9), 1);
  for (const double strength : {0.0, 1.1, -0.5, double(NAN)}) {
    expect_error(ErrorCode::kInvalidArgument, "strength must be in (0, 1]", [&] {
      time_of_strength(1000, strength);
    });
  }
}

/// Law of the unknown coordinate, the known one held at 1: unit data with correlation 0.8, the best
/// variance in every step, the last too.
NormalLaw inpainted(const GaussianProcess& q, KnownRule rule) {
  const auto denoiser = make_gaussian_data_denoiser(
      q.schedule(),
      {.mean = at::zeros({2}, at::kDouble),
       .covariance = at::tensor({1.0, 0.8, 0.8, 1.0}, at::kDouble).view({2, 2})},
      {.variance = GaussianVariance::kDiagonal});
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const std::vector<TimeStep> plan = sampler->plan({.trained = q.steps(), .wanted = q.steps()});
  const std::int64_t steps = q.steps();
  const std::int64_t rows = 3 + 2 * steps;  // none, x_T, each step's own noise, each re-noising
  const KnownRegion known{.x0 = at::ones({1, 1, 1, 2}, at::kDouble),
                          .keep = at::tensor({1, 0}, at::kLong).to(at::kBool).view({1, 1, 1, 2}),
                          .rule = rule};
  const auto only = [&](std::int64_t row, std::int64_t place) {
    at::Tensor x = at::zeros({rows, 1, 1, 2}, at::kDouble);
    x.view({rows, 2})[row][place] = 1.0;
    return x;
  };
  ChainOptions options{.threshold = {.threshold = "none"}, .plan = plan};
  at::Tensor x = only(1, 1);
  x = impose_known(q, x, known, steps, only(2 + steps, 0));
  options.normals = [&](const at::Tensor&, const TimeStep& time) {
    return only(2 + time.index, 1);
  };
  // The last step's re-noise has no row: it puts the picture itself.
  options.on_step = [&](const ChainStep& step) {
    const at::Tensor normals =
        step.time.to == 0 ? at::zeros_like(step.x) : only(3 + steps + step.time.index, 0);
    return impose_known(q, step.x, known, step.time.to, normals);
  };
  const at::Tensor out =
      run_gaussian_chain({.process = q, .denoiser = *denoiser, .sampler = *sampler}, x, options, {})
          .view({rows, 2});
  EXPECT_TRUE(at::equal(out.select(1, 0), at::ones({rows}, at::kDouble)));
  const at::Tensor free = out.select(1, 1);
  // Noise of the last step, which the sampler leaves out: the unknown coordinate's s_1^2.
  const at::Tensor answer =
      denoiser->forward(at::zeros({1, 1, 1, 2}, at::kDouble), at::ones({1}, at::kLong), {});
  const double last = answer.flatten()[3].exp().item<double>();
  return {.mean = free[0].item<double>(),
          .variance = (free - free[0]).square().sum().item<double>() + last};
}

TEST(Inpainting, OfCorrelatedDataIsBiasedAsItMust) {
  // Holding the known part is not conditioning on it: the truth is 0.8 and 0.36.
  for (const char* schedule : {"linear1000", "cosine1000"}) {
    const GaussianProcess q(named_schedule(schedule));
    for (const auto& [key, rule] :
         {std::pair{"clamp", KnownRule::kClamp}, {"noised", KnownRule::kRenoise}}) {
      const std::string name = std::string("inpaint/") + schedule + "/" + key;
      const NormalLaw law = inpainted(q, rule);
      expect_close(law.mean, number(group(name), "mean"), 1e-9, name);
      expect_close(law.variance, number(group(name), "var"), 1e-9, name);
    }
  }
}

TEST(Inpainting, HoldsTheKnownPartOfTheSamePictureInAnyBatch) {
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = best_for(q.schedule(), 0.25);
  const auto sampler = make_gaussian_sampler("ddim");
  const KnownRegion known{.x0 = at::full({1, 2, 3, 3}, 0.25),
                          .keep = (at::arange(9, at::kLong).view({1, 1, 3, 3}) < 4)};
  const auto run = [&](std::int64_t first, std::int64_t count) {
    const nn::Noise noise{.rng = nn::Rng::of_run(3, first, count)};
    return run_gaussian_chain({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                              draw_prior(noise, {2, 3, 3}),
                              {.steps = 6, .on_step = hold_known(q, known, noise)},
                              noise);
  };
  const at::Tensor all = run(0, 3);
  EXPECT_TRUE(at::equal(all.narrow(0, 1, 2), run(1, 2)));
  const at::Tensor keep = known.keep.expand_as(all);
  EXPECT_TRUE((all.masked_select(keep) == 0.25).all().item<bool>());
  EXPECT_FALSE((all.masked_select(keep.logical_not()) == 0.25).any().item<bool>());
}

TEST(Inpainting, RefusesMasksThatDoNotFit) {
  const GaussianProcess q(named_schedule("toy5"));
  const at::Tensor x = at::zeros({2, 3, 4, 4});
  const auto refused = [&](const KnownRegion& known, ErrorCode code, const char* part) {
    expect_error(code, part, [&] { impose_known(q, x, known, 1, x); });
  };
  const at::Tensor keep = at::ones({1, 1, 4, 4}, at::kBool);
  refused({.x0 = x, .keep = keep.to(at::kFloat)},
          ErrorCode::kInvalidArgument,
          "must be bool (true = keep)");
  refused(
      {.x0 = x, .keep = at::ones({1, 1, 4, 5}, at::kBool)},
      ErrorCode::kShapeMismatch,
      "the mask must have the size of the canvas, [2, 3, 4, 4] (or one channel), got [1, 1, 4, 5]");
  refused({.x0 = x, .keep = at::ones({1, 2, 4, 4}, at::kBool)},
          ErrorCode::kShapeMismatch,
          "the mask must have the size");
  refused({.x0 = at::zeros({2, 3, 8, 8}), .keep = keep},
          ErrorCode::kShapeMismatch,
          "the known picture must have the size of the canvas");
  EXPECT_NO_THROW(impose_known(q, x, {.x0 = x.narrow(0, 0, 1), .keep = keep}, 1, x));
}

}  // namespace
}  // namespace tessera::diffusion
