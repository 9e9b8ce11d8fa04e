#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// `x` on `device`. From the CPU to CUDA it goes through page-locked memory, and neither waits for
/// what the device still has to do, which a plain copy does: a training step that reads nothing
/// back never holds the queue of kernels up.
at::Tensor to_device(const at::Tensor& x, c10::Device device);

/// The first half of it, for a thread that works ahead: `x` in page-locked memory where it lies on
/// the CPU and is to go to CUDA, else `x` itself. to_device() then copies it no second time.
at::Tensor staged_for(const at::Tensor& x, c10::Device device);

}  // namespace tessera::nn
