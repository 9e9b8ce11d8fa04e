#include "diffusion/discrete/transitions/dense_transition.h"

#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/categorical.h"

namespace tessera::diffusion {
namespace {

/// log p with -inf at zero, and a gradient of zero there instead of 0 / 0.
at::Tensor safe_log(const at::Tensor& p) {
  const at::Tensor zero = p <= 0.0;
  return p.masked_fill(zero, 1.0).log().masked_fill(zero, -INFINITY);
}

}  // namespace

DenseTransition::DenseTransition(std::string name, States states, const at::Tensor& one_step)
    : name_(std::move(name)), states_(states), one_step_(one_step.to(at::kDouble)) {
  TESSERA_CHECK(one_step.dim() == 3 && one_step.size(1) == one_step.size(2) &&
                    one_step.size(1) >= states.codes,
                kShapeMismatch,
                "a chain's matrices must be [T, C, C] with C of at least ",
                states.codes);
  TESSERA_CHECK(at::allclose(one_step_.sum(-1), at::ones({1}, at::kDouble)) &&
                    one_step_.min().item<double>() >= 0.0,
                kInvalidArgument,
                "every row of a transition matrix must be a distribution");
}

DenseTransition DenseTransition::twin_of(const Transition& other) {
  std::vector<at::Tensor> steps;
  for (std::int64_t t = 1; t <= other.steps(); ++t) {
    steps.push_back(other.dense({.early = t - 1, .late = t}));
  }
  return {"dense " + std::string(other.name()),
          {.codes = other.codes(), .mask = other.mask_state()},
          at::stack(steps)};
}

at::Tensor DenseTransition::dense(TimeRange range) const {
  at::Tensor product = at::eye(states(), at::kDouble);
  for (std::int64_t t = range.early; t < range.late; ++t) product = product.mm(one_step_[t]);
  return product;
}

at::Tensor DenseTransition::rows(const at::Tensor& early, const at::Tensor& late) const {
  std::vector<at::Tensor> all;
  for (std::int64_t b = 0; b < early.size(0); ++b) {
    all.push_back(
        dense({.early = early[b].item<std::int64_t>(), .late = late[b].item<std::int64_t>()}));
  }
  return at::stack(all).to(early.device());
}

at::Tensor DenseTransition::log_q(const at::Tensor& x_from,
                                  const at::Tensor& from,
                                  const at::Tensor& to) const {
  const at::Tensor index = x_from.unsqueeze(-1).expand({-1, -1, states()});
  return rows(from, to).gather(1, index).log();
}

at::Tensor DenseTransition::log_posterior(const at::Tensor& log_x0,
                                          const at::Tensor& x_t,
                                          const at::Tensor& t,
                                          const at::Tensor& s) const {
  const at::Tensor from_data = at::zeros_like(s);
  const at::Tensor index = x_t.unsqueeze(1);  // [B, 1, N]: pick column x_t
  const auto columns = [&](const at::Tensor& matrix) {
    return matrix.gather(2, index.expand({-1, matrix.size(1), -1})).transpose(1, 2);
  };
  const at::Tensor q_s = rows(from_data, s).narrow(1, 0, codes());           // [B, K, C]
  const at::Tensor q_t = columns(rows(from_data, t).narrow(1, 0, codes()));  // [B, N, K]
  const at::Tensor possible = q_t > 0.0;
  const at::Tensor r = at::where(possible, log_x0.to(at::kDouble).exp() / q_t, 0.0);
  const at::Tensor p = r.matmul(q_s) * columns(rows(s, t));
  return safe_log(p).to(log_x0.scalar_type());
}

at::Tensor DenseTransition::log_true_posterior(const at::Tensor& x0,
                                               const at::Tensor& x_t,
                                               const at::Tensor& t,
                                               const at::Tensor& s) const {
  const at::Tensor one_hot = at::one_hot(x0, codes()).to(at::kDouble);
  return log_posterior(one_hot.log(), x_t, t, s);
}

at::Tensor DenseTransition::log_prior() const {
  return dense({.early = 0, .late = steps()}).narrow(0, 0, codes()).mean(0).log();
}

at::Tensor DenseTransition::draw(const at::Tensor& x0,
                                 const at::Tensor& t,
                                 const nn::Rng& rng,
                                 std::int64_t step) const {
  return draw_categorical(
      log_q(x0, at::zeros_like(t), t), {.rng = rng}, {.purpose = Purpose::kForward, .step = step});
}

}  // namespace tessera::diffusion
