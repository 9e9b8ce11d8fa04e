#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::lab {

/// [rows] int64, all t: the times of a batch that stands at one time.
at::Tensor times_of(std::int64_t t, std::int64_t rows = 1);

/// Draws of one number each as pictures of one pixel, [n] -> [n, 1, 1, 1]; and back to [n].
at::Tensor as_pictures(const at::Tensor& numbers);
at::Tensor as_numbers(const at::Tensor& pictures);

}  // namespace tessera::lab
