#pragma once

#include "train/optimizer.h"

namespace tessera::train {

/// AdamW (Loshchilov and Hutter 2019), decoupled weight decay, by Torch's fused kernel: one pass
/// over weights, gradients and moments. Weight decay on tensors of two or more axes only.
class AdamW : public Optimizer {
 public:
  AdamW(const Parameters& parameters, const OptimizerOptions& options);
  void step(const std::vector<at::Tensor>& gradients, double learning_rate) override;
  TensorMap state() const override;

 private:
  struct Group {
    double weight_decay = 0;
    std::vector<std::size_t> members{};  // index into the parameters
    std::vector<at::Tensor> values{}, first{}, second{}, steps{};
  };
  OptimizerOptions options_;
  std::vector<std::string> names_{};
  std::vector<Group> groups_{};
};

}  // namespace tessera::train
