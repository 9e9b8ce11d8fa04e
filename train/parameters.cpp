#include "train/parameters.h"

#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "core/error.h"

namespace tessera::train {

Parameters parameters_of(const torch::nn::Module& module, const std::string& prefix) {
  Parameters found;
  for (const auto& item : module.named_parameters()) {
    if (item.value().requires_grad()) found.push_back({prefix + item.key(), item.value()});
  }
  return found;
}

Parameters joined(Parameters all, const Parameters& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TensorMap tensors_of(const torch::nn::Module& module, const std::string& prefix) {
  TensorMap found;
  for (const auto& item : module.named_parameters()) {
    found.emplace(prefix + item.key(), item.value().detach());
  }
  for (const auto& item : module.named_buffers()) {
    found.emplace(prefix + item.key(), item.value().detach());
  }
  return found;
}

void restore(const TensorMap& live, const TensorMap& saved, const std::string& what) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : live) {
    const auto found = saved.find(name);
    TESSERA_CHECK(found != saved.end(), kShapeMismatch, what, ": has no tensor ", name);
    TESSERA_CHECK(found->second.sizes() == tensor.sizes(),
                  kShapeMismatch,
                  what,
                  ": ",
                  name,
                  " is ",
                  found->second.sizes(),
                  ", the configured model needs ",
                  tensor.sizes());
    tensor.copy_(found->second);
  }
}

TensorMap without_prefix(const TensorMap& all, const std::string& prefix) {
  TensorMap part;
  for (auto item = all.lower_bound(prefix);
       item != all.end() && item->first.compare(0, prefix.size(), prefix) == 0;
       ++item) {
    part.emplace(item->first.substr(prefix.size()), item->second);
  }
  return part;
}

void add_with_prefix(TensorMap& all, const TensorMap& part, const std::string& prefix) {
  for (const auto& [name, tensor] : part) all.emplace(prefix + name, tensor);
}

std::vector<at::Tensor> take_gradients(const Parameters& parameters) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    at::Tensor& gradient = parameter.value.mutable_grad();
    gradients.push_back(gradient.defined() ? gradient : at::zeros_like(parameter.value));
    gradient = at::Tensor();
  }
  return gradients;
}

at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double max_norm) {
  const at::NoGradGuard no_grad;
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  if (max_norm > 0) {
    const at::Tensor scale = (max_norm / (norm + 1e-6)).clamp_max(1.0);
    at::_foreach_mul_(gradients, scale);
  }
  return norm;
}

}  // namespace tessera::train
