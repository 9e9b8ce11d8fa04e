#include "train/optimizers/adamw.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

/// AdamW as Loshchilov and Hutter write it (algorithm 2), one number at a time, float64.
struct Oracle {
  double weight = 0, first = 0, second = 0;
  int steps = 0;
  void step(double gradient, double rate, double decay, const OptimizerOptions& o) {
    ++steps;
    weight -= rate * decay * weight;
    first = o.beta1 * first + (1 - o.beta1) * gradient;
    second = o.beta2 * second + (1 - o.beta2) * gradient * gradient;
    const double m = first / (1 - std::pow(o.beta1, steps));
    const double v = second / (1 - std::pow(o.beta2, steps));
    weight -= rate * m / (std::sqrt(v) + o.epsilon);
  }
};

double gradient_of(int step, std::int64_t i) {
  return std::sin(0.7 * step + static_cast<double>(i)) * (i % 2 == 0 ? 1e-3 : 10.0);
}

TEST(AdamW, EqualsThePaperAndDecaysMatricesOnly) {
  const OptimizerOptions options{.beta1 = 0.9, .beta2 = 0.96, .weight_decay = 0.1};
  const at::Tensor matrix = at::linspace(-2, 2, 6, at::kDouble).view({2, 3});
  const at::Tensor bias = at::linspace(-1, 1, 3, at::kDouble);
  std::vector<Oracle> expected(9);
  for (std::int64_t i = 0; i < 6; ++i) {
    expected[static_cast<std::size_t>(i)].weight = matrix.flatten()[i].item<double>();
  }
  for (std::int64_t i = 0; i < 3; ++i) {
    expected[static_cast<std::size_t>(i + 6)].weight = bias[i].item<double>();
  }
  AdamW adamw({{"bias", bias}, {"matrix", matrix}}, options);
  for (int step = 1; step <= 12; ++step) {
    const double rate = 0.01 * step;
    const at::Tensor g = at::zeros({9}, at::kDouble);
    for (std::int64_t i = 0; i < 9; ++i) {
      g[i] = gradient_of(step, i);
      expected[static_cast<std::size_t>(i)].step(
          gradient_of(step, i), rate, i < 6 ? 0.1 : 0.0, options);
    }
    adamw.step({g.slice(0, 6, 9).clone(), g.slice(0, 0, 6).view({2, 3}).clone()}, rate);
  }
  for (std::int64_t i = 0; i < 9; ++i) {
    const double got = i < 6 ? matrix.flatten()[i].item<double>() : bias[i - 6].item<double>();
    EXPECT_NEAR(got, expected[static_cast<std::size_t>(i)].weight, 1e-6) << i;
  }
}

TEST(AdamW, StateRestoredGoesOnBitForBit) {
  const auto run = [](int break_at) {
    const at::Tensor w = at::ones({2, 2});
    auto adamw = std::make_unique<AdamW>(Parameters{{"w", w}}, OptimizerOptions{});
    for (int step = 1; step <= 6; ++step) {
      if (step == break_at) {
        TensorMap saved;
        for (const auto& [name, tensor] : adamw->state()) saved.emplace(name, tensor.clone());
        adamw = std::make_unique<AdamW>(Parameters{{"w", w}}, OptimizerOptions{});
        restore(adamw->state(), saved, "memory");
      }
      adamw->step({at::full({2, 2}, 0.1 * step)}, 0.05);
    }
    return w;
  };
  EXPECT_TRUE(run(0).equal(run(4)));
}

TEST(Optimizer, UnknownKindListsTheKnown) {
  test::expect_error(
      ErrorCode::kInvalidArgument, "adamw or muon", [] { make_optimizer({}, {.kind = "sgd"}); });
}

}  // namespace
}  // namespace tessera::train
