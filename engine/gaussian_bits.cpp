// Bits of pixels or latents under the Gaussian path of a model.

#include "eval/gaussian_bits.h"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "engine/bits_meter.h"
#include "engine/prompt_text.h"
#include "pipeline/gaussian_parts.h"
#include "pipeline/picture_space.h"
#include "pipeline/prompt_condition.h"

namespace tessera::engine {
namespace {

/// What the meter uses of a model that is otherwise a pipeline.
struct OpenGaussian {
  std::shared_ptr<diffusion::GaussianDenoiser> denoiser{};
  std::shared_ptr<text::TextEncoder> text_encoder{};
  pipeline::GaussianPathOptions path{};
  pipeline::PictureSpace space;
  std::unique_ptr<const pipeline::Pipeline> pipeline{};
};

OpenGaussian open_gaussian(const BitsModel& model) {
  const pipeline::ModelCard card = pipeline::read_model_card(model.folder);
  pipeline::GaussianParts parts = pipeline::load_gaussian_parts(
      model.folder, card, pipeline::scalar_type(model.options.precision));
  const auto denoiser = parts.denoiser;
  const auto text_encoder = parts.text_encoder;
  const auto codec = parts.codec;
  const pipeline::GaussianPathOptions path = parts.path;
  auto pipeline = pipeline::assemble_gaussian_pipeline(card, std::move(parts), model.device);
  return {.denoiser = denoiser,
          .text_encoder = text_encoder,
          .path = path,
          .space = pipeline::PictureSpace(codec, path),  // once the codec is on its device
          .pipeline = std::move(pipeline)};
}

/// Every step of the chain, or the chain in so many strides.
std::vector<diffusion::TimeStep> plan_of(const BitsModel& model, std::int64_t steps) {
  TESSERA_CHECK(model.times >= 0 && model.times <= steps,
                kInvalidArgument,
                "times must be in 1..",
                steps,
                " for this chain, or 0 for every one, got ",
                model.times);
  return diffusion::even_plan({.trained = steps, .wanted = model.times == 0 ? steps : model.times});
}

class GaussianBits final : public BitsMeter {
 public:
  explicit GaussianBits(const BitsModel& model)
      : device_(model.device),
        model_(open_gaussian(model)),
        text_(model.folder, *model_.pipeline, model.options.tokenizer),
        process_(diffusion::make_gaussian_schedule(model_.path.schedule), model.device),
        bound_(process_,
               *model_.denoiser,
               {.decoder = model_.path.in_latents() ? "continuous" : "pixels",
                .threshold = {.threshold = "none"},
                .plan = plan_of(model, process_.steps())}),
        bits_(model_.path.in_latents() ? "latents" : "pixels"),
        seed_(model.seed) {}

  const pipeline::ModelCard& card() const override { return model_.pipeline->card(); }
  std::string path() const override { return pipeline::kGaussianPath; }
  std::int64_t resolution() const override { return model_.pipeline->facts().codec.resolution; }

  void add(const at::Tensor& images,
           const std::vector<std::string>& captions,
           std::int64_t first) override {
    const at::NoGradGuard no_grad;
    const at::Tensor x0 = model_.space.encode(images.to(device_));
    bits_.add(bound_.evaluate({.x0 = x0, .condition = condition_of(captions)},
                              nn::Rng::of_run(seed_, first, x0.size(0))),
              x0[0].numel());
  }

  io::Json report() const override { return bits_.report(); }
  std::string table(const io::Json& report) const override {
    return eval::gaussian_bits_table(report);
  }

 private:
  nn::Condition condition_of(const std::vector<std::string>& captions) const {
    return pipeline::read_prompts(prompt_rows(text_, captions),
                                  {.facts = model_.pipeline->facts(),
                                   .text_encoder = model_.text_encoder.get(),
                                   .device = device_},
                                  model_.denoiser->null_condition(std::ssize(captions)));
  }

  at::Device device_;
  OpenGaussian model_;
  PromptText text_;
  diffusion::GaussianProcess process_;
  diffusion::GaussianBound bound_;
  eval::GaussianBits bits_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<BitsMeter> open_gaussian_bits(const BitsModel& model) {
  return std::make_unique<GaussianBits>(model);
}

}  // namespace tessera::engine
