#include "diffusion/discrete/prediction.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "diffusion/discrete/evidence.h"
#include "diffusion/discrete/guidance.h"
#include "kernels/draw_codes.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kTokensOfAThread = 32;  // at least; a token takes about a microsecond

/// Rows of all pieces, in order: the numbers of each token, as the kernel takes them.
struct TokenRows {
  const float* uniform = nullptr;
  const kernels::CodeEvidence* evidence = nullptr;
  std::int64_t* drawn = nullptr;
  float* log_p = nullptr;
};

void draw_from_logits(const std::vector<Logits>& pieces,
                      double guidance,
                      const Truncation& truncation,
                      TokenRows rows) {
  for (const Logits& piece : pieces) {
    const kernels::DrawCodes args{
        .codes = piece.wanted.size(2),
        .wanted = piece.wanted.const_data_ptr<float>(),
        .unwanted = piece.unwanted.defined() ? piece.unwanted.const_data_ptr<float>() : nullptr,
        .guidance = static_cast<float>(guidance),
        .keep_mass = truncation.rate,
        .keep_codes = truncation.top_k,
        .uniform = rows.uniform,
        .evidence = rows.evidence,
        .drawn = rows.drawn,
        .log_p = rows.log_p};
    const std::int64_t tokens = piece.wanted.size(0) * piece.wanted.size(1);
    at::parallel_for(0, tokens, kTokensOfAThread, [&](std::int64_t first, std::int64_t last) {
      kernels::draw_codes(args, first, last);
    });
    rows.uniform += tokens;
    rows.drawn += tokens;
    if (rows.evidence != nullptr) rows.evidence += tokens;
    if (rows.log_p != nullptr) rows.log_p += tokens;
  }
}

/// One entry a token of x_t.
std::vector<kernels::CodeEvidence> flat_evidence(const RateTable& rates,
                                                 std::int64_t codes,
                                                 const at::Tensor& x_t,
                                                 const TimeStep& time) {
  const at::Tensor t = at::full({x_t.size(0)}, time.from, x_t.options());
  const Evidence e = weigh_evidence(rates, codes, x_t, t, at::full_like(t, time.to));
  const auto per_token = [&](const at::Tensor& value) { return value.expand_as(x_t).contiguous(); };
  const at::Tensor seen = at::where(e.masked, -1, e.seen).contiguous();
  const at::Tensor numbers = at::stack({per_token(e.keep),
                                        per_token(e.uniform),
                                        per_token(e.other),
                                        per_token(e.same),
                                        per_token(e.rho),
                                        per_token(e.stay * e.masked),
                                        per_token(e.carried).to(at::kDouble)},
                                       -1);
  const auto* code = seen.const_data_ptr<std::int64_t>();
  const auto* number = numbers.const_data_ptr<double>();
  std::vector<kernels::CodeEvidence> flat(static_cast<std::size_t>(x_t.numel()));
  for (kernels::CodeEvidence& token : flat) {
    token = {.seen = *code++,
             .keep = number[0],
             .uniform = number[1],
             .other = number[2],
             .same = number[3],
             .rho = number[4],
             .stay = number[5],
             .carried = number[6] != 0.0};
    number += 7;
  }
  return flat;
}

bool is_plain(const at::Tensor& logits) {
  return !logits.defined() ||
         (logits.is_cpu() && logits.scalar_type() == at::kFloat && logits.is_contiguous());
}

}  // namespace

Prediction::Prediction(at::Tensor log_p) : log_p_(std::move(log_p)) {}

Prediction::Prediction(std::vector<Logits> pieces, double guidance, const Truncation& truncation)
    : pieces_(std::move(pieces)), guidance_(guidance), truncation_(truncation) {}

const at::Tensor& Prediction::log_p() const {
  if (log_p_.defined()) return log_p_;
  std::vector<at::Tensor> answers;
  for (const Logits& piece : pieces_) {
    const at::Tensor wanted = piece.wanted.log_softmax(-1);
    const at::Tensor guided = piece.unwanted.defined()
                                  ? guide(wanted, piece.unwanted.log_softmax(-1), guidance_)
                                  : wanted;
    answers.push_back(truncate(guided, truncation_));
  }
  log_p_ = answers.size() == 1 ? answers.front() : at::cat(answers);
  return log_p_;
}

bool Prediction::draws_from_logits(const nn::Noise& noise) const {
  const auto fits = [](const Logits& piece) {
    return is_plain(piece.wanted) && is_plain(piece.unwanted);
  };
  const bool guided = !pieces_.empty() && pieces_.front().unwanted.defined();
  return !pieces_.empty() && !noise.recorded && (!guided || guidance_ > 0.0) &&
         std::all_of(pieces_.begin(), pieces_.end(), fits);
}

DrawnCodes Prediction::draw(const nn::Noise& noise, DrawKey key) const {
  if (!draws_from_logits(noise)) {
    const at::Tensor codes = draw_categorical(log_p(), noise, key);
    return {codes, log_p().gather(-1, codes.unsqueeze(-1)).squeeze(-1)};
  }
  const at::Tensor uniform =
      noise.uniform(key.purpose, key.step, {pieces_.front().wanted.size(1)}).contiguous();
  const DrawnCodes drawn{at::empty(uniform.sizes(), at::kLong), at::empty_like(uniform)};
  draw_from_logits(pieces_,
                   guidance_,
                   truncation_,
                   {.uniform = uniform.const_data_ptr<float>(),
                    .drawn = drawn.codes.mutable_data_ptr<std::int64_t>(),
                    .log_p = drawn.log_p.mutable_data_ptr<float>()});
  return drawn;
}

at::Tensor Prediction::draw_posterior(const Transition& transition,
                                      const at::Tensor& x_t,
                                      const TimeStep& time,
                                      const nn::Noise& noise,
                                      DrawKey key) const {
  if (!draws_from_logits(noise) || transition.rates() == nullptr) {
    const at::Tensor t = at::full({x_t.size(0)}, time.from, x_t.options());
    const at::Tensor s = at::full_like(t, time.to);
    return draw_categorical(transition.log_posterior(log_p(), x_t, t, s), noise, key);
  }
  const at::Tensor uniform = noise.uniform(key.purpose, key.step, {x_t.size(1)}).contiguous();
  const at::Tensor drawn = at::empty(x_t.sizes(), at::kLong);
  const auto evidence = flat_evidence(*transition.rates(), transition.codes(), x_t, time);
  draw_from_logits(pieces_,
                   guidance_,
                   truncation_,
                   {.uniform = uniform.const_data_ptr<float>(),
                    .evidence = evidence.data(),
                    .drawn = drawn.mutable_data_ptr<std::int64_t>()});
  return drawn;
}

}  // namespace tessera::diffusion
