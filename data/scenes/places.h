#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::data {

/// The ten procedural backgrounds, drawn with tensor operations alone; a row depends on its own
/// numbers only.
/// places [B] int64 in 0..9 (field, beach, sea, night, snow, desert, space, water, room, road),
/// values [B, 28] in (0, 1) -> [B, 3, 128, 128] float32 in [0, 1], on the device of `values`.
at::Tensor draw_places(const at::Tensor& places, const at::Tensor& values);

}  // namespace tessera::data
