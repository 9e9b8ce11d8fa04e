#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/estimate.h"
#include "diffusion/gaussian/process.h"

namespace tessera::lab {

/// A chain, and the best possible network for data that are known.
struct World {
  diffusion::GaussianProcess process;
  std::shared_ptr<diffusion::GaussianDenoiser> denoiser;
};

/// One number, N(mean, variance).
World normal_world(const diffusion::GaussianSchedule& schedule,
                   double mean,
                   double variance,
                   diffusion::AnswerKind kind = {});

/// A finite set of pictures [P, C, H, W], all equally likely.
World picture_world(const diffusion::GaussianSchedule& schedule, const at::Tensor& pictures);

/// The chain that visits 0 and these ascending times of another (the last need not be T): a chain
/// of its own, of as many steps.
diffusion::GaussianSchedule strided_schedule(const diffusion::GaussianSchedule& schedule,
                                             const std::vector<std::int64_t>& times);

/// x_0 and noise of two rows, [2, 1, 1, 1] float64, whose squares and products have the means of
/// independent x_0 ~ N(0, variance) and noise ~ N(0, 1): what is quadratic in both is integrated
/// exactly.
struct PairDesign {
  at::Tensor x0{};
  at::Tensor noise{};
};
PairDesign pair_design(double variance);

/// The variational bound of N(0, variance) in this world, nats a dimension, its expectation taken
/// exactly (continuous decoder).
double normal_bound(const World& world, double variance);

/// No threshold at all: data of the lab have no limits.
diffusion::ThresholdOptions unlimited();

}  // namespace tessera::lab
