#include "train/discrete_options.h"

#include "core/error.h"

namespace tessera::train {

void DiscreteModel::validate() const {
  TESSERA_CHECK(
      !vqvae.empty(), kInvalidArgument, "model.vqvae must name a trained codec, got \"\"");
  TESSERA_CHECK(
      !tokenizer.empty(), kInvalidArgument, "model.tokenizer must name a folder, got \"\"");
  TESSERA_CHECK(transformer.condition == "text",
                kInvalidArgument,
                "model.transformer.condition must be text, which is what samples come with, got \"",
                transformer.condition,
                "\"");
}

void DiscreteObjective::validate() const {
  TESSERA_CHECK(kind == "vb" || kind == "masked-ce",
                kInvalidArgument,
                "objective.kind must be one of vb, masked-ce, got \"",
                kind,
                "\"");
  TESSERA_CHECK(time_sampler == "uniform" || time_sampler == "importance",
                kInvalidArgument,
                "objective.time_sampler must be one of uniform, importance, got \"",
                time_sampler,
                "\"");
  TESSERA_CHECK(caption_dropout >= 0 && caption_dropout <= 1,
                kInvalidArgument,
                "objective.caption_dropout must lie in [0, 1], got ",
                caption_dropout);
  TESSERA_CHECK(loss.auxiliary_weight >= 0 && loss.auxiliary_weight < 1e6,
                kInvalidArgument,
                "objective.auxiliary_weight must be at least 0, got ",
                loss.auxiliary_weight);
}

}  // namespace tessera::train
