#pragma once

#include "train/optimizer.h"
#include "train/optimizers/adamw.h"

namespace tessera::train {

/// Muon (Jordan et al. 2024): the momentum of a hidden matrix is replaced by the nearest
/// semi-orthogonal one, so that every direction of the matrix learns alike. With the scale
/// 0.2 sqrt(max(rows, columns)) of Liu et al. 2025 its updates are as large as AdamW's, so both
/// share one learning rate and one weight decay. Convolution kernels count as [out, in·h·w]
/// matrices. Embeddings, heads, norms and biases are AdamW's.
class Muon : public Optimizer {
 public:
  Muon(const Parameters& parameters, const OptimizerOptions& options);
  void step(const std::vector<at::Tensor>& gradients, double learning_rate) override;
  TensorMap state() const override;

  /// Which parameters are hidden matrices: two axes or more, and neither a table (embedding,
  /// position, code, null condition) nor the last layer by name.
  static bool is_hidden_matrix(const Parameter& parameter);

 private:
  /// Matrices of one shape go through the products together.
  struct Group {
    std::vector<std::size_t> members{};  // into the parameters
    std::vector<std::string> names{};
    std::vector<at::Tensor> values{}, momenta{};
  };
  void move(Group& group, const std::vector<at::Tensor>& gradients, double learning_rate);

  OptimizerOptions options_;
  std::vector<Group> groups_{};  // one a shape
  std::vector<std::size_t> others_{};
  std::unique_ptr<AdamW> adamw_{};
};

/// Five Newton–Schulz steps on [n, rows, columns]: each matrix G = U S Vᵀ -> about U Vᵀ (singular
/// values in about [0.7, 1.2]). On CUDA the products are in bfloat16, as in Jordan et al.'s own
/// program; the result has the type of what was given.
at::Tensor orthogonalise(const at::Tensor& matrices);

}  // namespace tessera::train
