#pragma once

#include <cstdint>

#include "diffusion/gaussian/denoiser.h"
#include "lab/tiny_network.h"

namespace tessera::lab {

/// A perceptron of x_t and t as a denoiser of pictures of D = C H W numbers; float32 inside, the
/// answer in x_t's type.
class TinyDenoiser final : public diffusion::GaussianDenoiser {
 public:
  struct Shape {
    std::int64_t numbers = 1;  // D
    std::int64_t width = 64;   // of two hidden layers
    std::int64_t steps = 100;  // T
  };
  TinyDenoiser(const Shape& shape, diffusion::GaussianPrediction prediction, std::uint64_t seed);

  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override;
  nn::Condition null_condition(std::int64_t batch) override;
  diffusion::GaussianPrediction prediction() const override { return prediction_; }
  diffusion::GaussianVariance variance() const override {
    return diffusion::GaussianVariance::kLarge;
  }
  const TinyNetwork& network() const { return network_; }

 private:
  Shape shape_;
  diffusion::GaussianPrediction prediction_;
  TinyNetwork network_;
};

}  // namespace tessera::lab
