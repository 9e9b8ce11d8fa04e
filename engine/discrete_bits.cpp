// Bits of codes under the discrete path of a model.

#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "engine/bits_meter.h"
#include "engine/prompt_text.h"
#include "eval/token_bits.h"
#include "pipeline/paths.h"
#include "pipeline/prompt_condition.h"
#include "pipeline/published/published_model.h"

namespace tessera::engine {
namespace {

/// What the meter uses of a model that is otherwise a pipeline.
struct OpenDiscrete {
  pipeline::ModelCard card{};
  std::unique_ptr<const diffusion::Transition> transition{};
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser{};
  std::shared_ptr<text::TextEncoder> text_encoder{};
  std::unique_ptr<const pipeline::Pipeline> pipeline{};
};

OpenDiscrete open_discrete(const BitsModel& model) {
  const EngineOptions& o = model.options;
  pipeline::PublishedModel loaded =
      pipeline::load_model(model.folder,
                           {.type = pipeline::scalar_type(o.precision),
                            .averaged = pipeline::averaged_weights(o.weights),
                            .codec = o.codec,
                            .index_map = o.index_map});
  TESSERA_CHECK(loaded.parts.denoiser,
                kNotFound,
                model.folder.string(),
                ": the model has no discrete path: it is a codec alone");
  OpenDiscrete out{.card = loaded.card,
                   .transition = diffusion::make_transition(loaded.chain, loaded.transformer.codes),
                   .denoiser = loaded.parts.denoiser,
                   .text_encoder = loaded.parts.text_encoder};
  out.pipeline =
      pipeline::assemble_pipeline(std::move(loaded.card), std::move(loaded.parts), model.device);
  return out;
}

class DiscreteBits final : public BitsMeter {
 public:
  explicit DiscreteBits(const BitsModel& model)
      : device_(model.device),
        model_(open_discrete(model)),
        text_(model.folder, *model_.pipeline, model.options.tokenizer),
        bits_(*model_.denoiser, *model_.transition, {.times = model.times, .seed = model.seed}) {}

  const pipeline::ModelCard& card() const override { return model_.card; }
  std::string path() const override { return pipeline::kDiscretePath; }
  std::int64_t resolution() const override { return model_.pipeline->facts().codec.resolution; }

  void add(const at::Tensor& images,
           const std::vector<std::string>& captions,
           std::int64_t first) override {
    const at::NoGradGuard no_grad;
    const at::Tensor codes = model_.pipeline->encode(images);
    dimensions_ = images[0].numel();
    bits_.add(codes.view({codes.size(0), -1}), condition_of(captions), first);
  }

  io::Json report() const override {
    return eval::token_bits_report(bits_, model_.transition->codes(), dimensions_);
  }
  std::string table(const io::Json& report) const override {
    return eval::token_bits_table(report);
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
  OpenDiscrete model_;
  PromptText text_;
  eval::TokenBits bits_;
  std::int64_t dimensions_ = 0;
};

}  // namespace

std::unique_ptr<BitsMeter> open_discrete_bits(const BitsModel& model) {
  return std::make_unique<DiscreteBits>(model);
}

}  // namespace tessera::engine
