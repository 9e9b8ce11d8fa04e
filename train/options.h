#pragma once

#include <cstdint>
#include <string>

#include "core/options.h"
#include "data/scenes/scenes.h"
#include "train/schedule.h"

namespace tessera::train {

struct OptimizerOptions;

/// Section "data" of a run's configuration.
struct DataOptions {
  std::string kind = "scenes";  // scenes, packed
  std::string path{};           // scenes: the atlas, packed: a folder of shards
  std::int64_t pool = 0;        // distinct samples, shown over and over; 0 = all there are
  std::string draw = "device";  // device, cpu: where scenes are drawn
  double textures = 0;          // share of pictures that are dead leaves; stage vqvae
  data::SceneOptions scenes{};  // read where kind is "scenes"
  void validate() const;        // names keys as "data.pool"
};

template <typename Visitor>
void visit_fields(Visitor& v, DataOptions& o) {
  v("kind", o.kind, "scenes (drawn on the fly) or packed (made by `tessera data pack`)");
  v("textures",
    o.textures,
    "stage vqvae: share of pictures that are procedural textures, no scenes");
  v("draw", o.draw, "scenes: drawn on the training's device, or by all threads of the cpu");
  v("path", o.path, "scenes: atlas file, empty = the shipped one; packed: folder");
  v("pool", o.pool, "distinct training samples, shown over and over; 0 = all there are");
  visit_fields(v, o.scenes);
}

/// Section "train": what both stages share.
struct TrainOptions {
  std::string start_from{};
  std::int64_t steps = 1000;
  std::int64_t batch = 32;
  double learning_rate = 1e-3;
  std::int64_t warmup = 100;
  std::string schedule = "cosine";
  double final_share = 0.05;
  double decay_share = 0.25;
  std::string optimizer = "adamw";
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0.01;
  double clip = 1.0;
  double ema = 0.999;
  std::string precision = "fp32";
  std::int64_t log_every = 20;
  std::int64_t checkpoint_every = 1000;
  std::int64_t sample_every = 0;
  std::int64_t validate_every = 0;
  std::int64_t keep_checkpoints = 2;
  std::int64_t samples = 8;
  std::int64_t validation_samples = 256;
  std::int64_t prefetch = 3;
  double time_budget_minutes = 0;
  void validate() const;  // names keys as "train.batch"
  Schedule learning_rates() const;
  OptimizerOptions optimiser() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, TrainOptions& o) {
  v("start_from", o.start_from, "model or run folder whose weights are begun with; empty = new");
  v("steps", o.steps, "optimisation steps of the whole run");
  v("batch", o.batch, "samples a step");
  v("learning_rate", o.learning_rate, "peak learning rate");
  v("warmup", o.warmup, "steps of linear warm-up");
  v("schedule", o.schedule, "constant, cosine, or constant-linear");
  v("final_share", o.final_share, "learning rate at the last step over the peak");
  v("decay_share", o.decay_share, "constant-linear: share of the steps that decay");
  v("optimizer", o.optimizer, "adamw, or muon (matrices orthogonalised, the rest by AdamW)");
  v("beta1", o.beta1, "AdamW: decay of the gradient's mean");
  v("beta2", o.beta2, "AdamW: decay of its square's mean");
  v("weight_decay", o.weight_decay, "decoupled weight decay of matrices");
  v("clip", o.clip, "largest norm of a step's gradient; 0 = off");
  v("ema", o.ema, "decay of the averaged weights that are sampled and exported; 0 = live weights");
  v("precision", o.precision, "fp32, or bf16 (products in bfloat16, weights in float32)");
  v("log_every", o.log_every, "steps between lines of log.jsonl");
  v("checkpoint_every", o.checkpoint_every, "steps between checkpoints; 0 = at the end only");
  v("sample_every", o.sample_every, "steps between sample pictures; 0 = at the end only");
  v("validate_every", o.validate_every, "steps between validations; 0 = at the end only");
  v("keep_checkpoints", o.keep_checkpoints, "newest checkpoints that are kept");
  v("samples", o.samples, "pictures of one sample sheet");
  v("validation_samples", o.validation_samples, "held-out samples of one validation");
  v("prefetch", o.prefetch, "batches drawn ahead by a thread of its own; 0 = within the step");
  v("time_budget_minutes", o.time_budget_minutes, "stop and save after so long; 0 = no limit");
}

}  // namespace tessera::train
