#include "diffusion/gaussian/bernoulli.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::number;

BernoulliProcess inverse(std::int64_t steps, double equilibrium) {
  return {make_gaussian_schedule({.kind = "inverse", .steps = steps}), equilibrium};
}
at::Tensor bit(double value) {
  return at::full({1, 1}, value, at::kDouble);
}
at::Tensor time(std::int64_t t) {
  return at::full({1}, t, at::kLong);
}
double posterior(const BernoulliProcess& q, std::int64_t t, double x_t, double x0) {
  return q.posterior(bit(x0), bit(x_t), time(t), time(t - 1)).item<double>();
}

TEST(Bernoulli, TablesAreThoseOf40Digits) {
  for (const std::string& name : test::groups_below("bernoulli/")) {
    int steps = 0;
    double p = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "bernoulli/T%d_p%lf", &steps, &p), 2);
    const BernoulliProcess q = inverse(steps, p);
    for (const auto& item : group(name).items()) {
      const std::int64_t t = std::stoll(item.key());
      const auto close = [&](double got, const char* key) {
        expect_close(
            got, number(item.value(), key), 1e-10, name + " t = " + item.key() + " " + key, 1e-15);
      };
      close(q.schedule().beta[static_cast<std::size_t>(t)], "beta");
      close(q.marginal(bit(1), time(t)).item<double>(), "q1_given1");
      close(q.marginal(bit(0), time(t)).item<double>(), "q1_given0");
      close(posterior(q, t, 1, 1), "post_11");
      close(posterior(q, t, 0, 1), "post_01");
      close(posterior(q, t, 1, 0), "post_10");
      close(posterior(q, t, 0, 0), "post_00");
    }
  }
}

TEST(Bernoulli, StridesComposeAndInvert) {
  const BernoulliProcess q(schedule_of_betas({0.1, 0.2, 0.3, 0.4}), 0.3);
  for (const double x : {0.0, 1.0}) {
    const at::Tensor early = q.marginal(bit(x), time(1));
    expect_close(q.forward(early, time(1), time(4)).item<double>(),
                 q.marginal(bit(x), time(4)).item<double>(),
                 1e-14,
                 "two strides");
    for (const double seen : {0.0, 1.0}) {
      // Bayes over the two values of x_1.
      const auto likelihood = [&](double x1) {
        const double p = q.forward(bit(x1), time(1), time(4)).item<double>();
        return seen == 1.0 ? p : 1.0 - p;
      };
      const double one = early.item<double>() * likelihood(1.0);
      const double zero = (1.0 - early.item<double>()) * likelihood(0.0);
      expect_close(q.posterior(bit(x), bit(seen), time(4), time(1)).item<double>(),
                   one / (one + zero),
                   1e-13,
                   "Bayes");
    }
  }
}

TEST(Bernoulli, TheBoundOfOneBitIsItsEntropy) {
  struct Case {
    double p;
    std::int64_t steps;
    double first;
    double middle;
  };
  constexpr Case kCases[] = {{0.2, 2, 0.59913816397, 0.12278993092},
                             {0.2, 10, 0.23031374846, 0.49161434643},
                             {0.2, 100, 0.039455117198, 0.68247297769},
                             {0.5, 10, 0.28639695712, 0.71360304288},
                             {0.9, 10, 0.17115373906, 0.29784185453}};
  for (const Case& c : kCases) {
    const BernoulliProcess q = inverse(c.steps, 0.5);
    double first = 0, middle = 0;
    for (std::int64_t t = 1; t <= c.steps; ++t) {
      for (const double seen : {0.0, 1.0}) {
        const auto probability = [&](double x0) {
          const double p = q.marginal(bit(x0), time(t)).item<double>();
          return (x0 == 1.0 ? c.p : 1.0 - c.p) * (seen == 1.0 ? p : 1.0 - p);
        };
        const double mass = probability(0.0) + probability(1.0);
        const at::Tensor given = bit(probability(1.0) / mass);  // the best network's answer
        const at::Tensor reverse = q.reverse(given, bit(seen), time(t), time(t - 1));
        for (const double x0 : {0.0, 1.0}) {
          const double kl =
              bernoulli_kl(q.posterior(bit(x0), bit(seen), time(t), time(t - 1)), reverse)
                  .item<double>();
          (t == 1 ? first : middle) += probability(x0) * kl / std::log(2.0);
        }
      }
    }
    // At t = 1 the posterior is x_0 itself, so its KL is -log p(x_0 | x_1).
    expect_close(first, c.first, 1e-9, "L_0");
    expect_close(middle, c.middle, 1e-9, "sum");
    expect_close(first + middle,
                 bernoulli_entropy(bit(c.p)).item<double>() / std::log(2.0),
                 1e-12,
                 "entropy");
  }
}

// Heartbeats: a 1 in every fifth of 20 places, five phases equally likely. Only how many ones each
// phase's four places hold matters; phases other than the true one are alike, so the counts of
// those four are taken in ascending order, times the number of orders.
struct Counts {
  int own = 0;
  int others[4] = {0, 0, 0, 0};
  double ways = 0.0;  // of the 20 places to hold them
};

double choose4(int n) {
  constexpr double kChoose[] = {1, 4, 6, 4, 1};
  return kChoose[n];
}

std::vector<Counts> all_counts() {
  std::vector<Counts> all;
  for (int own = 0; own <= 4; ++own) {
    for (int code = 0; code < 625; ++code) {
      Counts c{.own = own, .others = {code % 5, code / 5 % 5, code / 25 % 5, code / 125}};
      if (!std::is_sorted(c.others, c.others + 4)) continue;
      double orders = 24.0;
      for (int i = 0, run = 1; i < 4; ++i) {
        run = i > 0 && c.others[i] == c.others[i - 1] ? run + 1 : 1;
        orders /= run;
      }
      c.ways = orders * choose4(own);
      for (const int n : c.others) c.ways *= choose4(n);
      all.push_back(c);
    }
  }
  return all;
}

/// What a step needs: log odds of the two kinds of places, and the posteriors [x_t][x_0].
struct Step {
  double log_one[2], log_zero[2], posterior[2][2];
};

/// sum of KL over the 20 places for the best factorised reverse step, times P(counts).
double expected_kl(const Counts& c, const Step& s) {
  const int counts[] = {c.own, c.others[0], c.others[1], c.others[2], c.others[3]};
  double log_p[5];
  for (int phase = 0; phase < 5; ++phase) {
    log_p[phase] = 0.0;
    for (int k = 0; k < 5; ++k) {
      const int of = k == phase ? 1 : 0;
      log_p[phase] += counts[k] * s.log_one[of] + (4 - counts[k]) * s.log_zero[of];
    }
  }
  const double top = *std::max_element(log_p, log_p + 5);
  double mass = 0.0;
  for (const double l : log_p) mass += std::exp(l - top);
  double kl = 0.0;
  for (int phase = 0; phase < 5; ++phase) {
    const double weight = std::exp(log_p[phase] - top) / mass;
    for (int seen = 0; seen < 2; ++seen) {
      const double f = weight * s.posterior[seen][1] + (1.0 - weight) * s.posterior[seen][0];
      const double g = s.posterior[seen][phase == 0 ? 1 : 0];
      const int places = seen == 1 ? counts[phase] : 4 - counts[phase];
      if (places == 0) continue;
      kl += places * ((g > 0.0 ? g * std::log(g / f) : 0.0) +
                      (g < 1.0 ? (1.0 - g) * std::log((1.0 - g) / (1.0 - f)) : 0.0));
    }
  }
  return c.ways * std::exp(log_p[0]) * kl;
}

TEST(Bernoulli, TheBestHeartbeatModel) {
  const std::vector<Counts> counts = all_counts();
  for (const std::string& name : test::groups_below("heartbeat/")) {
    int steps = 0;
    double p = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "heartbeat/T%d_p%lf", &steps, &p), 2);
    const BernoulliProcess q = inverse(steps, p);
    // Every t at once: rows are times, columns (x_t, x_0).
    const at::Tensor t = at::arange(2, steps + 1, at::kLong);
    const at::Tensor x_t = at::tensor({0.0, 0.0, 1.0, 1.0}, at::kDouble).expand({steps - 1, 4});
    const at::Tensor x0 = at::tensor({0.0, 1.0, 0.0, 1.0}, at::kDouble).expand({steps - 1, 4});
    const at::Tensor post = q.posterior(x0, x_t, t, t - 1).contiguous();
    const at::Tensor one = q.marginal(x0.narrow(1, 0, 2), t).contiguous();
    double sum = 0.0;
    for (std::int64_t row = 0; row < steps - 1; ++row) {
      const double* g = post.data_ptr<double>() + 4 * row;
      const double* m = one.data_ptr<double>() + 2 * row;
      const Step step{.log_one = {std::log(m[0]), std::log(m[1])},
                      .log_zero = {std::log1p(-m[0]), std::log1p(-m[1])},
                      .posterior = {{g[0], g[1]}, {g[2], g[3]}}};
      for (const Counts& c : counts) sum += expected_kl(c, step);
    }
    expect_close(sum / std::log(2.0), number(group(name), "sum_kl_bits"), 1e-9, name);
    // K of Sohl-Dickstein et al. with p(x_0 | x_1) fixed: minus the sum, plus entropies.
    const auto entropy = [&](double x, std::int64_t at_time) {
      return bernoulli_entropy(q.marginal(bit(x), time(at_time))).item<double>();
    };
    const double k = -sum - 16 * entropy(0, 1) - 4 * entropy(1, 1) + 16 * entropy(0, steps) +
                     4 * entropy(1, steps) - 20 * bernoulli_entropy(bit(p)).item<double>();
    expect_close(k / std::log(2.0), number(group(name), "K_edge_bits"), 1e-9, name);
  }
}

TEST(Bernoulli, DrawsAndProducts) {
  const BernoulliProcess q = inverse(10, 0.2);
  const at::Tensor p = at::full({20000, 1}, 0.3, at::kDouble);
  const at::Tensor x = q.draw(p, nn::Rng::of_run(1, 0, 20000), 4);
  EXPECT_NEAR(x.mean().item<double>(), 0.3, 4.0 * std::sqrt(0.21 / 20000.0));
  EXPECT_TRUE(x.eq(0).logical_or(x.eq(1)).all().item<bool>());
  EXPECT_TRUE(at::equal(q.draw(p.narrow(0, 5, 3), nn::Rng::of_run(1, 5, 3), 4), x.narrow(0, 5, 3)));
  expect_close(multiply_bits(bit(0.6), bit(0.5)).item<double>(), 0.6, 1e-15, "even factor");
  expect_close(multiply_bits(bit(0.6), bit(0.8)).item<double>(), 0.48 / 0.56, 1e-15, "product");
  EXPECT_EQ(bernoulli_kl(bit(0.0), bit(0.0)).item<double>(), 0.0);
  EXPECT_EQ(bernoulli_kl(bit(0.5), bit(0.0)).item<double>(), INFINITY);
}

TEST(Bernoulli, RefusesWhatIsNoChain) {
  const GaussianSchedule s = schedule_of_betas({0.1});
  for (const double p : {0.0, 1.0, -0.2, double(NAN)}) {
    expect_error(ErrorCode::kInvalidArgument, "equilibrium must be in (0, 1)", [&] {
      BernoulliProcess(s, p);
    });
  }
  const BernoulliProcess q(s, 0.5);
  expect_error(ErrorCode::kShapeMismatch, "one shape", [&] {
    q.posterior(at::zeros({1, 2}), at::zeros({1, 3}), time(1), time(0));
  });
}

}  // namespace
}  // namespace tessera::diffusion
