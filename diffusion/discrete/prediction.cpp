#include "diffusion/discrete/prediction.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "diffusion/discrete/evidence.h"
#include "diffusion/discrete/guidance.h"
#include "kernels/draw_codes.h"
#include "nn/cuda_kernels.h"
#include "nn/transfer.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kTokensOfAThread = 32;  // at least; a token takes about a microsecond

/// Rows of all pieces, in order: the numbers of each token, as the kernel takes them.
struct TokenRows {
  const float* power = nullptr;
  const float* uniform = nullptr;
  const kernels::CodeEvidence* evidence = nullptr;
  std::int64_t* drawn = nullptr;
  float* log_p = nullptr;
  float* best = nullptr;
};

void draw(const kernels::DrawCodes& args, const at::Tensor& logits) {
  const std::int64_t tokens = logits.size(0) * logits.size(1);
  if (logits.is_cuda()) return nn::launch_kernel("draw_codes", args, tokens, logits);
  at::parallel_for(0, tokens, kTokensOfAThread, [&](std::int64_t first, std::int64_t last) {
    kernels::draw_codes(args, first, last);
  });
}

void draw_from_logits(const std::vector<Logits>& pieces,
                      double guidance,
                      const Truncation& truncation,
                      TokenRows rows) {
  for (const Logits& piece : pieces) {
    draw({.codes = piece.wanted.size(2),
          .wanted = piece.wanted.const_data_ptr<float>(),
          .unwanted = piece.unwanted.defined() ? piece.unwanted.const_data_ptr<float>() : nullptr,
          .guidance = static_cast<float>(guidance),
          .keep_mass = truncation.rate,
          .keep_codes = truncation.top_k,
          .power = rows.power,
          .uniform = rows.uniform,
          .evidence = rows.evidence,
          .drawn = rows.drawn,
          .log_p = rows.log_p,
          .best = rows.best},
         piece.wanted);
    const std::int64_t tokens = piece.wanted.size(0) * piece.wanted.size(1);
    const auto pass = [tokens](auto*& row) {
      if (row != nullptr) row += tokens;
    };
    pass(rows.power);
    pass(rows.uniform);
    pass(rows.evidence);
    pass(rows.drawn);
    pass(rows.log_p);
    pass(rows.best);
  }
}

/// kernels::CodeEvidence as numbers of eight bytes, which tensors can hold on any device.
constexpr std::int64_t kEvidenceWords = 8;
static_assert(sizeof(kernels::CodeEvidence) == kEvidenceWords * sizeof(std::int64_t) &&
              offsetof(kernels::CodeEvidence, carried) == 7 * sizeof(std::int64_t) &&
              std::endian::native == std::endian::little);

/// An entry for each token of x_t, where that is: [B N, kEvidenceWords] int64, doubles by their
/// bits. All pictures are at one time, so beside the code that is seen there are two kinds of
/// token only: their entries are computed here and looked up there.
at::Tensor evidence_of(const RateTable& rates,
                       std::int64_t codes,
                       const at::Tensor& x_t,
                       const TimeStep& time) {
  const at::Tensor kinds = at::tensor({std::int64_t{0}, codes}).unsqueeze(0);  // a code, the mask
  const at::Tensor t = at::full({1}, time.from, at::kLong);
  const Evidence e = weigh_evidence(rates, codes, kinds, t, at::full_like(t, time.to));
  const auto bits = [&](const at::Tensor& value) {
    return value.to(at::kDouble).expand_as(kinds).contiguous().view(at::kLong);
  };
  const at::Tensor entries = at::stack({at::full_like(kinds, -1),
                                        bits(e.keep),
                                        bits(e.uniform),
                                        bits(e.other),
                                        bits(e.same),
                                        bits(e.rho),
                                        bits(e.stay * e.masked),
                                        e.carried.to(at::kLong)},
                                       -1)
                                 .squeeze(0);
  const at::Tensor flat = x_t.flatten();
  const at::Tensor masked = flat == codes;
  const at::Tensor all = nn::to_device(entries, x_t.device()).index_select(0, masked.to(at::kLong));
  all.select(1, 0).copy_(flat.masked_fill(masked, -1));
  return all;
}

/// The same order of members as above.
const kernels::CodeEvidence* entries_of(const at::Tensor& evidence) {
  return static_cast<const kernels::CodeEvidence*>(evidence.const_data_ptr());
}

bool is_plain(const at::Tensor& logits) {
  if (!logits.defined()) return true;
  const bool here = logits.is_cpu() || (logits.is_cuda() && nn::cuda_kernels() != nullptr &&
                                        logits.size(-1) <= kernels::kMostCudaCodes);
  return here && logits.scalar_type() == at::kFloat && logits.is_contiguous();
}

}  // namespace

at::Tensor sharpen(const at::Tensor& log_p, const at::Tensor& power) {
  return (log_p * power.unsqueeze(-1)).log_softmax(-1);
}

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

bool Prediction::has_plain_logits() const {
  const auto fits = [](const Logits& piece) {
    return is_plain(piece.wanted) && is_plain(piece.unwanted);
  };
  const bool guided = !pieces_.empty() && pieces_.front().unwanted.defined();
  return !pieces_.empty() && (!guided || guidance_ > 0.0) &&
         std::all_of(pieces_.begin(), pieces_.end(), fits);
}

bool Prediction::draws_from_logits(const nn::Noise& noise) const {
  return !noise.recorded && has_plain_logits();
}

at::Tensor Prediction::best_log_p() const {
  if (!has_plain_logits()) return log_p().amax(-1);
  std::int64_t pictures = 0;
  for (const Logits& piece : pieces_) pictures += piece.wanted.size(0);
  const at::Tensor& logits = pieces_.front().wanted;
  const at::Tensor best = at::empty({pictures, logits.size(1)}, logits.options());
  draw_from_logits(pieces_, guidance_, truncation_, {.best = best.mutable_data_ptr<float>()});
  return best;
}

DrawnCodes Prediction::draw(const nn::Noise& noise, DrawKey key, const at::Tensor& power) const {
  if (!draws_from_logits(noise)) {
    const at::Tensor codes =
        draw_categorical(power.defined() ? sharpen(log_p(), power) : log_p(), noise, key);
    return {codes, log_p().gather(-1, codes.unsqueeze(-1)).squeeze(-1)};
  }
  const at::Tensor uniform = noise
                                 .uniform(key.purpose,
                                          key.step,
                                          {pieces_.front().wanted.size(1)},
                                          pieces_.front().wanted.device())
                                 .contiguous();
  const at::Tensor powers =
      power.defined() ? power.to(uniform.scalar_type()).expand_as(uniform).contiguous() : power;
  const DrawnCodes drawn{at::empty(uniform.sizes(), uniform.options().dtype(at::kLong)),
                         at::empty_like(uniform)};
  draw_from_logits(pieces_,
                   guidance_,
                   truncation_,
                   {.power = powers.defined() ? powers.const_data_ptr<float>() : nullptr,
                    .uniform = uniform.const_data_ptr<float>(),
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
  const at::Tensor uniform =
      noise.uniform(key.purpose, key.step, {x_t.size(1)}, x_t.device()).contiguous();
  const at::Tensor drawn = at::empty_like(x_t, at::MemoryFormat::Contiguous);
  const at::Tensor evidence = evidence_of(*transition.rates(), transition.codes(), x_t, time);
  draw_from_logits(pieces_,
                   guidance_,
                   truncation_,
                   {.uniform = uniform.const_data_ptr<float>(),
                    .evidence = entries_of(evidence),
                    .drawn = drawn.mutable_data_ptr<std::int64_t>()});
  return drawn;
}

}  // namespace tessera::diffusion
