// VQ-Diffusion sampling: a canvas of codes goes from noise to data, then the codec paints it.

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/discrete/sampler.h"
#include "pipeline/guided_denoiser.h"
#include "pipeline/parts.h"
#include "pipeline/paths.h"
#include "pipeline/prompt_condition.h"
#include "pipeline/ready_part.h"
#include "pipeline/run_chain.h"

namespace tessera::pipeline {
namespace {

using diffusion::TimeStep;

class VqPipeline final : public Pipeline {
 public:
  VqPipeline(ModelCard card, Parts parts, at::Device device)
      : card_(std::move(card)), parts_(std::move(parts)), device_(device) {
    facts_.codec = parts_.codec->options();
    facts_.parameters = make_ready(parts_.codec.get(), device_);
    if (!parts_.denoiser) return;
    facts_.parameters += make_ready(parts_.denoiser.get(), device_);
    facts_.parameters += make_ready(parts_.text_encoder.get(), device_);
    facts_.condition = parts_.condition;
    facts_.classes = parts_.classes;
    facts_.vocabulary = parts_.vocabulary;
    facts_.text_length = parts_.text_length;
    facts_.chain_steps = parts_.transition->steps();
    TESSERA_CHECK(parts_.transition->codes() == facts_.codec.codebook_size,
                  kShapeMismatch,
                  "the codec has ",
                  facts_.codec.codebook_size,
                  " codes, the denoiser ",
                  parts_.transition->codes());
  }

  const ModelCard& card() const override { return card_; }
  const PipelineFacts& facts() const override { return facts_; }

  const text::Tokenizer& table_tokenizer() const override {
    check_generates();
    TESSERA_CHECK(parts_.tokenizer, kNotFound, "model \"", card_.name, "\" has no table of tokens");
    return *parts_.tokenizer;
  }

  SampleOptions resolve(SampleOptions options) const override;
  Sampled sample(const text::Tokens& wanted,
                 const text::Tokens& unwanted,
                 const SampleOptions& resolved,
                 const Start& start,
                 const nn::Noise& noise,
                 const StepHook& on_step,
                 std::stop_token stop) const override;

  at::Tensor encode(const at::Tensor& images) const override {
    const at::NoGradGuard no_grad;
    return in_pieces(images.to(device_),
                     [&](const at::Tensor& piece) { return parts_.codec->encode(piece); });
  }

  at::Tensor decode(const at::Tensor& codes) const override {
    const at::NoGradGuard no_grad;
    return in_pieces(codes.to(device_),
                     [&](const at::Tensor& piece) { return parts_.codec->decode(piece); })
        .clamp(-1.0, 1.0);
  }

 private:
  void check_generates() const {
    TESSERA_CHECK(facts_.generates(),
                  kNotFound,
                  "model \"",
                  card_.name,
                  "\" is a codec alone (no ",
                  kTransformerPart,
                  " part): it can reconstruct pictures, not generate them");
  }

  std::int64_t tokens() const { return facts_.codec.grid() * facts_.codec.grid(); }

  SamplerOptions resolve_tuning(const SampleOptions& options) const;
  nn::Condition condition_of(const text::Tokens& prompts) const {
    return read_prompts(
        prompts,
        {.facts = facts_, .text_encoder = parts_.text_encoder.get(), .device = device_},
        parts_.denoiser->null_condition(prompts.rows()));
  }
  void check_start(const Start& start, std::int64_t batch) const;
  at::Tensor first_canvas(const Start& start,
                          const TimeStep& first,
                          std::int64_t batch,
                          const nn::Noise& noise) const;
  at::Tensor paint(const at::Tensor& codes) const {
    return decode(codes.view({codes.size(0), facts_.codec.grid(), facts_.codec.grid()}));
  }

  ModelCard card_;
  Parts parts_;
  at::Device device_;
  PipelineFacts facts_{};
};

/// What the sampler is told: the request's own word, else the card's, else the sampler's default.
SamplerOptions VqPipeline::resolve_tuning(const SampleOptions& options) const {
  const SamplerOptions& own = card_.sampling.tuning;
  SamplerOptions tuning = options.tuning;
  if (tuning.temperature < 0) tuning.temperature = own.temperature;
  if (tuning.revisits < 0) tuning.revisits = own.revisits;
  if (tuning.prior_weight < 0) tuning.prior_weight = own.prior_weight;
  if (tuning.tokens_a_call == 0) tuning.tokens_a_call = own.tokens_a_call;
  diffusion::make_discrete_sampler(options.sampler, tuning);  // throws for what is out of range
  return diffusion::resolve_sampler_options(options.sampler, tuning);
}

SampleOptions VqPipeline::resolve(SampleOptions options) const {
  check_generates();
  TESSERA_CHECK(options.path.empty() || options.path == kDiscretePath,
                kInvalidArgument,
                "these parts draw on the path discrete, not ",
                options.path);
  options.path = kDiscretePath;
  const SampleOptions& own = card_.sampling;
  if (options.steps == 0) options.steps = own.steps > 0 ? own.steps : facts_.chain_steps;
  if (options.sampler.empty()) options.sampler = own.sampler;
  if (options.guidance < 0) options.guidance = own.guidance >= 0 ? own.guidance : 1.0;
  if (options.truncation.empty())
    options.truncation = own.truncation.empty() ? "1" : own.truncation;
  TESSERA_CHECK(options.steps >= 1 && options.steps <= facts_.chain_steps,
                kInvalidArgument,
                "steps must be in 1..",
                facts_.chain_steps,
                " for this model, got ",
                options.steps);
  TESSERA_CHECK(std::isfinite(options.guidance) && options.guidance <= 100.0,
                kInvalidArgument,
                "guidance must be in 0..100 (1 = off), got ",
                options.guidance);
  TESSERA_CHECK(facts_.condition != ConditionKind::kNone || options.guidance == 1.0,
                kInvalidArgument,
                "this model takes no prompt, so guidance must be 1, got ",
                options.guidance);
  check_sampler(options.sampler, kDiscretePath);
  options.tuning = resolve_tuning(options);
  diffusion::parse_truncation(options.truncation);
  return options;
}

void VqPipeline::check_start(const Start& start, std::int64_t batch) const {
  const at::IntArrayRef given = start.codes.defined() ? start.codes.sizes() : at::IntArrayRef{};
  TESSERA_CHECK(
      !start.codes.defined() || (given.size() == 2 && given[0] == batch && given[1] == tokens()),
      kShapeMismatch,
      "start codes must be [",
      batch,
      ", ",
      tokens(),
      "], got ",
      given);
  TESSERA_CHECK(start.strength > 0.0 && start.strength <= 1.0,
                kInvalidArgument,
                "strength must be above 0 and at most 1, got ",
                start.strength);
  TESSERA_CHECK(start.codes.defined() || (!start.keep.defined() && start.strength == 1.0),
                kInvalidArgument,
                "strength and kept codes need a picture to start from");
  TESSERA_CHECK(!start.keep.defined() || start.keep.sizes() == given,
                kShapeMismatch,
                "kept places must be ",
                given,
                " like the start codes");
}

/// x_T from the prior, or x_t from q(x_t | start) where only a share of the chain is run.
at::Tensor VqPipeline::first_canvas(const Start& start,
                                    const TimeStep& first,
                                    std::int64_t batch,
                                    const nn::Noise& noise) const {
  const diffusion::Transition& chain = *parts_.transition;
  at::Tensor canvas;
  if (first.from < chain.steps()) {
    const at::Tensor t = at::full({batch}, first.from, at::kLong);
    canvas = chain.draw(start.codes.to(at::kCPU), t, noise.rng, 0).to(device_);
  } else {
    const at::Tensor log_prior = chain.log_prior().to(at::kFloat).to(device_);
    canvas = (log_prior + noise.gumbel(Purpose::kPrior, 0, {tokens(), chain.states()}, device_))
                 .argmax(-1);
  }
  return start.keep.defined() ? at::where(start.keep.to(device_), start.codes.to(device_), canvas)
                              : canvas;
}

Sampled VqPipeline::sample(const text::Tokens& wanted,
                           const text::Tokens& unwanted,
                           const SampleOptions& resolved,
                           const Start& start,
                           const nn::Noise& noise,
                           const StepHook& on_step,
                           std::stop_token stop) const {
  check_generates();
  const at::NoGradGuard no_grad;
  const std::int64_t batch = wanted.rows();
  check_start(start, batch);
  const auto sampler = diffusion::make_discrete_sampler(resolved.sampler, resolved.tuning);
  const std::vector<TimeStep> plan =
      last_share(sampler->plan(*parts_.transition, {.steps = resolved.steps, .tokens = tokens()}),
                 facts_.chain_steps,
                 start.strength);
  const bool guided = resolved.guidance != 1.0;
  GuidedDenoiser denoiser(
      *parts_.denoiser,
      condition_of(wanted),
      guided ? condition_of(unwanted) : nn::Condition{},
      {.times = network_times(*sampler, plan), .guidance = resolved.guidance, .pictures = batch});

  const ChainWalk walk{.transition = *parts_.transition,
                       .sampler = *sampler,
                       .plan = plan,
                       .truncation = diffusion::parse_truncation(resolved.truncation),
                       .noise = [&](const TimeStep&) { return noise; },
                       .keep = start.keep.defined() ? start.keep.to(device_) : at::Tensor(),
                       .given = start.codes.defined() ? start.codes.to(device_) : at::Tensor()};
  const auto tell = [&](const WalkedStride& stride) {
    if (!on_step) return;
    on_step({.step = stride.number,
             .total = static_cast<std::int64_t>(plan.size()),
             .decode =
                 [&] {
                   const at::Tensor open = stride.canvas >= facts_.codec.codebook_size;
                   return paint(
                       at::where(open, stride.prediction.log_p().argmax(-1), stride.canvas));
                 },
             .codes =
                 [&] {
                   return CodeView{.codes = stride.canvas,
                                   .confidence = stride.prediction.log_p().amax(-1).exp()};
                 }});
  };
  const at::Tensor canvas =
      run_chain(denoiser, walk, first_canvas(start, plan.front(), batch, noise), tell, stop);
  return {.codes = canvas, .images = paint(canvas)};
}

}  // namespace

std::unique_ptr<const Pipeline> assemble_pipeline(ModelCard card, Parts parts, at::Device device) {
  return std::make_unique<VqPipeline>(std::move(card), std::move(parts), device);
}

}  // namespace tessera::pipeline
