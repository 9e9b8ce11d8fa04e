#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/transition.h"

// What the discrete tests compare with: probability by enumeration, in long double and by plain
// loops, written from the definitions and sharing no code with the library.
namespace tessera::diffusion::oracle {

using Real = long double;
using Vector = std::vector<Real>;
using Matrix = std::vector<Vector>;  // row = from-state

/// One chain in both forms: the library's options, and the matrix of every step.
struct Chain {
  std::string label{};
  TransitionOptions options{};
  std::int64_t codes = 0;
  std::vector<Matrix> one_step{};  // entry t - 1 leads from t - 1 to t

  std::size_t states() const { return one_step.front().size(); }
  std::size_t steps() const { return one_step.size(); }
  Matrix between(std::size_t early, std::size_t late) const;
  /// p(x_s | x_t) = sum_k q(x_s | x_t, x_0 = k) p_k over the k that can have led to x_t.
  Vector posterior(const Vector& p_x0, std::size_t x_t, std::size_t t, std::size_t s) const;
};

/// Steps made from the definitions alpha_t = A_t / A_{t-1}, gamma_t = 1 - (1-C_t) / (1-C_{t-1}).
Chain make_chain(const TransitionOptions& options, std::int64_t codes);
/// alpha1 with A 0.9 -> 0.1, C 0.05 -> 0.8: every probability is far from 0 and 1.
TransitionOptions friendly(std::int64_t steps);
/// The schedule of the paper's text: C_t = 0.9 t / T, A_t = 1 - t / T.
TransitionOptions paper(std::int64_t steps);
/// Every kind and schedule, several K and T.
std::vector<Chain> all_chains();

/// P(a chi-square variable of that many degrees is as large): small means a bad fit. Cells that
/// expect less than 5 are pooled; a count where nothing is expected gives 0.
double chi_square_p(const std::vector<double>& counts, const std::vector<double>& law);

at::Tensor as_tensor(const Vector& v);  // float64

}  // namespace tessera::diffusion::oracle
