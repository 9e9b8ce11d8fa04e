#pragma once

#include <string>

#include "diffusion/discrete/transition.h"

namespace tessera::diffusion {

/// Any chain at all, by its matrices (D3PM): O(C^2) a token, float64. The starting point of a new
/// chain, and the twin that closed forms are compared with. Predictions x_0 that cannot have led to
/// x_t are dropped.
class DenseTransition final : public Transition {
 public:
  struct States {
    std::int64_t codes = 0;  // K: the states that data can have
    std::optional<std::int64_t> mask{};
  };
  /// `one_step` [T, C, C] float64, row-stochastic, row = from-state; entry t - 1 leads from t - 1
  /// to t. Throws kInvalidArgument where rows do not add up to one.
  DenseTransition(std::string name, States states, const at::Tensor& one_step);
  /// The same chain as `other`, by its one-step matrices.
  static DenseTransition twin_of(const Transition& other);

  std::string_view name() const override { return name_; }
  std::int64_t steps() const override { return one_step_.size(0); }
  std::int64_t codes() const override { return states_.codes; }
  std::int64_t states() const override { return one_step_.size(1); }
  std::optional<std::int64_t> mask_state() const override { return states_.mask; }

  at::Tensor log_q(const at::Tensor& x_from,
                   const at::Tensor& from,
                   const at::Tensor& to) const override;
  at::Tensor log_posterior(const at::Tensor& log_x0,
                           const at::Tensor& x_t,
                           const at::Tensor& t,
                           const at::Tensor& s) const override;
  at::Tensor log_true_posterior(const at::Tensor& x0,
                                const at::Tensor& x_t,
                                const at::Tensor& t,
                                const at::Tensor& s) const override;
  at::Tensor log_prior() const override;  // x_T where x_0 is any code alike
  at::Tensor dense(TimeRange range) const override;
  at::Tensor draw(const at::Tensor& x0,
                  const at::Tensor& t,
                  const nn::Rng& rng,
                  std::int64_t step) const override;

 private:
  at::Tensor rows(const at::Tensor& early, const at::Tensor& late) const;  // [B, C, C]

  std::string name_;
  States states_;
  at::Tensor one_step_;
};

}  // namespace tessera::diffusion
