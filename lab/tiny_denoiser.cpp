#include "lab/tiny_denoiser.h"

#include <ATen/ATen.h>

namespace tessera::lab {
namespace {

constexpr std::int64_t kWaves = 6;  // sine and cosine of time each

}  // namespace

TinyDenoiser::TinyDenoiser(const Shape& shape,
                           diffusion::GaussianPrediction prediction,
                           std::uint64_t seed)
    : shape_(shape),
      prediction_(prediction),
      network_({shape.numbers + 2 * kWaves, shape.width, shape.width, shape.numbers}, seed) {}

at::Tensor TinyDenoiser::forward(const at::Tensor& x_t,
                                 const at::Tensor& t,
                                 const nn::Condition& /*condition*/) {
  const at::Tensor time = t.to(at::kFloat) / static_cast<double>(shape_.steps);
  const at::Tensor input = at::cat({x_t.flatten(1).to(at::kFloat), embed_time(time, kWaves)}, 1);
  return network_(input).view(x_t.sizes()).to(x_t.scalar_type());
}

nn::Condition TinyDenoiser::null_condition(std::int64_t /*batch*/) {
  return {};
}

}  // namespace tessera::lab
