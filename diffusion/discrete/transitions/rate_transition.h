#pragma once

#include <string>

#include "diffusion/discrete/rate_table.h"
#include "diffusion/discrete/transition.h"

namespace tessera::diffusion {

/// The three chains of one family: mask-and-replace (VQ-Diffusion), absorbing (no replacement) and
/// uniform (no mask state). Every answer is a closed form in three rates, O(K) a token.
class RateTransition final : public Transition {
 public:
  struct States {
    std::int64_t codes = 0;  // K
    std::int64_t masks = 1;  // mask states, 0 or 1
  };
  RateTransition(std::string name, States states, RateTable table);

  std::string_view name() const override { return name_; }
  std::int64_t steps() const override { return table_.steps(); }
  std::int64_t codes() const override { return states_.codes; }
  std::int64_t states() const override { return states_.codes + states_.masks; }
  std::optional<std::int64_t> mask_state() const override;
  const RateTable* rates() const override { return &table_; }

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
  /// A chain that only masks ends in the mask. One that replaces is at T masked at its own rate,
  /// and otherwise at any code alike.
  at::Tensor log_prior() const override;
  at::Tensor dense(TimeRange range) const override;
  at::Tensor draw(const at::Tensor& x0,
                  const at::Tensor& t,
                  const nn::Rng& rng,
                  std::int64_t step) const override;

 private:
  at::Tensor with_mask(const at::Tensor& codes, const at::Tensor& mask) const;

  std::string name_;
  States states_;
  RateTable table_;
};

}  // namespace tessera::diffusion
