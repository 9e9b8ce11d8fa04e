#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "train/parameters.h"

namespace tessera::train {

struct OptimizerOptions {
  std::string kind = "adamw";  // adamw, muon
  double beta1 = 0.9;
  double beta2 = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  // of tensors of two or more axes only: not of biases and norms
  double muon_momentum = 0.95;
};

/// One rule that turns gradients into an update of the parameters it was made with.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// `gradients` in the parameters' order. Never waits for the device.
  virtual void step(const std::vector<at::Tensor>& gradients, double learning_rate) = 0;
  /// Moments by name, sharing storage: saving reads them, train::restore() writes into them.
  virtual TensorMap state() const = 0;
};

/// Throws kInvalidArgument listing the known kinds.
std::unique_ptr<Optimizer> make_optimizer(const Parameters& parameters,
                                          const OptimizerOptions& options);

}  // namespace tessera::train
