// Gaussian diffusion: latents or pixels go from noise to data, then the codec paints the latents.

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/editing.h"
#include "diffusion/gaussian/sampler.h"
#include "pipeline/gaussian_parts.h"
#include "pipeline/guided_denoiser.h"
#include "pipeline/paths.h"
#include "pipeline/picture_space.h"
#include "pipeline/prompt_condition.h"
#include "pipeline/ready_part.h"

namespace tessera::pipeline {
namespace {

/// The network on pieces of a batch: a picture may not depend on the batch that it is in.
class PieceByPiece final : public diffusion::GaussianDenoiser {
 public:
  explicit PieceByPiece(std::shared_ptr<diffusion::GaussianDenoiser> network)
      : network_(std::move(network)) {}

  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override {
    const std::int64_t rows = x_t.size(0);
    const std::int64_t at_once = pictures_at_once(rows, x_t.device());
    if (rows <= at_once) return network_->forward(x_t, t, condition);
    std::vector<at::Tensor> answers;
    for (std::int64_t first = 0; first < rows; first += at_once) {
      const std::int64_t count = std::min(at_once, rows - first);
      const nn::Condition own =
          condition.defined() ? nn::rows_of(condition, first, count) : nn::Condition{};
      answers.push_back(
          network_->forward(x_t.narrow(0, first, count), t.narrow(0, first, count), own));
    }
    return at::cat(answers);
  }
  nn::Condition null_condition(std::int64_t batch) override {
    return network_->null_condition(batch);
  }
  diffusion::GaussianPrediction prediction() const override { return network_->prediction(); }
  diffusion::GaussianVariance variance() const override { return network_->variance(); }

 private:
  std::shared_ptr<diffusion::GaussianDenoiser> network_;
};

/// What requests are checked against where there is no codec: every pixel is a place of its own.
vqvae::VqVaeOptions pixel_grid(const GaussianParts& parts) {
  return {.image_channels = parts.channels,
          .resolution = parts.side,
          .unshuffle = 1,
          .channel_multipliers = {1}};
}

class GaussianPipeline final : public Pipeline {
 public:
  GaussianPipeline(ModelCard card, GaussianParts parts, at::Device device);
  const ModelCard& card() const override { return card_; }
  const PipelineFacts& facts() const override { return facts_; }
  const text::Tokenizer& table_tokenizer() const override {
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
                     [&](const at::Tensor& piece) { return codec().encode(piece); });
  }
  at::Tensor decode(const at::Tensor& codes) const override {
    const at::NoGradGuard no_grad;
    return in_pieces(codes.to(device_),
                     [&](const at::Tensor& piece) { return codec().decode(piece); })
        .clamp(-1.0, 1.0);
  }

 private:
  vqvae::VqVaeImpl& codec() const {
    TESSERA_CHECK(parts_.codec, kNotFound, "model \"", card_.name, "\" has no codec");
    return *parts_.codec;
  }
  void check_parts() const;
  void check_start(const Start& start, std::int64_t batch) const;
  nn::Condition condition_of(const text::Tokens& prompts) const {
    return read_prompts(
        prompts,
        {.facts = facts_, .text_encoder = parts_.text_encoder.get(), .device = device_},
        parts_.denoiser->null_condition(prompts.rows()));
  }
  at::Tensor paint(const at::Tensor& x) const {
    return in_pieces(x, [&](const at::Tensor& piece) { return space_.decode(piece); });
  }
  diffusion::GaussianSamplerOptions told(const SampleOptions& options) const;
  /// Where a chain begins, and what holds the kept places while it runs; empty where none are.
  struct Beginning {
    at::Tensor x{};
    std::function<at::Tensor(const diffusion::ChainStep&)> hold{};
  };
  Beginning begin(const Start& start,
                  const nn::Noise& noise,
                  std::int64_t batch,
                  diffusion::ChainOptions& chain) const;

  ModelCard card_;
  GaussianParts parts_;
  at::Device device_;
  PictureSpace space_;
  diffusion::GaussianProcess process_;
  std::shared_ptr<PieceByPiece> denoiser_;
  PipelineFacts facts_{};
};

GaussianPipeline::GaussianPipeline(ModelCard card, GaussianParts parts, at::Device device)
    : card_(std::move(card)),
      parts_(std::move(parts)),
      device_(device),
      space_(parts_.codec, parts_.path),
      process_(diffusion::make_gaussian_schedule(parts_.path.schedule), device),
      denoiser_(std::make_shared<PieceByPiece>(parts_.denoiser)) {
  facts_.parameters = make_ready(parts_.codec.get(), device_) +
                      make_ready(parts_.denoiser.get(), device_) +
                      make_ready(parts_.text_encoder.get(), device_);
  facts_.codec = parts_.codec ? parts_.codec->options() : pixel_grid(parts_);
  facts_.condition = parts_.condition;
  facts_.classes = parts_.classes;
  facts_.vocabulary = parts_.vocabulary;
  facts_.text_length = parts_.text_length;
  facts_.chain_steps = process_.steps();
  facts_.path = kGaussianPath;
  check_parts();
}

void GaussianPipeline::check_parts() const {
  const std::int64_t channels = parts_.codec ? facts_.codec.code_dim : 3;
  TESSERA_CHECK(parts_.channels == channels && parts_.side == facts_.codec.grid(),
                kShapeMismatch,
                "the U-Net was made for ",
                parts_.channels,
                " channels of ",
                parts_.side,
                "x",
                parts_.side,
                ", the ",
                parts_.codec ? "codec's latents have " : "pictures have ",
                channels,
                " of ",
                facts_.codec.grid(),
                "x",
                facts_.codec.grid());
}

/// What the sampler is told; ddim adds no noise unless request or card say so.
diffusion::GaussianSamplerOptions GaussianPipeline::told(const SampleOptions& options) const {
  diffusion::GaussianSamplerOptions told;
  if (options.tuning.eta >= 0) told.eta = options.tuning.eta;
  return told;
}

SampleOptions GaussianPipeline::resolve(SampleOptions options) const {
  TESSERA_CHECK(options.path.empty() || options.path == kGaussianPath,
                kInvalidArgument,
                "these parts draw on the path gaussian, not ",
                options.path);
  options.path = kGaussianPath;
  const SampleOptions& own = card_.gaussian_sampling;
  if (options.steps == 0) options.steps = own.steps > 0 ? own.steps : facts_.chain_steps;
  if (options.sampler.empty()) options.sampler = own.sampler.empty() ? "ddim" : own.sampler;
  if (options.guidance < 0) options.guidance = own.guidance >= 0 ? own.guidance : 1.0;
  if (options.truncation.empty()) options.truncation = "1";
  TESSERA_CHECK(options.steps >= 1 && options.steps <= facts_.chain_steps,
                kInvalidArgument,
                "steps must be in 1..",
                facts_.chain_steps,
                " on the Gaussian path of this model, got ",
                options.steps);
  TESSERA_CHECK(std::isfinite(options.guidance) && options.guidance <= 100.0,
                kInvalidArgument,
                "guidance must be in 0..100 (1 = off), got ",
                options.guidance);
  TESSERA_CHECK(facts_.condition != ConditionKind::kNone || options.guidance == 1.0,
                kInvalidArgument,
                "this model takes no prompt, so guidance must be 1, got ",
                options.guidance);
  TESSERA_CHECK(options.truncation == "1",
                kInvalidArgument,
                "truncation is of the path discrete; on the Gaussian path it must be 1, got ",
                options.truncation);
  check_sampler(options.sampler, kGaussianPath);
  if (options.tuning.eta < 0) options.tuning.eta = own.tuning.eta;
  if (options.sampler == "ddim") options.tuning.eta = told(options).eta;
  diffusion::make_gaussian_sampler(options.sampler,
                                   told(options),
                                   parts_.denoiser->variance());  // throws for what is out of range
  return options;
}

void GaussianPipeline::check_start(const Start& start, std::int64_t batch) const {
  const std::int64_t resolution = facts_.codec.resolution;
  const std::int64_t places = facts_.codec.grid() * facts_.codec.grid();
  TESSERA_CHECK(!start.codes.defined(),
                kInvalidArgument,
                "the Gaussian path begins with a picture, not with codes");
  const std::vector<std::int64_t> wanted{batch, 3, resolution, resolution};
  TESSERA_CHECK(!start.images.defined() || start.images.sizes() == at::IntArrayRef(wanted),
                kShapeMismatch,
                "start pictures must be ",
                at::IntArrayRef(wanted),
                ", got ",
                start.images.defined() ? start.images.sizes() : at::IntArrayRef{});
  TESSERA_CHECK(start.strength > 0.0 && start.strength <= 1.0,
                kInvalidArgument,
                "strength must be above 0 and at most 1, got ",
                start.strength);
  TESSERA_CHECK(start.images.defined() || (!start.keep.defined() && start.strength == 1.0),
                kInvalidArgument,
                "strength and kept places need a picture to start from");
  const std::vector<std::int64_t> grid{batch, places};
  TESSERA_CHECK(!start.keep.defined() || start.keep.sizes() == at::IntArrayRef(grid),
                kShapeMismatch,
                "kept places must be ",
                at::IntArrayRef(grid));
}

/// x_T from the prior, or x_t from q(x_t | start) where only a share of the chain is run; the plan
/// is cut to that share.
GaussianPipeline::Beginning GaussianPipeline::begin(const Start& start,
                                                    const nn::Noise& noise,
                                                    std::int64_t batch,
                                                    diffusion::ChainOptions& chain) const {
  const at::Tensor prior =
      diffusion::draw_prior(noise, {parts_.channels, parts_.side, parts_.side}, device_);
  Beginning begun{.x = prior};
  if (!start.images.defined()) return begun;
  const at::Tensor given = in_pieces(start.images.to(device_),
                                     [&](const at::Tensor& piece) { return space_.encode(piece); });
  if (start.strength < 1.0) {
    const std::int64_t t = diffusion::time_of_strength(process_.steps(), start.strength);
    chain.plan = diffusion::plan_from(chain.plan, t);
    begun.x = process_.q_sample(
        given, at::full({batch}, t, at::TensorOptions(device_).dtype(at::kLong)), prior);
  }
  if (start.keep.defined()) {
    const diffusion::KnownRegion known{
        .x0 = given, .keep = start.keep.to(device_).view({-1, 1, given.size(2), given.size(3)})};
    begun.hold = diffusion::hold_known(process_, known, noise);
    begun.x = diffusion::impose_known(process_, begun.x, known, chain.plan.front().from, prior);
  }
  return begun;
}

Sampled GaussianPipeline::sample(const text::Tokens& wanted,
                                 const text::Tokens& unwanted,
                                 const SampleOptions& resolved,
                                 const Start& start,
                                 const nn::Noise& noise,
                                 const StepHook& on_step,
                                 std::stop_token stop) const {
  const at::NoGradGuard no_grad;
  const std::int64_t batch = wanted.rows();
  check_start(start, batch);
  const auto sampler = diffusion::make_gaussian_sampler(
      resolved.sampler, told(resolved), parts_.denoiser->variance());
  diffusion::ChainOptions chain{
      .condition = condition_of(wanted),
      .guidance = resolved.guidance,
      .threshold = parts_.path.threshold,
      .plan = sampler->plan({.trained = process_.steps(), .wanted = resolved.steps}),
      .stop = stop};
  if (resolved.guidance != 1.0) chain.unconditional = condition_of(unwanted);

  const Beginning begun = begin(start, noise, batch, chain);
  std::int64_t done = 0;
  const auto total = static_cast<std::int64_t>(chain.plan.size());
  chain.on_step = [&](const diffusion::ChainStep& step) {
    const at::Tensor next = begun.hold ? begun.hold(step) : at::Tensor();
    ++done;
    if (on_step) {
      on_step({.step = done,
               .total = total,
               .decode = [&] { return paint(step.estimate); },
               .codes = {}});
    }
    return next;
  };
  const at::Tensor x = diffusion::run_gaussian_chain(
      {.process = process_, .denoiser = *denoiser_, .sampler = *sampler}, begun.x, chain, noise);
  return {.images = paint(x)};
}

}  // namespace

std::unique_ptr<const Pipeline> assemble_gaussian_pipeline(ModelCard card,
                                                           GaussianParts parts,
                                                           at::Device device) {
  return std::make_unique<GaussianPipeline>(std::move(card), std::move(parts), device);
}

}  // namespace tessera::pipeline
