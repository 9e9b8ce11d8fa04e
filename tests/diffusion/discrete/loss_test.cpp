#include "diffusion/discrete/loss.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/transitions/dense_transition.h"
#include "oracle.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using oracle::Chain;
using oracle::Matrix;
using oracle::Real;
using oracle::Vector;

at::Tensor log_of(const std::vector<double>& p) {
  return at::tensor(p, at::kDouble).log();
}

/// Every (x_0, x_t) that can occur at time t, as a batch of one token each.
struct Pairs {
  DiscreteLossInput in{};
  std::vector<std::size_t> x0{};
  std::vector<std::size_t> x_t{};
};

Pairs all_pairs(const Chain& chain, std::size_t t, const at::Tensor& logits_of_state) {
  Pairs pairs;
  const Matrix q = chain.between(0, t);
  std::vector<std::int64_t> x0;
  std::vector<std::int64_t> x_t;
  for (std::size_t k = 0; k < static_cast<std::size_t>(chain.codes); ++k) {
    for (std::size_t j = 0; j < chain.states(); ++j) {
      if (q[k][j] == 0.0L) continue;
      pairs.x0.push_back(k);
      pairs.x_t.push_back(j);
      x0.push_back(static_cast<std::int64_t>(k));
      x_t.push_back(static_cast<std::int64_t>(j));
    }
  }
  pairs.in.x0 = at::tensor(x0).unsqueeze(1);
  pairs.in.x_t = at::tensor(x_t).unsqueeze(1);
  pairs.in.t =
      at::full({static_cast<std::int64_t>(x0.size())}, static_cast<std::int64_t>(t), at::kLong);
  pairs.in.logits = logits_of_state.index_select(0, at::tensor(x_t)).unsqueeze(1).clone();
  return pairs;
}

/// Logits [C, K] without any pattern; some far apart.
at::Tensor some_logits(const Chain& chain) {
  const auto c = static_cast<std::int64_t>(chain.states());
  const at::Tensor ramp = at::arange(c * chain.codes, at::kDouble).view({c, chain.codes});
  return (ramp * 2.399963).sin() * 4.0;
}

Real kl(const Vector& truth, const Vector& model) {
  Real sum = 0.0L;
  for (std::size_t j = 0; j < truth.size(); ++j) {
    if (truth[j] > 0.0L) sum += truth[j] * std::log(truth[j] / model[j]);
  }
  return sum;
}

Vector vector_of(const at::Tensor& row) {
  Vector v;
  for (std::int64_t i = 0; i < row.size(0); ++i) v.push_back(row[i].item<double>());
  return v;
}

class LossOverChains : public ::testing::TestWithParam<Chain> {};

TEST_P(LossOverChains, BoundIsTheKlOfTheWholePosteriors) {
  const Chain& chain = GetParam();
  const auto closed = make_transition(chain.options, chain.codes);
  const DenseTransition dense = DenseTransition::twin_of(*closed);
  for (std::size_t t = 1; t <= chain.steps(); ++t) {
    Pairs pairs = all_pairs(chain, t, some_logits(chain));
    const at::Tensor log_p = pairs.in.logits.log_softmax(-1);
    const DiscreteLoss loss = discrete_loss(*closed, pairs.in, {});
    const DiscreteLoss composed = discrete_loss(dense, pairs.in, {});
    DiscreteLossInput single = pairs.in;
    single.logits = single.logits.to(at::kFloat);
    const DiscreteLoss in_float = discrete_loss(*closed, single, {});
    for (std::size_t n = 0; n < pairs.x0.size(); ++n) {
      const auto row = static_cast<std::int64_t>(n);
      Vector p = vector_of(log_p[row][0].exp());
      const Matrix q = chain.between(0, t);
      for (std::size_t k = 0; k < p.size(); ++k) {
        if (q[k][pairs.x_t[n]] == 0.0L) p[k] = 0.0L;
      }
      Vector one_hot(p.size(), 0.0L);
      one_hot[pairs.x0[n]] = 1.0L;
      Vector model = chain.posterior(p, pairs.x_t[n], t, t - 1);
      Real mass = 0.0L;
      for (const Real m : model) mass += m;
      for (Real& m : model) m /= mass;  // 1, unless some x_0 cannot have led here
      const double want =
          static_cast<double>(kl(chain.posterior(one_hot, pairs.x_t[n], t, t - 1), model));
      EXPECT_NEAR(loss.bound[row].item<double>(), want, 2e-8) << "t " << t << " pair " << n;
      EXPECT_NEAR(in_float.bound[row].item<double>(), want, 2e-5) << "t " << t << " pair " << n;
      if (mass > 1.0L - 1e-12L) {
        EXPECT_NEAR(composed.bound[row].item<double>(), want, 2e-8) << "t " << t << " pair " << n;
      }
      const double nll = -log_p[row][0][static_cast<std::int64_t>(pairs.x0[n])].item<double>();
      EXPECT_NEAR(loss.auxiliary[row].item<double>(), nll, 1e-12);
      if (t == 1 && want > 0.0 && mass > 1.0L - 1e-12L) {
        EXPECT_NEAR(want, nll, 1e-8);
      }
      EXPECT_GE(loss.bound[row].item<double>(), -1e-12);
    }
  }
}

TEST_P(LossOverChains, GradientIsTheFiniteDifference) {
  const Chain& chain = GetParam();
  const auto closed = make_transition(chain.options, chain.codes);
  for (std::size_t t = 1; t <= chain.steps(); ++t) {
    const Pairs pairs = all_pairs(chain, t, some_logits(chain));
    const at::Tensor weights = at::linspace(0.5, 2.0, pairs.in.t.size(0), at::kDouble);
    const auto value = [&](const at::Tensor& logits) {
      DiscreteLossInput in = pairs.in;
      in.logits = logits;
      const DiscreteLoss loss = discrete_loss(*closed, in, {.auxiliary_weight = 0.3});
      return (weights * (loss.total + loss.bound)).sum();
    };
    at::Tensor logits = pairs.in.logits.detach().clone().set_requires_grad(true);
    value(logits).backward();
    const at::Tensor analytic = logits.grad();
    c10::NoGradGuard no_grad;
    constexpr double kStep = 1e-5;
    for (std::int64_t n = 0; n < logits.size(0); ++n) {
      for (std::int64_t j = 0; j < logits.size(2); ++j) {
        at::Tensor up = logits.clone();
        at::Tensor down = logits.clone();
        up[n][0][j] += kStep;
        down[n][0][j] -= kStep;
        const double slope = ((value(up) - value(down)) / (2 * kStep)).item<double>();
        EXPECT_NEAR(analytic[n][0][j].item<double>(), slope, 1e-7 * std::abs(slope) + 2e-8)
            << "t " << t << " pair " << n << " class " << j;
      }
    }
  }
}

// Softmax does not see a constant, so the gradient of every token adds up to zero; and a network
// that is sure, right or wrong, gives finite numbers.
TEST_P(LossOverChains, ExtremeLogitsStayFinite) {
  const Chain& chain = GetParam();
  const auto closed = make_transition(chain.options, chain.codes);
  for (const double height : {30.0, 300.0}) {
    for (std::size_t t = 1; t <= chain.steps(); ++t) {
      const at::Tensor sure = some_logits(chain).sign() * height;
      const Pairs pairs = all_pairs(chain, t, sure.to(at::kFloat));
      DiscreteLossInput in = pairs.in;
      in.logits.set_requires_grad(true);
      const DiscreteLoss loss = discrete_loss(*closed, in, {});
      EXPECT_TRUE(loss.total.isfinite().all().item<bool>()) << loss.total;
      loss.total.sum().backward();
      const at::Tensor grad = in.logits.grad();
      EXPECT_TRUE(grad.isfinite().all().item<bool>()) << grad;
      EXPECT_LE(grad.sum(-1).abs().max().item<double>(), 1e-4);
    }
  }
}

std::string test_name(const ::testing::TestParamInfo<Chain>& info) {
  std::string name = concat(info.index, "_", info.param.label);
  for (char& c : name) {
    if (c == '-' || c == ' ') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Chains,
                         LossOverChains,
                         ::testing::ValuesIn(oracle::all_chains()),
                         test_name);

// p(x_0) = (0.7, 0.2, 0.1), x_0 = 0, T = 4, lambda 5e-4, 1/p(t) = 4; computed independently.
TEST(DiscreteLoss, TheWorkedExample) {
  struct Row {
    std::int64_t t;
    std::int64_t x_t;  // 3 = mask
    double bound;
    double total;
  };
  const Row rows[] = {{1, 0, 0.35667494, 1.4281265},
                      {1, 3, 0.35667494, 1.4281265},
                      {2, 0, 0.14661484, 0.58770774},
                      {2, 1, 0.060650957, 0.24385219},
                      {2, 3, 0.21733646, 0.87059422},
                      {3, 0, 0.15879024, 0.63623097},
                      {3, 1, 0.060708707, 0.24390485},
                      {3, 3, 0.098791371, 0.39623551},
                      {4, 0, 0.18332348, 0.73418561},
                      {4, 1, 0.081168854, 0.3255671},
                      {4, 3, 0.048398959, 0.19448752}};
  const auto q = make_transition(oracle::friendly(4), 3);
  for (const Row& row : rows) {
    const DiscreteLossInput in{.x0 = at::zeros({1, 1}, at::kLong),
                               .x_t = at::full({1, 1}, row.x_t, at::kLong),
                               .t = at::full({1}, row.t, at::kLong),
                               .logits = log_of({0.7, 0.2, 0.1}).view({1, 1, 3}) - 2.0};
    const DiscreteLoss loss = discrete_loss(*q, in, {});
    EXPECT_NEAR(loss.bound.item<double>(), row.bound, 1e-8);
    EXPECT_NEAR(4.0 * loss.total.item<double>(), row.total, 1e-7);
    const DiscreteLoss plain = discrete_loss(*q, in, {.adaptive_auxiliary = false});
    EXPECT_NEAR(plain.total.item<double>(), row.bound + 5e-4 * 0.35667494, 1e-8);
  }
}

// With the exact p(x_0 | x_t) of independent tokens nothing is lost: the terms of the bound add up
// to the entropy plus what the prior misses, whatever the schedule (identity D1). Bits, K = 4.
struct Budget {
  const char* label;
  TransitionOptions options;
  double first;  // t = 1
  double rest;   // t >= 2
  double prior;  // KL(q(x_T) || p(x_T)) averaged over x_0
  double total;
};

class EntropyBudget : public ::testing::TestWithParam<Budget> {};

TEST_P(EntropyBudget, TheBoundIsTheEntropy) {
  const Budget& budget = GetParam();
  const std::vector<double> law{0.5, 0.25, 0.15, 0.1};
  const auto q = make_transition(budget.options, 4);
  const std::int64_t states = q->states();
  double first = 0.0;
  double rest = 0.0;
  for (std::int64_t t = 1; t <= q->steps(); ++t) {
    const at::Tensor forward = q->dense({.early = 0, .late = t}).narrow(0, 0, 4);  // [x_0, x_t]
    const at::Tensor joint = forward * at::tensor(law, at::kDouble).unsqueeze(1);
    const at::Tensor exact = (joint / joint.sum(0)).t().log();  // [x_t, x_0]
    const at::Tensor x0 = at::arange(4, at::kLong).repeat_interleave(states).unsqueeze(1);
    const at::Tensor x_t = at::arange(states, at::kLong).repeat({4}).unsqueeze(1);
    const DiscreteLossInput in{.x0 = x0,
                               .x_t = x_t,
                               .t = at::full({4 * states}, t, at::kLong),
                               .logits = exact.index_select(0, x_t.view({-1})).unsqueeze(1)};
    const at::Tensor bound = discrete_loss(*q, in, {}).bound;
    const double nats = (bound * joint.reshape({-1})).sum().item<double>();
    (t == 1 ? first : rest) += bits_per_token(nats, 1);
  }
  const at::Tensor end = q->dense({.early = 0, .late = q->steps()}).narrow(0, 0, 4);
  const at::Tensor weight = end * at::tensor(law, at::kDouble).unsqueeze(1);
  const at::Tensor ratio = at::where(end > 0.0, end.log() - q->log_prior(), 0.0);
  const double prior = bits_per_token((weight * ratio).sum().item<double>(), 1);
  EXPECT_NEAR(first, budget.first, 1e-9);
  EXPECT_NEAR(rest, budget.rest, 1e-9);
  EXPECT_NEAR(prior, budget.prior, 1e-9);
  EXPECT_NEAR(first + rest + prior, budget.total, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Schedules,
                         EntropyBudget,
                         ::testing::Values(Budget{"paper4",
                                                  oracle::paper(4),
                                                  0.536418589828452,
                                                  1.206319058785215,
                                                  0.0,
                                                  1.7427376486136672},
                                           Budget{"paper10",
                                                  oracle::paper(10),
                                                  0.22624342832866773,
                                                  1.5164942202849994,
                                                  0.0,
                                                  1.7427376486136672},
                                           Budget{"paper100",
                                                  oracle::paper(100),
                                                  0.02520912394657846,
                                                  1.7175285246670886,
                                                  0.0,
                                                  1.7427376486136672},
                                           Budget{"released4",
                                                  {.steps = 4},
                                                  3.269334092810014e-05,
                                                  1.7426920670990216,
                                                  1.4968162683194162e-05,
                                                  1.742739728602633},
                                           Budget{"released10",
                                                  {.steps = 10},
                                                  3.269334092810014e-05,
                                                  1.7426920670990216,
                                                  1.4968162683194162e-05,
                                                  1.742739728602633},
                                           Budget{"released100",
                                                  {.steps = 100},
                                                  3.269334092810014e-05,
                                                  1.7426920670990216,
                                                  1.4968162683194162e-05,
                                                  1.742739728602633}),
                         [](const auto& chosen) { return chosen.param.label; });

TEST(DiscreteLoss, SumsTokensAndKeepsSamplesApart) {
  const auto q = make_transition(oracle::friendly(4), 3);
  const at::Tensor logits =
      (at::arange(2 * 5 * 3, at::kDouble) * 1.7).cos().view({2, 5, 3}).to(at::kFloat);
  const DiscreteLossInput in{.x0 = at::tensor({0, 1, 2, 0, 1, 2, 2, 1, 0, 0}).view({2, 5}),
                             .x_t = at::tensor({3, 1, 0, 3, 2, 2, 3, 1, 3, 3}).view({2, 5}),
                             .t = at::tensor({2, 4}),
                             .logits = logits};
  const DiscreteLoss whole = discrete_loss(*q, in, {});
  for (std::int64_t b = 0; b < 2; ++b) {
    double sum = 0.0;
    for (std::int64_t n = 0; n < 5; ++n) {
      const auto token = [&](const at::Tensor& v) { return v.narrow(0, b, 1).narrow(1, n, 1); };
      const DiscreteLossInput one{.x0 = token(in.x0),
                                  .x_t = token(in.x_t),
                                  .t = in.t.narrow(0, b, 1),
                                  .logits = token(in.logits)};
      sum += discrete_loss(*q, one, {}).total.item<double>();
    }
    EXPECT_NEAR(whole.total[b].item<double>(), sum, 1e-5);
  }
  DiscreteLossInput half = in;
  half.logits = logits.to(at::kBFloat16);
  const DiscreteLoss low = discrete_loss(*q, half, {});
  EXPECT_EQ(low.total.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(low.total, whole.total, 0.02, 0.02));
}

TEST(DiscreteLoss, RefusesShapesThatDoNotFit) {
  const auto q = make_transition({}, 8);
  const DiscreteLossInput in{.x0 = at::zeros({2, 3}, at::kLong),
                             .x_t = at::zeros({2, 3}, at::kLong),
                             .t = at::ones({2}, at::kLong),
                             .logits = at::zeros({2, 3, 8})};
  DiscreteLossInput bad = in;
  bad.logits = at::zeros({2, 3, 9});
  test::expect_error(ErrorCode::kShapeMismatch, "[B, N, 8]", [&] { discrete_loss(*q, bad, {}); });
  bad = in;
  bad.t = at::ones({3}, at::kLong);
  test::expect_error(ErrorCode::kShapeMismatch, "t [2]", [&] { discrete_loss(*q, bad, {}); });
}

TEST(BitsPerToken, Converts) {
  EXPECT_DOUBLE_EQ(bits_per_token(64.0 * 3.0 * std::numbers::ln2, 64), 3.0);
}

}  // namespace
}  // namespace tessera::diffusion
