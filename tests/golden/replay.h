#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/sampler.h"
#include "nn/condition.h"
#include "pipeline/parts.h"
#include "pipeline/run_chain.h"
#include "tests/golden/conformance.h"

namespace tessera::golden {

/// A recorded run, in our terms: what it began with, and what was drawn at each network call.
struct RecordedRun {
  nn::Condition wanted{};
  nn::Condition unwanted{};  // undefined where guidance is 1
  double guidance = 1.0;
  double truncation = 1.0;
  at::Tensor start{};  // [B, N]
  std::shared_ptr<const diffusion::DiscreteSampler> sampler{};
  std::vector<diffusion::TimeStep> plan{};
  std::function<at::Tensor(std::size_t call)> uniform{};  // [B, N, C], classes last
  at::Tensor tokens{};                                    // [calls, B, N], the canvas after each
};

/// What a stride was drawn from; called before the canvas is compared.
using StrideCheck = std::function<void(std::size_t call, const at::Tensor& log_x0)>;

/// Runs the library's loop on the recorded numbers and holds every canvas to the recorded one.
/// Gives the last canvas.
at::Tensor replay(const pipeline::Parts& model,
                  const RecordedRun& run,
                  const StrideCheck& check,
                  Report& report);

/// [B, 3, H, W] of a canvas of codes on a square grid, not clamped.
at::Tensor decode_canvas(const pipeline::Parts& model, const at::Tensor& canvas);

/// Whether every byte is its pixel (0..255) rounded, which may be off by the tolerance: next to a
/// half, rounding of the last digit decides.
bool rounds_to(const at::Tensor& pixels, const at::Tensor& bytes, double tolerance);

/// Theirs [B, K or K + 1, N], cut at a floor of -70 -> ours [B, N, K]; and ours with that floor.
at::Tensor codes_of(const at::Tensor& recorded, std::int64_t codes);
inline constexpr double kFloor = -70.0;
at::Tensor floored(const at::Tensor& log_p);

}  // namespace tessera::golden
