#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/process.h"

namespace tessera::diffusion {

/// What a network answers for (x_t, t). Each is a linear function of any other, given x_t.
enum class GaussianPrediction : unsigned char {
  kNoise,     // eps: x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) eps (DDPM)
  kData,      // x_0
  kMean,      // of q(x_{t-1} | x_t, x_0), DDPM eq. 7
  kVelocity,  // sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x_0 (Salimans & Ho 2022)
  kScore,     // gradient of log q(x_t | x_0): -eps / sqrt(1 - alpha_bar)
};

/// "noise", "data", "mean", "velocity", "score".
std::string_view to_string(GaussianPrediction prediction);
/// Throws kNotFound listing the names.
GaussianPrediction parse_gaussian_prediction(std::string_view name);
std::vector<std::string> gaussian_prediction_names();

/// Where a prediction stands: its kind and the noised picture it is about.
struct PredictionPoint {
  at::Tensor x_t{};  // [B, ...]
  at::Tensor t{};    // [B] int64 in 1..T
};

/// `value` [B, ...] of kind `from` as one of kind `to`. Noise and score say nothing of x_0 where
/// alpha_bar is 0: the answer there is not finite (see check_prediction).
at::Tensor convert_prediction(const GaussianProcess& process,
                              const at::Tensor& value,
                              GaussianPrediction from,
                              GaussianPrediction to,
                              const PredictionPoint& point);

/// What a network should answer where x_0 and the noise are known: the regression target.
at::Tensor prediction_target(const GaussianProcess& process,
                             GaussianPrediction prediction,
                             const at::Tensor& x0,
                             const at::Tensor& noise,
                             const at::Tensor& t);

/// Throws kInvalidArgument where the schedule ends without signal (alpha_bar_T = 0) and the
/// prediction is noise or score, from which x_0 cannot be had at T.
void check_prediction(const GaussianSchedule& schedule, GaussianPrediction prediction);

}  // namespace tessera::diffusion
