#include "lab/tiny_network.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "lab/draws.h"

namespace tessera::lab {

Adam::Adam(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
  for (at::Tensor& parameter : parameters_) {
    parameter.requires_grad_(true);
    first_.push_back(at::zeros_like(parameter));
    second_.push_back(at::zeros_like(parameter));
  }
}

void Adam::minimise(const at::Tensor& loss, double learning_rate) {
  constexpr double kFirst = 0.9;
  constexpr double kSecond = 0.999;
  loss.backward();
  const at::NoGradGuard no_grad;
  ++steps_;
  const auto steps = static_cast<double>(steps_);
  const double rate =
      learning_rate * std::sqrt(1 - std::pow(kSecond, steps)) / (1 - std::pow(kFirst, steps));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& gradient = parameters_[i].mutable_grad();
    if (!gradient.defined()) continue;
    first_[i].mul_(kFirst).add_(gradient, 1 - kFirst);
    second_[i].mul_(kSecond).addcmul_(gradient, gradient, 1 - kSecond);
    parameters_[i].addcdiv_(first_[i], second_[i].sqrt().add_(1e-8), -rate);
    gradient.reset();
  }
}

TinyNetwork::TinyNetwork(const std::vector<std::int64_t>& widths, std::uint64_t seed) {
  TESSERA_CHECK(widths.size() >= 2,
                kInvalidArgument,
                "a network needs an input and an output width, got ",
                widths.size(),
                " widths");
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const double last = i + 2 == widths.size() ? 0.1 : 1.0;
    weights_.push_back((draw_normal({.seed = seed, .number = static_cast<std::uint32_t>(i)},
                                    {widths[i], widths[i + 1]}) *
                        (last / std::sqrt(static_cast<double>(widths[i]))))
                           .to(at::kFloat));
    biases_.push_back(at::zeros({widths[i + 1]}, at::kFloat));
  }
}

at::Tensor TinyNetwork::operator()(const at::Tensor& x) const {
  at::Tensor h = x;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (i > 0) h = at::silu(h);
    h = at::addmm(biases_[i], h, weights_[i]);
  }
  return h;
}

std::vector<at::Tensor> TinyNetwork::parameters() const {
  std::vector<at::Tensor> all = weights_;
  all.insert(all.end(), biases_.begin(), biases_.end());
  return all;
}

at::Tensor embed_time(const at::Tensor& time, std::int64_t count) {
  const at::Tensor turns = at::arange(count, at::kFloat).exp2() * std::numbers::pi;
  const at::Tensor angle = time.to(at::kFloat).unsqueeze(1) * turns;
  return at::cat({angle.sin(), angle.cos()}, 1);
}

}  // namespace tessera::lab
