#include "oracle.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

namespace tessera::diffusion::oracle {
namespace {

struct Kept {
  Real keep;
  Real mask;
};

Kept kept_at(const TransitionOptions& o, std::int64_t t) {
  if (t == 0) return {1.0L, 0.0L};
  const Real share = o.steps == 1 ? 1.0L : Real(t - 1) / Real(o.steps - 1);
  const Real u = Real(t) / Real(o.steps);
  Kept r{};
  if (o.schedule == "linear-mask") {
    r = {1.0L - u, u};
  } else if (o.schedule == "cosine-mask") {
    const Real c = std::sin(std::numbers::pi_v<Real> / 2 * u);
    r = {t == o.steps ? 0.0L : 1.0L - c, t == o.steps ? 1.0L : c};
  } else {
    r.keep = o.keep_start + share * (Real(o.keep_end) - o.keep_start);
    r.mask = o.mask_start + share * (Real(o.mask_end) - o.mask_start);
    if (o.schedule == "uniform-only") r.mask = 0.0L;
  }
  if (o.kind == "absorbing") r.keep = 1.0L - r.mask;
  if (o.kind == "uniform") r.mask = 0.0L;
  return r;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), Vector(b.front().size(), 0.0L));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < b.size(); ++k)
      for (std::size_t j = 0; j < b.front().size(); ++j) c[i][j] += a[i][k] * b[k][j];
  return c;
}

}  // namespace

Chain make_chain(const TransitionOptions& options, std::int64_t codes) {
  Chain chain{.label = options.kind + " " + options.schedule + " K" + std::to_string(codes) + " T" +
                       std::to_string(options.steps),
              .options = options,
              .codes = codes,
              .one_step = {}};
  const bool has_mask = options.kind != "uniform";
  const auto k = static_cast<std::size_t>(codes);
  for (std::int64_t t = 1; t <= options.steps; ++t) {
    const Kept before = kept_at(options, t - 1);
    const Kept now = kept_at(options, t);
    const Real alpha = now.keep / before.keep;
    const Real gamma = 1.0L - (1.0L - now.mask) / (1.0L - before.mask);
    Real beta = (1.0L - alpha - gamma) / Real(codes);
    if (beta < 1e-17L) beta = 0.0L;
    Matrix q(k + (has_mask ? 1 : 0), Vector(k + (has_mask ? 1 : 0), beta));
    for (std::size_t i = 0; i < k; ++i) {
      q[i][i] = alpha + beta;
      if (has_mask) {
        q[i][k] = gamma;
        q[k][i] = 0.0L;
        q[k][k] = 1.0L;
      }
    }
    chain.one_step.push_back(q);
  }
  return chain;
}

Matrix Chain::between(std::size_t early, std::size_t late) const {
  Matrix m(states(), Vector(states(), 0.0L));
  for (std::size_t i = 0; i < states(); ++i) m[i][i] = 1.0L;
  for (std::size_t t = early; t < late; ++t) m = product(m, one_step[t]);
  return m;
}

Vector Chain::posterior(const Vector& p_x0, std::size_t x_t, std::size_t t, std::size_t s) const {
  const Matrix q_s = between(0, s);
  const Matrix q_t = between(0, t);
  const Matrix q_st = between(s, t);
  Vector out(states(), 0.0L);
  for (std::size_t k = 0; k < p_x0.size(); ++k) {
    if (q_t[k][x_t] == 0.0L) continue;
    for (std::size_t j = 0; j < states(); ++j) {
      out[j] += p_x0[k] * q_s[k][j] * q_st[j][x_t] / q_t[k][x_t];
    }
  }
  return out;
}

TransitionOptions friendly(std::int64_t steps) {
  return {.steps = steps, .keep_start = 0.9, .keep_end = 0.1, .mask_start = 0.05, .mask_end = 0.8};
}

TransitionOptions paper(std::int64_t steps) {
  const double t = static_cast<double>(steps);
  return {.steps = steps,
          .keep_start = 1.0 - 1.0 / t,
          .keep_end = 0.0,
          .mask_start = 0.9 / t,
          .mask_end = 0.9};
}

std::vector<Chain> all_chains() {
  const auto options = [](const char* kind, const char* schedule, std::int64_t steps) {
    TransitionOptions o{.kind = kind, .schedule = schedule, .steps = steps};
    return o;
  };
  std::vector<Chain> chains{
      make_chain(friendly(4), 3), make_chain(friendly(7), 5), make_chain(paper(6), 4)};
  for (const std::int64_t steps : {1, 2, 6}) {
    chains.push_back(make_chain(options("mask-and-replace", "alpha1", steps), 4));
    chains.push_back(make_chain(options("mask-and-replace", "linear-mask", steps), 3));
    chains.push_back(make_chain(options("mask-and-replace", "cosine-mask", steps), 2));
    chains.push_back(make_chain(options("mask-and-replace", "uniform-only", steps), 3));
    chains.push_back(make_chain(options("absorbing", "alpha1", steps), 3));
    chains.push_back(make_chain(options("absorbing", "cosine-mask", steps), 5));
    chains.push_back(make_chain(options("uniform", "alpha1", steps), 4));
    chains.push_back(make_chain(options("uniform", "linear-mask", steps), 2));
  }
  return chains;
}

double chi_square_p(const std::vector<double>& counts, const std::vector<double>& law) {
  double total = 0.0;
  for (const double n : counts) total += n;
  double pooled_count = 0.0;
  double pooled_expected = 0.0;
  double statistic = 0.0;
  std::int64_t cells = 0;
  const auto add = [&](double count, double expected) {
    statistic += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (std::size_t i = 0; i < law.size(); ++i) {
    const double expected = law[i] * total;
    if (law[i] < 1e-15 && counts[i] > 0.0) return 0.0;
    if (expected >= 5.0) {
      add(counts[i], expected);
    } else {
      pooled_count += counts[i];
      pooled_expected += expected;
    }
  }
  if (pooled_expected >= 1.0) add(pooled_count, pooled_expected);
  if (pooled_expected < 1.0 && pooled_count > 15.0) return 0.0;
  if (cells < 2) return 1.0;
  const auto half = [](double x) { return at::full({1}, 0.5 * x, at::kDouble); };
  return at::special_gammaincc(half(static_cast<double>(cells - 1)), half(statistic))
      .item<double>();
}

at::Tensor as_tensor(const Vector& v) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(v.size())}, at::kDouble);
  for (std::size_t i = 0; i < v.size(); ++i) {
    out[static_cast<std::int64_t>(i)] = static_cast<double>(v[i]);
  }
  return out;
}

}  // namespace tessera::diffusion::oracle
