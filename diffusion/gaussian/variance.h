#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/process.h"

namespace tessera::diffusion {

/// The variance of the reverse step p(x_s | x_t).
enum class GaussianVariance : unsigned char {
  kLarge,     // beta of the stride: exact for unit-variance data
  kSmall,     // beta~ of the posterior: exact for a single point
  kDiagonal,  // learned: the network's second half is log sigma^2
  kRange,     // learned: v in [-1, 1] between log beta~ and log beta (Improved DDPM eq. 15)
};

/// "large", "small", "diagonal", "range".
std::string_view to_string(GaussianVariance variance);
/// Throws kNotFound listing the names.
GaussianVariance parse_gaussian_variance(std::string_view name);
std::vector<std::string> gaussian_variance_names();
/// Whether the network answers 2 C channels, the second half for the variance.
bool is_learned(GaussianVariance variance);

/// What the variance of a reverse step is made from; one stride for the whole batch, or one a row.
struct VarianceInput {
  at::Tensor x_t{};  // [B, ...], gives type, rank and device
  at::Tensor t{};    // [B] int64
  at::Tensor s{};    // [B] int64, < t
  at::Tensor raw{};  // the network's second half, of x_t's shape; undefined where not learned
};

/// log sigma^2 of p(x_s | x_t), of x_t's shape or [B, 1, ...]. Where s = 0 the posterior variance
/// is 0 and beta~ of the next stride of the same width stands in (of t = 2 for t = 1), so that the
/// decoder of L_0 has a width; `kLarge` takes it there too, as the published code does.
at::Tensor log_variance(const GaussianProcess& process,
                        GaussianVariance variance,
                        const VarianceInput& in);

/// The scalar log beta~ that stands in where s = 0: that of the stride 2t -> t (T -> t where 2t >
/// T; log beta_T where T = t).
double first_log_variance(const GaussianProcess& process, std::int64_t t);

}  // namespace tessera::diffusion
