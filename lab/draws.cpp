#include "lab/draws.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "nn/rng.h"

namespace tessera::lab {

at::Tensor draw_normal(const Stream& stream, at::IntArrayRef shape) {
  return nn::Rng::of_run(stream.seed, stream.number, 1)
      .normal(Purpose::kExperiment, 0, shape)
      .squeeze(0)
      .to(at::kDouble);
}

at::Tensor draw_uniform(const Stream& stream, at::IntArrayRef shape) {
  return nn::Rng::of_run(stream.seed, stream.number, 1)
      .uniform(Purpose::kExperiment, 1, shape)  // other bits than the normal numbers of the stream
      .squeeze(0)
      .to(at::kDouble);
}

Estimate mean_of(const at::Tensor& draws) {
  TESSERA_CHECK(draws.numel() > 1, kInvalidArgument, "a mean of ", draws.numel(), " draws");
  const at::Tensor x = draws.reshape({-1}).to(at::kDouble);
  return {.value = x.mean().item<double>(),
          .standard_error = std::sqrt(x.var().item<double>() / static_cast<double>(x.numel()))};
}

Estimate variance_of(const at::Tensor& draws) {
  TESSERA_CHECK(draws.numel() > 1, kInvalidArgument, "a variance of ", draws.numel(), " draws");
  const at::Tensor x = draws.reshape({-1}).to(at::kDouble);
  const at::Tensor squares = (x - x.mean()).square();
  return {.value = x.var().item<double>(), .standard_error = mean_of(squares).standard_error};
}

Histogram histogram_of(const at::Tensor& draws, double low, double high, std::int64_t bins) {
  TESSERA_CHECK(bins > 0 && low < high, kInvalidArgument, "a histogram of ", bins, " bins");
  const double width = (high - low) / static_cast<double>(bins);
  Histogram histogram;
  for (std::int64_t i = 0; i <= bins; ++i) {
    histogram.edges.push_back(low + width * static_cast<double>(i));
  }
  const at::Tensor x = draws.reshape({-1}).to(at::kDouble);
  const at::Tensor counts = x.histc(bins, low, high).contiguous();
  const double scale = 1.0 / (static_cast<double>(x.numel()) * width);
  for (std::int64_t i = 0; i < bins; ++i) {
    histogram.heights.push_back(counts.data_ptr<double>()[i] * scale);
  }
  return histogram;
}

}  // namespace tessera::lab
