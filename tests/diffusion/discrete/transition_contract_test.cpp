#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "diffusion/discrete/transition.h"
#include "diffusion/discrete/transitions/dense_transition.h"
#include "oracle.h"

// Every chain, in both implementations, against enumeration.
namespace tessera::diffusion {
namespace {

using oracle::Chain;
using oracle::Matrix;
using oracle::Vector;

at::Tensor as_tensor(const Matrix& m) {
  std::vector<at::Tensor> rows;
  for (const Vector& row : m) rows.push_back(oracle::as_tensor(row));
  return at::stack(rows);
}

at::Tensor times(std::size_t t) {
  return at::full({1}, static_cast<std::int64_t>(t), at::kLong);
}

void expect_near(const at::Tensor& got,
                 const at::Tensor& want,
                 double tolerance,
                 const std::string& what) {
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  const double gap = (got.to(at::kDouble) - want).abs().max().item<double>();
  EXPECT_LE(gap, tolerance) << what << "\ngot\n" << got << "\nwant\n" << want;
}

// Predictions with an equal, a skewed, a certain and a truncated distribution.
std::vector<Vector> predictions(std::int64_t codes) {
  const auto k = static_cast<std::size_t>(codes);
  Vector even(k, 1.0L / static_cast<oracle::Real>(k));
  Vector skewed(k);
  Vector certain(k, 0.0L);
  Vector truncated(k, 0.0L);
  oracle::Real sum = 0.0L;
  for (std::size_t i = 0; i < k; ++i)
    sum += skewed[i] = 1.0L / static_cast<oracle::Real>(i * i + 1);
  for (auto& p : skewed) p /= sum;
  certain[k - 1] = 1.0L;
  truncated[0] = 0.3L;
  truncated[1] = 0.5L;
  return {even, skewed, certain, truncated};
}

class TransitionContract : public ::testing::TestWithParam<Chain> {
 protected:
  const Chain& chain() const { return GetParam(); }
  std::unique_ptr<const Transition> closed() const {
    return make_transition(chain().options, chain().codes);
  }
  at::Tensor all_states() const {
    return at::arange(static_cast<std::int64_t>(chain().states()), at::kLong).unsqueeze(0);
  }
  template <typename Check>
  void for_both(const Check& check) const {
    const auto transition = closed();
    check(*transition);
    check(DenseTransition::twin_of(*transition));
  }
  template <typename Check>
  void for_all_strides(const Check& check) const {
    for (std::size_t t = 1; t <= chain().steps(); ++t)
      for (std::size_t s = 0; s < t; ++s) check(t, s);
  }
};

TEST_P(TransitionContract, DescribesItself) {
  for_both([&](const Transition& q) {
    EXPECT_EQ(q.steps(), static_cast<std::int64_t>(chain().steps()));
    EXPECT_EQ(q.codes(), chain().codes);
    EXPECT_EQ(q.states(), static_cast<std::int64_t>(chain().states()));
    EXPECT_EQ(q.mask_state().has_value(), q.states() == q.codes() + 1);
  });
}

TEST_P(TransitionContract, ForwardRatesAreTheMatrixProduct) {
  for_both([&](const Transition& q) {
    for (std::size_t t = 0; t <= chain().steps(); ++t) {
      for (std::size_t s = 0; s <= t; ++s) {
        const at::Tensor want = as_tensor(chain().between(s, t));
        const auto range =
            TimeRange{.early = static_cast<std::int64_t>(s), .late = static_cast<std::int64_t>(t)};
        if (s == t && t == chain().steps()) continue;
        expect_near(q.dense(range), want, 1e-12, "dense");
        const at::Tensor log_q = q.log_q(all_states(), times(s), times(t));
        expect_near(log_q.exp().squeeze(0), want, 1e-12, "log_q");
      }
    }
  });
}

/// Those that have a mask state.
class MaskedTransitionContract : public TransitionContract {};

std::vector<Chain> masked_chains() {
  std::vector<Chain> chains = oracle::all_chains();
  std::erase_if(chains, [](const Chain& chain) {
    return !make_transition(chain.options, chain.codes)->mask_state();
  });
  return chains;
}

TEST_P(MaskedTransitionContract, TheMaskStaysMasked) {
  const auto q = closed();
  ASSERT_TRUE(q->mask_state());
  const at::Tensor masked = at::full({1, 1}, *q->mask_state(), at::kLong);
  const at::Tensor p = q->log_q(masked, times(0), times(chain().steps())).exp();
  EXPECT_EQ(p[0][0][*q->mask_state()].item<double>(), 1.0);
  EXPECT_EQ(p.sum().item<double>(), 1.0);
}

TEST_P(TransitionContract, PosteriorIsBayesRule) {
  for_both([&](const Transition& q) {
    for_all_strides([&](std::size_t t, std::size_t s) {
      const Matrix q_t = chain().between(0, t);
      for (std::size_t x = 0; x < chain().states(); ++x) {
        for (const Vector& p : predictions(chain().codes)) {
          bool possible = true;
          for (std::size_t k = 0; k < p.size(); ++k) possible &= p[k] == 0.0L || q_t[k][x] > 0.0L;
          if (!possible) continue;
          const at::Tensor x_t = at::full({1, 1}, static_cast<std::int64_t>(x), at::kLong);
          const at::Tensor log_x0 = oracle::as_tensor(p).log().view({1, 1, -1});
          const at::Tensor want = oracle::as_tensor(chain().posterior(p, x, t, s)).view({1, 1, -1});
          const std::string what = concat(q.name(), " t ", t, " s ", s, " x_t ", x);
          expect_near(q.log_posterior(log_x0, x_t, times(t), times(s)).exp(), want, 2e-9, what);
          const at::Tensor single = log_x0.to(at::kFloat);
          const at::Tensor got = q.log_posterior(single, x_t, times(t), times(s));
          EXPECT_EQ(got.scalar_type(), at::kFloat);
          expect_near(got.exp(), want, 3e-6, what + " float32");
        }
      }
    });
  });
}

TEST_P(TransitionContract, TruePosteriorIsTheOneOfACertainPrediction) {
  for_both([&](const Transition& q) {
    for_all_strides([&](std::size_t t, std::size_t s) {
      const Matrix q_t = chain().between(0, t);
      for (std::size_t x = 0; x < chain().states(); ++x) {
        for (std::size_t k = 0; k < static_cast<std::size_t>(chain().codes); ++k) {
          if (q_t[k][x] == 0.0L) continue;
          Vector one_hot(static_cast<std::size_t>(chain().codes), 0.0L);
          one_hot[k] = 1.0L;
          const at::Tensor x_t = at::full({1, 1}, static_cast<std::int64_t>(x), at::kLong);
          const at::Tensor x_0 = at::full({1, 1}, static_cast<std::int64_t>(k), at::kLong);
          const at::Tensor got = q.log_true_posterior(x_0, x_t, times(t), times(s));
          const at::Tensor want = oracle::as_tensor(chain().posterior(one_hot, x, t, s));
          expect_near(got.exp().view({-1}), want, 2e-9, concat("t ", t, " s ", s, " x_t ", x));
          EXPECT_NEAR(got.exp().sum().item<double>(), 1.0, 1e-9);
        }
      }
    });
  });
}

// Whatever is asked, the possible and the impossible: a distribution with the mass of the
// prediction, and at s = 0 no mask.
TEST_P(TransitionContract, NeverNaNAndNeverLosesMass) {
  const auto q = closed();
  for_all_strides([&](std::size_t t, std::size_t s) {
    for (const Vector& p : predictions(chain().codes)) {
      const at::Tensor log_x0 =
          oracle::as_tensor(p).log().expand({1, q->states(), -1}).to(at::kFloat);
      const at::Tensor got = q->log_posterior(log_x0, all_states(), times(t), times(s)).exp();
      ASSERT_TRUE(got.isfinite().all().item<bool>()) << got;
      const at::Tensor mass = got.sum(-1) / log_x0.exp().sum(-1);
      EXPECT_LE((mass - 1.0).abs().max().item<double>(), 2e-5) << "t " << t << " s " << s << got;
      if (s == 0 && q->mask_state()) {
        EXPECT_EQ(got.select(-1, *q->mask_state()).max().item<double>(), 0.0);
      }
    }
    for (std::int64_t k = 0; k < q->codes(); ++k) {
      const at::Tensor x0 = at::full_like(all_states(), k);
      const at::Tensor truth = q->log_true_posterior(x0, all_states(), times(t), times(s)).exp();
      ASSERT_TRUE(truth.isfinite().all().item<bool>()) << truth;
      EXPECT_LE((truth.sum(-1) - 1.0).abs().max().item<double>(), 1e-9);
    }
  });
}

TEST_P(TransitionContract, RowsHaveTheirOwnTimes) {
  const auto q = closed();
  std::vector<std::int64_t> late;
  std::vector<std::int64_t> early;
  for_all_strides([&](std::size_t t, std::size_t s) {
    late.push_back(static_cast<std::int64_t>(t));
    early.push_back(static_cast<std::int64_t>(s));
  });
  const auto rows = static_cast<std::int64_t>(late.size());
  const at::Tensor t = at::tensor(late);
  const at::Tensor s = at::tensor(early);
  const at::Tensor x_t = all_states().expand({rows, -1});
  const at::Tensor log_x0 =
      oracle::as_tensor(predictions(chain().codes)[1]).log().expand({rows, q->states(), -1});
  const at::Tensor all = q->log_posterior(log_x0, x_t, t, s);
  for (std::int64_t b = 0; b < rows; ++b) {
    const auto one = [&](const at::Tensor& v) { return v.narrow(0, b, 1); };
    EXPECT_TRUE(at::equal(one(all), q->log_posterior(one(log_x0), one(x_t), one(t), one(s))));
  }
}

TEST_P(TransitionContract, DrawsHaveTheMarginalLaw) {
  constexpr std::int64_t kDraws = 4000;
  for_both([&](const Transition& q) {
    for (const std::int64_t t : {std::int64_t{1}, q.steps()}) {
      for (const std::int64_t k : {std::int64_t{0}, q.codes() - 1}) {
        const at::Tensor x0 = at::full({kDraws, 4}, k, at::kLong);
        const at::Tensor x_t =
            q.draw(x0, at::full({kDraws}, t, at::kLong), nn::Rng::of_run(7, 0, kDraws), 11);
        std::vector<double> counts(chain().states());
        std::vector<double> law(chain().states());
        const Vector row =
            chain().between(0, static_cast<std::size_t>(t))[static_cast<std::size_t>(k)];
        for (std::size_t j = 0; j < law.size(); ++j) {
          counts[j] = (x_t == static_cast<std::int64_t>(j)).sum().item<double>();
          law[j] = static_cast<double>(row[j]);
        }
        EXPECT_GT(oracle::chi_square_p(counts, law), 1e-6) << q.name() << " t " << t;
      }
    }
  });
}

TEST_P(TransitionContract, PriorIsADistributionNearTheEnd) {
  for_both([&](const Transition& q) {
    const at::Tensor prior = q.log_prior().exp();
    ASSERT_EQ(prior.size(0), q.states());
    EXPECT_NEAR(prior.sum().item<double>(), 1.0, 1e-12);
    const at::Tensor end = q.dense({.early = 0, .late = q.steps()}).narrow(0, 0, q.codes());
    const at::Tensor left = end.mean(0) - prior;  // averaged over x_0, nothing of it is left
    EXPECT_LE(left.abs().max().item<double>(), 2e-5) << q.name();
  });
}

std::string test_name(const ::testing::TestParamInfo<Chain>& info) {
  std::string name = concat(info.index, "_", info.param.label);
  for (char& c : name) {
    if (c == '-' || c == ' ') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Chains,
                         TransitionContract,
                         ::testing::ValuesIn(oracle::all_chains()),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Chains,
                         MaskedTransitionContract,
                         ::testing::ValuesIn(masked_chains()),
                         test_name);

TEST(ImpossibleEvidence, AVisibleCodeOfAnAbsorbingChainStays) {
  const auto q = make_transition({.kind = "absorbing", .schedule = "linear-mask", .steps = 4}, 3);
  const at::Tensor x_t = at::full({1, 1}, 2, at::kLong);
  const at::Tensor wrong = at::tensor({0.6, 0.4, 0.0}, at::kDouble).log().view({1, 1, 3});
  for (const std::size_t s : {0U, 2U}) {
    const at::Tensor p = q->log_posterior(wrong, x_t, times(3), times(s)).exp().view({-1});
    EXPECT_TRUE(at::allclose(p, at::tensor({0.0, 0.0, 1.0, 0.0}, at::kDouble))) << p;
  }
}

TEST(ImpossibleEvidence, AnUnreachableMaskSaysNothing) {
  const auto q = make_transition({.schedule = "uniform-only", .steps = 4, .keep_start = 0.9}, 3);
  const at::Tensor x_t = at::full({1, 1}, 3, at::kLong);
  const at::Tensor p0 = at::tensor({0.5, 0.3, 0.2}, at::kDouble);
  const at::Tensor p = q->log_posterior(p0.log().view({1, 1, 3}), x_t, times(3), times(2)).exp();
  const at::Tensor forward = p0.matmul(q->dense({.early = 0, .late = 2}).narrow(0, 0, 3));
  EXPECT_TRUE(at::allclose(p.view({-1}), forward)) << p;
}

}  // namespace
}  // namespace tessera::diffusion
