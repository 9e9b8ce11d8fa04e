#include "tests/golden/replay.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "tests/golden/recorded_chain.h"

namespace tessera::golden {
namespace {

/// Noise for all states: the published programs draw no number for the mask where it cannot come.
at::Tensor with_mask_column(const at::Tensor& uniform, std::int64_t states) {
  if (uniform.size(2) == states) return uniform;
  return at::constant_pad_nd(uniform, {0, states - uniform.size(2)}, 0.5);
}

}  // namespace

at::Tensor replay(const pipeline::Parts& model,
                  const RecordedRun& run,
                  const StrideCheck& check,
                  Report& report) {
  TESSERA_CHECK(run.tokens.size(0) == static_cast<std::int64_t>(run.plan.size()),
                kShapeMismatch,
                "the plan has ",
                run.plan.size(),
                " calls of the network, the recording ",
                run.tokens.size(0));
  pipeline::GuidedDenoiser denoiser(
      *model.denoiser,
      run.wanted,
      run.unwanted,
      {.times = pipeline::network_times(*run.sampler, run.plan), .guidance = run.guidance});
  std::size_t drawn = 0;
  const pipeline::ChainWalk walk{
      .transition = *model.transition,
      .sampler = *run.sampler,
      .plan = run.plan,
      .truncation = {.rate = run.truncation},
      .noise = [&](const diffusion::TimeStep& time) {
        const at::Tensor uniform = run.uniform(drawn++);
        return recorded_noise(time.reveal ? uniform.narrow(2, 0, model.transition->codes())
                                          : with_mask_column(uniform, model.transition->states()));
      }};
  const auto compare = [&](const pipeline::WalkedStride& stride) {
    const auto call = static_cast<std::size_t>(stride.number - 1);
    if (check) check(call, stride.prediction.log_p());
    report.equal(
        concat("tokens after call ", stride.number), stride.canvas, run.tokens[stride.number - 1]);
  };
  return pipeline::run_chain(denoiser, walk, run.start, compare, {});
}

at::Tensor decode_canvas(const pipeline::Parts& model, const at::Tensor& canvas) {
  const auto side =
      static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(canvas.size(1)))));
  return model.codec->decode(canvas.view({canvas.size(0), side, side}));
}

at::Tensor codes_of(const at::Tensor& recorded, std::int64_t codes) {
  return recorded.narrow(1, 0, codes).transpose(1, 2);
}

bool rounds_to(const at::Tensor& pixels, const at::Tensor& bytes, double tolerance) {
  const at::Tensor recorded = bytes.to(at::kDouble);
  return ((recorded >= (pixels - tolerance).round()) & (recorded <= (pixels + tolerance).round()))
      .all()
      .item<bool>();
}

at::Tensor floored(const at::Tensor& log_p) {
  return log_p.clamp_min(kFloor);
}

}  // namespace tessera::golden
