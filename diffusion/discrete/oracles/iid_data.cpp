#include "diffusion/discrete/oracles/iid_data.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

/// The sampling path of a denoiser that has nothing to prepare.
class PlainPrepared final : public PreparedDenoiser {
 public:
  explicit PlainPrepared(DiscreteDenoiser& denoiser) : denoiser_(denoiser) {}
  void prepare(const nn::Condition& condition) override { condition_ = condition; }
  void prepare(std::span<const std::int64_t> times) override {
    times_.assign(times.begin(), times.end());
  }
  at::Tensor step(const at::Tensor& x_t, std::int64_t row) override {
    const at::NoGradGuard no_grad;
    const at::Tensor t = at::full(
        {x_t.size(0)}, times_.at(static_cast<std::size_t>(row)), x_t.options().dtype(at::kLong));
    return denoiser_.forward(x_t, t, condition_);
  }

 private:
  DiscreteDenoiser& denoiser_;
  nn::Condition condition_{};
  std::vector<std::int64_t> times_{};
};

/// A denoiser of a known law. Answers are float64.
class KnownLaw : public DiscreteDenoiser {
 public:
  explicit KnownLaw(const Transition& transition) : transition_(transition) {}
  std::unique_ptr<PreparedDenoiser> make_prepared() override {
    return std::make_unique<PlainPrepared>(*this);
  }
  nn::Condition null_condition(std::int64_t /*batch*/) override { return {}; }

 protected:
  std::int64_t codes() const { return transition_.codes(); }
  /// log q(x_t | x_0 = k) of what is seen, [B, N, K] float64.
  at::Tensor log_seen(const at::Tensor& x_t, const at::Tensor& t) const {
    const at::Tensor every = at::arange(codes(), x_t.options().dtype(at::kLong));
    const at::Tensor log_q =
        transition_.log_q(every.expand({x_t.size(0), codes()}), at::zeros_like(t), t);
    // [B, K, C] -> the column of each position's state, [B, K, N].
    const at::Tensor state = x_t.unsqueeze(1).expand({x_t.size(0), codes(), x_t.size(1)});
    return log_q.gather(2, state).transpose(1, 2);
  }

 private:
  const Transition& transition_;
};

class IidDenoiser final : public KnownLaw {
 public:
  IidDenoiser(const Transition& transition, const std::vector<double>& law)
      : KnownLaw(transition),
        log_law_(at::tensor(law, at::TensorOptions().dtype(at::kDouble)).log()) {}
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& /*condition*/) override {
    return log_seen(x_t, t) + log_law_.to(x_t.device());
  }

 private:
  at::Tensor log_law_;  // [K]
};

class FiniteCodesDenoiser final : public KnownLaw {
 public:
  FiniteCodesDenoiser(const Transition& transition, const at::Tensor& sequences)
      : KnownLaw(transition), sequences_(sequences) {}
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& /*condition*/) override {
    const at::Tensor sequences = sequences_.to(x_t.device());
    const std::int64_t count = sequences.size(0);
    const at::Tensor seen = log_seen(x_t, t);  // [B, N, K]
    const at::Tensor index = sequences.t().unsqueeze(0).expand({x_t.size(0), x_t.size(1), count});
    at::Tensor fit = seen.gather(2, index).sum(1);  // [B, P] log q(x_t | sequence)
    // What no sequence can have become says nothing: all of them again.
    const at::Tensor possible = (fit > -INFINITY).any(1, true);
    fit = at::where(possible, fit, at::zeros_like(fit));
    std::vector<at::Tensor> logits;
    for (std::int64_t k = 0; k < codes(); ++k) {
      const at::Tensor has = (sequences == k).t().unsqueeze(0);  // [1, N, P]
      logits.push_back(at::logsumexp(
          at::where(has, fit.unsqueeze(1), at::full({}, -INFINITY, fit.options())), 2, true));
    }
    return at::cat(logits, 2);
  }

 private:
  at::Tensor sequences_;  // [P, N]
};

}  // namespace

std::shared_ptr<DiscreteDenoiser> make_iid_denoiser(const Transition& transition,
                                                    std::vector<double> law) {
  double sum = 0.0;
  for (const double p : law) sum += p >= 0.0 ? p : NAN;
  TESSERA_CHECK(
      static_cast<std::int64_t>(law.size()) == transition.codes() && std::abs(sum - 1.0) < 1e-9,
      kInvalidArgument,
      "a law of codes needs ",
      transition.codes(),
      " probabilities that sum to 1, got ",
      law.size(),
      " and the sum ",
      sum);
  return std::make_shared<IidDenoiser>(transition, law);
}

std::shared_ptr<DiscreteDenoiser> make_finite_codes_denoiser(const Transition& transition,
                                                             const at::Tensor& sequences) {
  TESSERA_CHECK(
      sequences.dim() == 2 && sequences.scalar_type() == at::kLong && sequences.numel() > 0,
      kShapeMismatch,
      "sequences must be [P, N] int64 with at least one code, got ",
      sequences.sizes());
  TESSERA_CHECK(sequences.min().item<std::int64_t>() >= 0 &&
                    sequences.max().item<std::int64_t>() < transition.codes(),
                kInvalidArgument,
                "codes of a sequence must be in 0..",
                transition.codes() - 1);
  return std::make_shared<FiniteCodesDenoiser>(transition, sequences);
}

}  // namespace tessera::diffusion
