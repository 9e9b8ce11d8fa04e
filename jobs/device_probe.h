#pragma once

#include <string>

namespace tessera::jobs {

/// What a device can do at most, as one JSON object: "device", "threads", "side" of the square
/// matrices, "bf16_tflops" and "fp32_tflops" of their products, "copy_gb_per_s" (bytes read and
/// written) within its memory, "launches_per_s" of a kernel that does next to nothing. Numbers are
/// random, rates the median of five; takes about a second on a GPU. Training rates are to be judged
/// by these.
std::string probe_device(const std::string& device, int threads);

}  // namespace tessera::jobs
