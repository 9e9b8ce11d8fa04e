#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "lab/findings.h"

namespace tessera::lab {

/// One stream of an experiment's random numbers: the same on every machine.
struct Stream {
  std::uint64_t seed = 0;
  std::uint32_t number = 0;  // tells the streams of one experiment apart
};

/// float64 of `shape`: N(0, 1), and uniform in (0, 1). The two of one stream are independent.
at::Tensor draw_normal(const Stream& stream, at::IntArrayRef shape);
at::Tensor draw_uniform(const Stream& stream, at::IntArrayRef shape);

/// Mean of independent draws (all elements), with the standard error that their spread gives.
Estimate mean_of(const at::Tensor& draws);
/// Variance of independent draws; its standard error from their fourth moment.
Estimate variance_of(const at::Tensor& draws);

/// Bars whose area is one: `bins` equal ones between low and high; draws outside are counted in the
/// total but not shown.
Histogram histogram_of(const at::Tensor& draws, double low, double high, std::int64_t bins);

}  // namespace tessera::lab
