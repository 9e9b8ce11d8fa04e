#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/estimate.h"

namespace tessera::diffusion {

/// Data N(mean, covariance). Scalar: mean [] and variance []; diagonal: of the picture's shape
/// [C, H, W]; full: covariance [D, D] over the flattened picture, D = C H W.
struct GaussianData {
  at::Tensor mean{};
  at::Tensor variance{};    // scalar or diagonal; undefined where covariance is given
  at::Tensor covariance{};  // [D, D]; undefined where variance is given
};

/// The best possible network for Gaussian data. With the variance kDiagonal it also answers the
/// best diagonal variance of t -> t - 1: beta~ + c0^2 Var(x_0 | x_t); float64 in, float64 out.
std::shared_ptr<GaussianDenoiser> make_gaussian_data_denoiser(const GaussianSchedule& schedule,
                                                              const GaussianData& data,
                                                              AnswerKind kind);

/// Data given as points [P, C, H, W] with weights [P] (undefined = equal): x_0 | x_t is a softmax.
std::shared_ptr<GaussianDenoiser> make_finite_data_denoiser(const GaussianSchedule& schedule,
                                                            const at::Tensor& points,
                                                            const at::Tensor& weights,
                                                            AnswerKind kind);

/// A mixture of isotropic Gaussians: means [P, C, H, W], variances [P], weights [P].
struct MixtureData {
  at::Tensor means{};
  at::Tensor variances{};
  at::Tensor weights{};
};
std::shared_ptr<GaussianDenoiser> make_mixture_data_denoiser(const GaussianSchedule& schedule,
                                                             const MixtureData& data,
                                                             AnswerKind kind);

}  // namespace tessera::diffusion
