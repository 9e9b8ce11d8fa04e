#include "eval/token_bits.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/discrete/loss.h"
#include "eval/mean_text.h"
#include "eval/text_table.h"
#include "nn/rng.h"

namespace tessera::eval {
namespace {

/// KL(q(x_T | x_0 = k) || p(x_T)) of every code k, [K] float64.
at::Tensor prior_of(const diffusion::Transition& transition) {
  constexpr std::int64_t kPiece = 256;
  const at::Tensor log_prior = transition.log_prior().to(at::kCPU, at::kDouble);
  std::vector<at::Tensor> parts;
  for (const at::Tensor& codes : at::arange(transition.codes(), at::kLong).split(kPiece)) {
    const at::Tensor zero = at::zeros({1}, at::kLong);
    const at::Tensor log_q =
        transition.log_q(codes.unsqueeze(0), zero, zero + transition.steps()).squeeze(0);
    const at::Tensor q = log_q.exp();
    parts.push_back(at::where(q > 0, q * (log_q - log_prior), 0.0).sum(1));
  }
  return at::cat(parts).clamp_min(0.0);
}

/// For picture `row` of a run, the place of one number in (0, 1) among `count` times.
at::Tensor drawn_times(const nn::Rng& rng,
                       std::int64_t call,
                       std::int64_t first,
                       std::int64_t count) {
  const at::Tensor u = rng.uniform(Purpose::kTime, call, {1}).squeeze(1).to(at::kDouble);
  return (u * static_cast<double>(count)).floor().to(at::kLong).clamp(0, count - 1) + first;
}

io::Json time_rows(const TokenBits& bits) {
  io::Json rows = io::Json::array();
  for (std::size_t t = 1; t < bits.times().size(); ++t) {
    const TokenBits::Time& seen = bits.times()[t];
    if (seen.term.empty()) continue;
    const Mean term = mean_of(seen.term);
    const Mean guess = mean_of(seen.guess);
    rows.push_back({{"t", t},
                    {"samples", term.count},
                    {"bits_per_token", term.value / std::numbers::ln2},
                    {"error", number_or_null(term.error / std::numbers::ln2)},
                    {"x0_bits_per_token", guess.value / std::numbers::ln2}});
  }
  return rows;
}

}  // namespace

TokenBits::TokenBits(diffusion::DiscreteDenoiser& denoiser,
                     const diffusion::Transition& transition,
                     const TokenBitsPlan& plan)
    : denoiser_(denoiser),
      transition_(transition),
      plan_(plan),
      prior_(prior_of(transition)),
      times_(static_cast<std::size_t>(transition.steps()) + 1) {
  const std::int64_t steps = transition.steps();
  TESSERA_CHECK(plan.times == 0 || (plan.times >= 2 && plan.times <= steps),
                kInvalidArgument,
                "times must be in 2..",
                steps,
                " for this chain, or 0 for every one, got ",
                plan.times);
  const std::int64_t calls = plan.times == 0 ? steps : plan.times;
  stretches_.push_back({.first = 1, .count = 1});
  for (std::int64_t j = 0; j < calls - 1; ++j) {
    const std::int64_t begin = 2 + j * (steps - 1) / (calls - 1);
    const std::int64_t end = 2 + (j + 1) * (steps - 1) / (calls - 1);
    stretches_.push_back({.first = begin, .count = end - begin});
  }
}

std::int64_t TokenBits::calls() const {
  return std::ssize(stretches_);
}

void TokenBits::add(const at::Tensor& x0, const nn::Condition& condition, std::int64_t first) {
  const at::NoGradGuard no_grad;
  const std::int64_t rows = x0.size(0);
  TESSERA_CHECK(tokens_ == 0 || tokens_ == x0.size(1),
                kShapeMismatch,
                "pictures of ",
                tokens_,
                " tokens were measured, now come ",
                x0.size(1));
  tokens_ = x0.size(1);
  const nn::Rng rng = nn::Rng::of_run(plan_.seed, first, rows);
  const at::Tensor prior = prior_.index_select(0, x0.cpu().flatten()).view(x0.sizes()).sum(1);
  std::vector<TokenTerms> terms(static_cast<std::size_t>(rows));
  for (std::int64_t row = 0; row < rows; ++row) {
    terms[static_cast<std::size_t>(row)].prior = prior[row].item<double>();
  }
  for (std::int64_t call = 0; call < calls(); ++call) {
    const Stretch& stretch = stretches_[static_cast<std::size_t>(call)];
    const at::Tensor t = drawn_times(rng, call, stretch.first, stretch.count);
    const at::Tensor on_device = t.to(x0.device());
    const at::Tensor x_t = transition_.draw(x0, on_device, rng, call);
    const at::Tensor logits = denoiser_.forward(x_t, on_device, condition);
    const diffusion::DiscreteLoss loss = diffusion::discrete_loss(
        transition_, {.x0 = x0, .x_t = x_t, .t = on_device, .logits = logits.to(at::kDouble)}, {});
    const at::Tensor bound = loss.bound.cpu();
    const at::Tensor guess = loss.auxiliary.cpu();
    for (std::int64_t row = 0; row < rows; ++row) {
      const double nats = bound[row].item<double>();
      TokenTerms& sums = terms[static_cast<std::size_t>(row)];
      (call == 0 ? sums.decoding : sums.denoising) += static_cast<double>(stretch.count) * nats;
      Time& seen = times_[static_cast<std::size_t>(t[row].item<std::int64_t>())];
      seen.term.push_back(nats / static_cast<double>(tokens_));
      seen.guess.push_back(guess[row].item<double>() / static_cast<double>(tokens_));
    }
  }
  pictures_.insert(pictures_.end(), terms.begin(), terms.end());
}

io::Json token_bits_report(const TokenBits& bits, std::int64_t codes, std::int64_t dimensions) {
  const bool bounded =
      std::all_of(bits.pictures().begin(), bits.pictures().end(), [](const TokenTerms& terms) {
        return std::isfinite(terms.prior);
      });
  const double tokens = static_cast<double>(bits.tokens());
  const auto mean = [&](double scale, auto nats) {
    std::vector<double> values;
    for (const TokenTerms& terms : bits.pictures()) {
      values.push_back(nats(terms) / std::numbers::ln2 / scale);
    }
    return mean_json(values);
  };
  const auto total = [&](const TokenTerms& terms) {
    return terms.denoising + terms.decoding + (bounded ? terms.prior : 0.0);
  };
  io::Json terms = {
      {"prior", mean(tokens, [](const TokenTerms& each) { return each.prior; })},
      {"denoising", mean(tokens, [](const TokenTerms& each) { return each.denoising; })},
      {"decoding", mean(tokens, [](const TokenTerms& each) { return each.decoding; })}};
  if (!bounded) terms["prior"] = nullptr;
  return {{"pictures", bits.pictures().size()},
          {"tokens", bits.tokens()},
          {"codes", codes},
          {"calls_per_picture", bits.calls()},
          {"bits_per_token", mean(tokens, total)},
          {"uniform_bits_per_token", std::log2(static_cast<double>(codes))},
          {"bits_per_picture", mean(1.0, total)},
          {"bits_per_dimension", mean(static_cast<double>(dimensions), total)},
          {"dimensions", dimensions},
          {"terms_per_token", terms},
          {"times", time_rows(bits)}};
}

std::string token_bits_table(const io::Json& report) {
  TextTable sums({"bits", "mean", "error", "95 % interval"});
  sums.add(mean_row("a token", report.at("bits_per_token"), 4));
  const io::Json& terms = report.at("terms_per_token");
  for (const auto& [name, mean] : terms.items()) {
    sums.add(mean.is_null() ? std::vector<std::string>{"  " + name, "infinite", "", ""}
                            : mean_row("  " + name, mean, 4));
  }
  sums.add({"  (all codes alike)", fixed_text(report.at("uniform_bits_per_token"), 4), "", ""});
  sums.add(mean_row("a picture", report.at("bits_per_picture"), 1));
  sums.add(mean_row("a dimension", report.at("bits_per_dimension"), 5));
  // About a dozen rows of the chain; --json has them all.
  TextTable times({"time t", "samples", "term, bits a token", "error", "x_0 from x_t, bits"});
  const io::Json& rows = report.at("times");
  const std::size_t stride = std::max<std::size_t>(1, (rows.size() + 10) / 11);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (k % stride != 0 && k + 1 != rows.size()) continue;
    times.add({std::to_string(rows[k].at("t").get<std::int64_t>()),
               std::to_string(rows[k].at("samples").get<std::int64_t>()),
               fixed_text(rows[k].at("bits_per_token"), 4),
               fixed_text(rows[k].at("error"), 4),
               fixed_text(rows[k].at("x0_bits_per_token"), 4)});
  }
  return sums.text() + "\n" + times.text();
}

}  // namespace tessera::eval
