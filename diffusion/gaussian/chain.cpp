#include "diffusion/gaussian/chain.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

at::Tensor times_of(const GaussianProcess& process, std::int64_t rows, std::int64_t t) {
  return at::full({rows}, t, at::TensorOptions().dtype(at::kLong).device(process.device()));
}

std::vector<TimeStep> plan_of(const GaussianChain& chain, const ChainOptions& options) {
  if (!options.plan.empty()) return options.plan;
  const std::int64_t steps = chain.process.steps();
  return chain.sampler.plan(
      {.trained = steps, .wanted = options.steps == 0 ? steps : options.steps});
}

}  // namespace

at::Tensor guided_answer(GaussianDenoiser& denoiser,
                         const PredictionPoint& point,
                         const ChainOptions& options) {
  if (options.guidance == 1.0) return denoiser.forward(point.x_t, point.t, options.condition);
  const nn::Condition other = options.unconditional.defined()
                                  ? options.unconditional
                                  : denoiser.null_condition(point.x_t.size(0));
  TESSERA_CHECK(options.condition.defined() && other.defined(),
                kInvalidArgument,
                "guidance ",
                options.guidance,
                " needs a condition and a null condition; this chain has none (use guidance 1)");
  const at::Tensor both = denoiser.forward(at::cat({point.x_t, point.x_t}),
                                           at::cat({point.t, point.t}),
                                           nn::concatenate(options.condition, other));
  const std::vector<at::Tensor> halves = both.chunk(2, 0);
  return guide_prediction(halves[0], halves[1], options.guidance, denoiser.variance());
}

at::Tensor run_gaussian_chain(const GaussianChain& chain,
                              const at::Tensor& x_start,
                              const ChainOptions& options,
                              const nn::Noise& noise) {
  const at::NoGradGuard no_grad;
  const AnswerKind kind{.prediction = chain.denoiser.prediction(),
                        .variance = chain.denoiser.variance()};
  check_prediction(chain.process.schedule(), kind.prediction);
  options.threshold.validate();
  GaussianSamplerState state;
  at::Tensor x = x_start;
  for (const TimeStep& time : plan_of(chain, options)) {
    TESSERA_CHECK(!options.stop.stop_requested(),
                  kCancelled,
                  "cancelled after ",
                  time.index,
                  " of ",
                  time.count,
                  " steps");
    const PredictionPoint point{.x_t = x, .t = times_of(chain.process, x.size(0), time.from)};
    GaussianSamplerInput in{.estimate = make_estimate(chain.process,
                                                      guided_answer(chain.denoiser, point, options),
                                                      kind,
                                                      point,
                                                      options.threshold),
                            .x_t = x,
                            .time = time};
    if (options.gradient) in.gradient = options.gradient(x, time);
    if (options.normals) in.normals = options.normals(x, time);
    x = chain.sampler.step(chain.process, in, state, noise);
    if (options.on_step) {
      const at::Tensor other = options.on_step({.time = time, .x = x, .estimate = in.estimate.x0});
      if (other.defined()) x = other;
    }
  }
  return x;
}

at::Tensor draw_prior(const nn::Noise& noise, at::IntArrayRef shape, at::Device device) {
  return noise.rng.normal(Purpose::kPrior, 0, shape, device);
}

}  // namespace tessera::diffusion
