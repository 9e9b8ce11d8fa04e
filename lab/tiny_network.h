#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::lab {

/// Adam (Kingma and Ba 2015) over a handful of tensors, for the small models of experiments.
class Adam {
 public:
  /// The tensors require gradients from now on.
  explicit Adam(std::vector<at::Tensor> parameters);
  /// Backpropagates `loss` (a scalar), moves the parameters, and forgets the gradients.
  void minimise(const at::Tensor& loss, double learning_rate);

 private:
  std::vector<at::Tensor> parameters_, first_, second_;
  std::int64_t steps_ = 0;
};

/// A multi-layer perceptron in float32 with SiLU between its layers.
class TinyNetwork {
 public:
  /// `widths`: input, hidden ones, output. Weights N(0, 1/inputs) of a keyed stream; the last
  /// layer's are a tenth of that, biases 0.
  TinyNetwork(const std::vector<std::int64_t>& widths, std::uint64_t seed);
  at::Tensor operator()(const at::Tensor& x) const;  // [B, inputs] -> [B, outputs]
  /// Shared with the network: training them trains it.
  std::vector<at::Tensor> parameters() const;

 private:
  std::vector<at::Tensor> weights_, biases_;
};

/// [B] times in 0..1 -> [B, 2 count]: sines and cosines of 1, 2, 4 … half turns.
at::Tensor embed_time(const at::Tensor& time, std::int64_t count);

}  // namespace tessera::lab
