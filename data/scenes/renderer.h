#pragma once

#include <ATen/core/Tensor.h>

#include "data/scenes/atlas.h"
#include "data/scenes/scenes.h"

namespace tessera::data {

/// Draws scenes with a sparse CPU kernel, a few scenes at a time on each thread.
/// -> [B, 3, S, S] float32 in [-1, 1], S = 64 or 128.
at::Tensor draw_on_cpu(const Atlas& atlas, const SceneProgram& scenes, std::int64_t resolution);

/// The same picture as batched matrix products, on the device that holds the atlas' tensors: exact
/// area weights Wy and Wx of every object, layer = Wy P Wx^T, composited back to front. Pixels may
/// differ from the CPU's by one 8-bit level, where the sums round apart.
at::Tensor draw_with_products(const Atlas& atlas,
                              const SceneProgram& scenes,
                              std::int64_t resolution);

/// The atlas on another device.
Atlas to_device(const Atlas& atlas, at::Device device);

}  // namespace tessera::data
