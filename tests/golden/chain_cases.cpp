#include <algorithm>
#include <limits>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/loss.h"
#include "diffusion/discrete/rate_table.h"
#include "diffusion/discrete/sampler.h"
#include "tests/golden/conformance.h"
#include "tests/golden/recorded_chain.h"

namespace tessera::golden {
namespace {

using diffusion::Rates;
using diffusion::RateTable;
using diffusion::Transition;

/// What part of a stretch's rates a recorded table holds.
using Share = double (*)(const Rates&, double codes);
double keep_of(const Rates& r, double /*codes*/) {
  return r.keep;
}
double replace_of(const Rates& r, double codes) {
  return r.replace / codes;
}
double mask_of(const Rates& r, double /*codes*/) {
  return r.mask;
}

struct Table {
  const char* one_step;
  const char* cumulative;
  Share share;
};

at::Tensor rates_over(const Transition& chain, bool cumulative, Share share) {
  at::Tensor out = at::empty({chain.steps()}, at::kDouble);
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    const Rates rates = chain.rates()->between({.early = cumulative ? 0 : t - 1, .late = t});
    out[t - 1] = share(rates, static_cast<double>(chain.codes()));
  }
  return out;
}

at::Tensor every_state(const Transition& chain) {
  return at::arange(chain.states(), at::kLong).unsqueeze(0);
}

// analytic/: matrices and posteriors by enumeration, index t = our time t + 1, [to, from].

void check_matrices(const Recorded& in, const Transition& chain, Report& report) {
  const Table tables[] = {{"alpha", "cum_alpha", keep_of},
                          {"beta", "cum_beta", replace_of},
                          {"gamma", "cum_gamma", mask_of}};
  for (const Table& table : tables) {
    report.close(
        table.one_step, rates_over(chain, false, table.share), in[table.one_step], in.tolerance);
    report.close(
        table.cumulative, rates_over(chain, true, table.share), in[table.cumulative], in.tolerance);
  }
  std::vector<at::Tensor> one_step;
  std::vector<at::Tensor> cumulative;
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    one_step.push_back(chain.dense({.early = t - 1, .late = t}).t());
    cumulative.push_back(chain.dense({.early = 0, .late = t}).t());
  }
  report.close("one_step", at::stack(one_step), in["one_step"], in.tolerance);
  report.close("cumulative", at::stack(cumulative), in["cumulative"], in.tolerance);
}

/// What a posterior can be held to. Recorded rates of replacement are 1 - A - C in float64; where
/// next to nothing is replaced (1e-6 with the released constants), rounding alone leaves so much
/// of a ratio of two of them open: the recorded posteriors are 1e-10 off the exact rational ones.
double tolerance_of_ratios(const Recorded& in, const Transition& chain) {
  const double replaced = in["cum_beta"].min().item<double>() * static_cast<double>(chain.codes());
  return std::max(in.tolerance, std::numeric_limits<double>::epsilon() / replaced);
}

void check_posteriors(const Recorded& in, const Transition& chain, Report& report) {
  const double tolerance = tolerance_of_ratios(in, chain);
  const at::Tensor strided = in["posterior_strided"];  // [t, s + 1, x_t, x_s]
  const at::Tensor log_x0 = in["p_x0"].log().unsqueeze(0);
  at::Tensor got = at::full_like(strided, -1.0);
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    for (std::int64_t s = 0; s < t; ++s) {
      const at::Tensor log_p = chain.log_posterior(
          log_x0, every_state(chain), time_of_index(t - 1), time_of_index(s - 1));
      got[t - 1][s] = log_p.squeeze(0).exp();
    }
  }
  report.close("posterior_strided", got, strided, tolerance);

  const at::Tensor exact = in["posterior_true_one_step"];  // [t, x_0, x_t, x_s]
  const at::Tensor kl = in["kl_one_step"];                 // [t, x_0, x_t]
  at::Tensor got_exact = at::empty_like(exact);
  at::Tensor got_kl = at::empty_like(kl);
  const at::Tensor states = every_state(chain).t();  // a batch of them, one token each
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    const at::Tensor late = at::full({chain.states()}, t, at::kLong);
    for (std::int64_t k = 0; k < chain.codes(); ++k) {
      const at::Tensor x0 = at::full_like(states, k);
      got_exact[t - 1][k] = chain.log_true_posterior(x0, states, late, late - 1).squeeze(1).exp();
      got_kl[t - 1][k] =
          diffusion::discrete_loss(
              chain, {.x0 = x0, .x_t = states, .t = late, .logits = log_x0.transpose(0, 1)}, {})
              .bound;
    }
  }
  report.close("posterior_true_one_step", got_exact, exact, tolerance);
  report.close("kl_one_step", got_kl, kl, tolerance);
}

void run_analytic(const Recorded& in, Report& report) {
  const at::Tensor constants = in["constants"];
  const auto constant = [&](std::int64_t i) { return constants[i].item<double>(); };
  const auto chain = diffusion::make_transition({.steps = in["alpha"].size(0),
                                                 .keep_start = constant(0),
                                                 .keep_end = constant(1),
                                                 .mask_start = constant(2),
                                                 .mask_end = constant(3)},
                                                in["p_x0"].size(1));
  check_matrices(in, *chain, report);
  check_posteriors(in, *chain, report);
}

// diffusers-expected/posterior-*: the published scheduler in float32, tensors [B, classes, N].

/// Recorded tables are logarithms; the cumulative ones have the identity as their last entry.
void check_schedule(const Recorded& in, const Transition& chain, Report& report) {
  const Table tables[] = {{"log_at", "log_cumprod_at", keep_of},
                          {"log_bt", "log_cumprod_bt", replace_of},
                          {"log_ct", "log_cumprod_ct", mask_of}};
  for (const Table& table : tables) {
    const at::Tensor identity =
        at::full({1}, table.share(Rates{}, static_cast<double>(chain.codes())), at::kDouble);
    report.close(table.one_step,
                 rates_over(chain, false, table.share).log(),
                 in[table.one_step],
                 in.tolerance);
    report.close(table.cumulative,
                 at::cat({rates_over(chain, true, table.share), identity}).log(),
                 in[table.cumulative],
                 in.tolerance);
  }
}

void run_posterior(const Recorded& in, Report& report) {
  // "posterior-main" is of the folder "diffusers-tiny", "posterior-NAME" of "diffusers-tiny-NAME".
  const std::string stem = in.path().stem().string();
  const std::string name = stem.substr(stem.find('-') + 1);
  const auto chain =
      chain_of_scheduler(in.root / (name == "main" ? "diffusers-tiny" : "diffusers-tiny-" + name) /
                         "scheduler" / "scheduler_config.json");
  check_schedule(in, *chain, report);

  // Theirs is cut at a floor of -70, ours at -inf; the rate is the published default.
  const at::Tensor log_x0 = in["log_p_x0"].transpose(1, 2);
  const at::Tensor cut = in["log_p_x0_truncated"].transpose(1, 2);
  const at::Tensor own = diffusion::truncate(log_x0, diffusion::parse_truncation("top0.86r"));
  report.equal("classes that truncation keeps", own.isfinite(), cut > -69.0);
  report.close("log_p_x0_truncated", own.clamp_min(-70.0), cut, in.tolerance);

  const at::Tensor indices = in["timesteps"];
  for (std::int64_t i = 0; i < indices.size(0); ++i) {
    const auto index = indices[i].item<std::int64_t>();
    const auto check = [&](const char* what, const at::Tensor& log_p) {
      const at::Tensor got =
          chain->log_posterior(log_p, in["x_t"], time_of_index(index), time_of_index(index - 1));
      report.close(concat(what, " at index ", index),
                   got.exp(),
                   in[what][i].t().unsqueeze(0).exp(),
                   0.5 * in.tolerance);
    };
    check("log_posterior", log_x0);
    check("log_posterior_truncated", own);
  }
}

constexpr Case kChainCases[] = {{"analytic/*.safetensors", run_analytic},
                                {"diffusers-expected/posterior-*.safetensors", run_posterior}};

}  // namespace

std::span<const Case> chain_cases() {
  return kChainCases;
}

}  // namespace tessera::golden
