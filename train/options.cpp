#include "train/options.h"

#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/listed.h"
#include "train/optimizer.h"

namespace tessera::train {
namespace {

template <typename T>
void at_least(const char* key, T value, T least) {
  TESSERA_CHECK(
      value >= least, kInvalidArgument, key, " must be at least ", least, ", got ", value);
}

void in_range(const char* key, double value, double least, double most) {
  TESSERA_CHECK(value >= least && value <= most,
                kInvalidArgument,
                key,
                " must lie in [",
                least,
                ", ",
                most,
                "], got ",
                value);
}

}  // namespace

void DataOptions::validate() const {
  check_one_of("data.kind", kind, {"scenes", "packed"});
  at_least<std::int64_t>("data.pool", pool, 0);
  check_one_of("data.draw", draw, {"device", "cpu"});
  in_range("data.textures", textures, 0, 1);
  TESSERA_CHECK(kind != "packed" || !path.empty(),
                kInvalidArgument,
                "data.path must name the folder of packed shards, got \"\"");
}

void TrainOptions::validate() const {
  at_least<std::int64_t>("train.steps", steps, 1);
  at_least<std::int64_t>("train.batch", batch, 1);
  TESSERA_CHECK(learning_rate > 0 && std::isfinite(learning_rate),
                kInvalidArgument,
                "train.learning_rate must be above 0, got ",
                learning_rate);
  at_least<std::int64_t>("train.warmup", warmup, 0);
  check_one_of("train.schedule", schedule, {"constant", "cosine", "constant-linear"});
  in_range("train.final_share", final_share, 0, 1);
  in_range("train.decay_share", decay_share, 0, 1);
  check_one_of("train.optimizer", optimizer, {"adamw", "muon"});
  in_range("train.beta1", beta1, 0, 0.99999);
  in_range("train.beta2", beta2, 0, 0.99999);
  in_range("train.weight_decay", weight_decay, 0, 100);
  in_range("train.clip", clip, 0, 1e9);
  in_range("train.ema", ema, 0, 0.999999);
  check_one_of("train.precision", precision, {"fp32", "bf16"});
  at_least<std::int64_t>("train.log_every", log_every, 1);
  at_least<std::int64_t>("train.checkpoint_every", checkpoint_every, 0);
  at_least<std::int64_t>("train.sample_every", sample_every, 0);
  at_least<std::int64_t>("train.validate_every", validate_every, 0);
  at_least<std::int64_t>("train.keep_checkpoints", keep_checkpoints, 1);
  at_least<std::int64_t>("train.samples", samples, 0);
  at_least<std::int64_t>("train.validation_samples", validation_samples, 0);
  in_range("train.prefetch", static_cast<double>(prefetch), 0, 64);
  in_range("train.time_budget_minutes", time_budget_minutes, 0, 1e7);
}

Schedule TrainOptions::learning_rates() const {
  return {.kind = schedule,
          .peak = learning_rate,
          .warmup = warmup,
          .steps = steps,
          .final_share = final_share,
          .decay_share = decay_share};
}

OptimizerOptions TrainOptions::optimiser() const {
  return {.kind = optimizer, .beta1 = beta1, .beta2 = beta2, .weight_decay = weight_decay};
}

}  // namespace tessera::train
