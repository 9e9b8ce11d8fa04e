#include "train/optimizers/muon.h"

#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include <ATen/core/grad_mode.h>

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
  if (x.is_cuda()) x = x.to(at::kBFloat16);
  for (int i = 0; i < 5; ++i) {
    const at::Tensor a = x.bmm(x.transpose(1, 2));
    const at::Tensor b = at::baddbmm(a, a, a, /*beta=*/-4.7750, /*alpha=*/2.0315);
    x = at::baddbmm(x, b, x, /*beta=*/3.4445, /*alpha=*/1.0);
  }
  x = x.to(matrices.scalar_type());
  return tall ? x.transpose(1, 2) : x;
}

Muon::Muon(const Parameters& parameters, const OptimizerOptions& options) : options_(options) {
  Parameters rest;
  std::map<std::vector<std::int64_t>, Group> by_shape;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!is_hidden_matrix(parameters[i])) {
      others_.push_back(i);
      rest.push_back(parameters[i]);
      continue;
    }
    const at::Tensor value = parameters[i].value.detach();
    Group& group = by_shape[value.sizes().vec()];
    group.members.push_back(i);
    group.names.push_back(parameters[i].name);
    group.values.push_back(value);
    group.momenta.push_back(at::zeros_like(value));
  }
  for (auto& [shape, group] : by_shape) groups_.push_back(std::move(group));
  adamw_ = std::make_unique<AdamW>(rest, options);
}

void Muon::step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> rest;
  for (const std::size_t i : others_) rest.push_back(gradients[i]);
  adamw_->step(rest, learning_rate);
  for (Group& group : groups_) move(group, gradients, learning_rate);
}

/// One call of each operator a shape, not a matrix: launching kernels is what small matrices cost.
void Muon::move(Group& group, const std::vector<at::Tensor>& gradients, double learning_rate) {
  std::vector<at::Tensor> own;
  for (const std::size_t i : group.members) own.push_back(gradients[i]);
  at::_foreach_lerp_(group.momenta, own, 1.0 - options_.muon_momentum);
  std::vector<at::Tensor> directions;  // Nesterov's look ahead
  for (const at::Tensor& ahead : at::_foreach_lerp(own, group.momenta, options_.muon_momentum)) {
    directions.push_back(ahead.flatten(1).to(at::kFloat));
  }
  const at::Tensor updates = orthogonalise(at::stack(directions));
  const auto longest = static_cast<double>(std::max(updates.size(1), updates.size(2)));
  const double scale = 0.2 * std::sqrt(longest);
  std::vector<at::Tensor> moves;
  for (const at::Tensor& update : updates.unbind(0)) {
    moves.push_back(update.reshape(group.values.front().sizes()));
  }
  at::_foreach_mul_(group.values, 1.0 - learning_rate * options_.weight_decay);
  at::_foreach_add_(group.values, moves, -learning_rate * scale);
}

TensorMap Muon::state() const {
  TensorMap all = adamw_->state();
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.names.size(); ++i) {
      all.emplace(group.names[i] + "/momentum", group.momenta[i]);
    }
  }
  return all;
}

}  // namespace tessera::train
