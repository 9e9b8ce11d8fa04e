#pragma once

#include <ATen/core/Tensor.h>

#include "core/philox.h"

namespace tessera::nn {

/// Which numbers: row r holds numbers 0 .. per_image - 1 of the stream (seed, image, purpose,
/// step).
struct PhiloxRows {
  at::Tensor seeds{};   // [B] int64 on the CPU, the bits of each row's seed
  at::Tensor images{};  // [B] int64 on the CPU
  std::int64_t per_image = 0;
  Purpose purpose = Purpose::kPrior;
  std::uint32_t step = 0;
};

/// What kernels/philox_fill.h fills in on the CPU, by tensor operations on `device`, so that large
/// noise needs neither the processor's time nor the bus. [B, per_image] float32: uniforms bit for
/// bit, normals up to the last bit of the device's own logarithm and cosine.
at::Tensor philox_uniform_on(at::Device device, const PhiloxRows& rows);
at::Tensor philox_normal_on(at::Device device, const PhiloxRows& rows);

}  // namespace tessera::nn
