#include "train/optimizers/adamw.h"

#include <ATen/core/grad_mode.h>

namespace tessera::train {

AdamW::AdamW(const Parameters& parameters, const OptimizerOptions& options) : options_(options) {
  groups_ = {Group{.weight_decay = options.weight_decay}, Group{.weight_decay = 0}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const at::Tensor value = parameters[i].value.detach();
    Group& group = groups_[value.dim() >= 2 ? 0 : 1];
    names_.push_back(parameters[i].name);
    group.members.push_back(i);
    group.values.push_back(value);
    group.first.push_back(at::zeros_like(value));
    group.second.push_back(at::zeros_like(value));
    group.steps.push_back(at::zeros({}, value.options().dtype(at::kFloat)));
  }
}

void AdamW::step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  const at::NoGradGuard no_grad;
  for (Group& group : groups_) {
    if (group.members.empty()) continue;
    std::vector<at::Tensor> own;
    own.reserve(group.members.size());
    for (const std::size_t i : group.members) own.push_back(gradients[i]);
    at::_foreach_add_(group.steps, 1);
    at::_fused_adamw_(group.values,
                      own,
                      group.first,
                      group.second,
                      /*max_exp_avg_sqs=*/{},
                      group.steps,
                      learning_rate,
                      options_.beta1,
                      options_.beta2,
                      group.weight_decay,
                      options_.epsilon,
                      /*amsgrad=*/false,
                      /*maximize=*/false);
  }
}

TensorMap AdamW::state() const {
  TensorMap all;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      const std::string& name = names_[group.members[i]];
      all.emplace(name + "/first", group.first[i]);
      all.emplace(name + "/second", group.second[i]);
      all.emplace(name + "/step", group.steps[i]);
    }
  }
  return all;
}

}  // namespace tessera::train
