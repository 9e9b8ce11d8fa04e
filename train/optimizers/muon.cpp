#include "train/optimizers/muon.h"

#include <array>
#include <cmath>
#include <map>
#include <string_view>

namespace tessera::train {

bool Muon::is_hidden_matrix(const Parameter& parameter) {
  if (parameter.value.dim() < 2) return false;
  // Names of the tables and of the last layers in vqvae/, diffusion/denoisers/ and text/.
  constexpr std::array<std::string_view, 10> kOthers = {
      "code", "row", "column", "positions", "pieces", "table", "null", "embed", "head", "leave"};
  std::string_view name = parameter.name;
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    const std::string_view part = name.substr(0, dot);
    for (const std::string_view other : kOthers) {
      if (part == other) return false;
    }
    name = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  }
  return true;
}

at::Tensor orthogonalise(const at::Tensor& matrices) {
  const bool tall = matrices.size(1) > matrices.size(2);
  at::Tensor x = tall ? matrices.transpose(1, 2) : matrices;
  x = x / (x.norm(2, {1, 2}, /*keepdim=*/true) + 1e-7);
  for (int i = 0; i < 5; ++i) {
    const at::Tensor a = x.bmm(x.transpose(1, 2));
    const at::Tensor b = at::baddbmm(a, a, a, /*beta=*/-4.7750, /*alpha=*/2.0315);
    x = at::baddbmm(x, b, x, /*beta=*/3.4445, /*alpha=*/1.0);
  }
  return tall ? x.transpose(1, 2) : x;
}

Muon::Muon(const Parameters& parameters, const OptimizerOptions& options) : options_(options) {
  Parameters rest;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (is_hidden_matrix(parameters[i])) {
      const at::Tensor value = parameters[i].value.detach();
      matrices_.push_back({i, parameters[i].name, value, at::zeros_like(value)});
    } else {
      others_.push_back(i);
      rest.push_back(parameters[i]);
    }
  }
  adamw_ = std::make_unique<AdamW>(rest, options);
}

void Muon::step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> rest;
  for (const std::size_t i : others_) rest.push_back(gradients[i]);
  adamw_->step(rest, learning_rate);

  // Matrices of one shape go through the products together.
  std::map<std::vector<std::int64_t>, std::vector<Matrix*>> by_shape;
  for (Matrix& matrix : matrices_) by_shape[matrix.value.sizes().vec()].push_back(&matrix);
  for (auto& [shape, group] : by_shape) {
    std::vector<at::Tensor> directions;
    for (Matrix* matrix : group) {
      const at::Tensor& gradient = gradients[matrix->index];
      matrix->momentum.lerp_(gradient, 1.0 - options_.muon_momentum);
      // Nesterov's look ahead.
      directions.push_back(
          gradient.lerp(matrix->momentum, options_.muon_momentum).flatten(1).to(at::kFloat));
    }
    const at::Tensor updates = orthogonalise(at::stack(directions));
    const auto longest = static_cast<double>(std::max(updates.size(1), updates.size(2)));
    const double scale = 0.2 * std::sqrt(longest);
    for (std::size_t i = 0; i < group.size(); ++i) {
      at::Tensor& value = group[i]->value;
      value.mul_(1.0 - learning_rate * options_.weight_decay);
      value.add_(updates[static_cast<std::int64_t>(i)].reshape(value.sizes()),
                 -learning_rate * scale);
    }
  }
}

TensorMap Muon::state() const {
  TensorMap all = adamw_->state();
  for (const Matrix& matrix : matrices_) all.emplace(matrix.name + "/momentum", matrix.momentum);
  return all;
}

}  // namespace tessera::train
