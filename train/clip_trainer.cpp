#include "train/clip_trainer.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <torch/nn.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/scenes/swapped_caption.h"
#include "eval/clip/clip_config.h"
#include "eval/clip/encode.h"
#include "eval/clip/ranking.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/rng.h"
#include "nn/transfer.h"
#include "pipeline/find_part.h"
#include "pipeline/load_options.h"
#include "text/tokenizer.h"
#include "train/autocast.h"
#include "train/ema.h"
#include "train/model_part.h"
#include "train/optimizer.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPart = "clip";

/// Captions of a batch: the true ones, then `swaps` swapped ones of every row that has any.
struct Captions {
  std::vector<std::string> texts{};
  std::vector<std::int64_t> owner{};  // row of each swapped caption
};

class ClipTrainer final : public Trainer {
 public:
  ClipTrainer(std::unique_ptr<const text::Tokenizer> tokenizer, ClipTraining training);
  StepReport step(const data::Batch& batch, std::int64_t step) override;
  void save(const fs::path& folder) const override;
  void resume(const fs::path& folder) override;
  std::vector<std::pair<std::string, at::Tensor>> samples() override { return {}; }
  std::vector<std::pair<std::string, double>> validate() override;
  void export_model(const fs::path& model) const override;

 private:
  Captions captions_of(const data::Batch& batch, std::int64_t step) const;
  at::Tensor roughened(const at::Tensor& images, std::int64_t step) const;
  TensorMap state() const;

  std::unique_ptr<const text::Tokenizer> tokenizer_;
  ClipTraining o_;
  eval::ClipModel model_;
  std::unique_ptr<const data::CaptionSwaps> swaps_{};  // null where there are no scenes
  Parameters parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  Ema ema_;
  Schedule schedule_;
};

eval::ClipModel new_model(const ClipTraining& o) {
  eval::ClipModel model(o.model.clip);
  if (o.train.start_from.empty()) {
    eval::initialise_clip(*model, o.seed);
  } else {
    load_part(*model, pipeline::find_part(o.train.start_from, kPart));
  }
  model->to(o.device);
  return model;
}

ClipTrainer::ClipTrainer(std::unique_ptr<const text::Tokenizer> tokenizer, ClipTraining training)
    : tokenizer_(std::move(tokenizer)),
      o_(std::move(training)),
      model_(new_model(o_)),
      parameters_(parameters_of(*model_)),
      optimizer_(make_optimizer(parameters_, o_.train.optimiser())),
      ema_(parameters_, {.decay = o_.train.ema}),
      schedule_(o_.train.learning_rates()) {
  if (o_.scenes) swaps_ = std::make_unique<data::CaptionSwaps>(o_.scenes->options());
}

/// Which of a scene's possible swaps are shown turns with the step and the row.
Captions ClipTrainer::captions_of(const data::Batch& batch, std::int64_t step) const {
  Captions out{.texts = batch.captions};
  if (!swaps_ || o_.objective.swaps == 0) return out;
  const data::SceneProgram program = o_.scenes->program(batch.indices);
  for (std::size_t row = 0; row < batch.indices.size(); ++row) {
    const RngKey key{.seed = o_.seed,
                     .image = static_cast<std::uint32_t>(batch.indices[row]),
                     .purpose = Purpose::kExperiment,
                     .step = static_cast<std::uint32_t>(step)};
    const auto possible = swaps_->of(program, static_cast<std::int64_t>(row), key);
    const std::size_t wanted =
        std::min(possible.size(), static_cast<std::size_t>(o_.objective.swaps));
    for (std::size_t k = 0; k < wanted; ++k) {
      const std::size_t which = (k + row + static_cast<std::size_t>(step)) % possible.size();
      out.texts.push_back(possible[which].text);
      out.owner.push_back(static_cast<std::int64_t>(row));
    }
  }
  return out;
}

/// Generated pictures are smoother and noisier than drawn ones: each picture is mixed with its own
/// 3x3 mean and gets noise, both of a keyed strength.
at::Tensor ClipTrainer::roughened(const at::Tensor& images, std::int64_t step) const {
  const std::int64_t rows = images.size(0);
  const nn::Rng rng = nn::Rng::of_run(o_.seed, (step - 1) * rows, rows);
  const at::Tensor strength = rng.uniform(Purpose::kForward, step, {2, 1, 1}, o_.device);
  at::Tensor out = images;
  if (o_.objective.blur > 0) {
    const at::Tensor mean =
        at::avg_pool2d(at::replication_pad2d(images, {1, 1, 1, 1}), {3, 3}, {1, 1});
    out = out.lerp(mean, strength.slice(1, 0, 1) * o_.objective.blur);
  }
  if (o_.objective.noise > 0) {
    const at::Tensor noise =
        rng.normal(Purpose::kDropout, step, images.sizes().slice(1), o_.device);
    out = out + noise * strength.slice(1, 1, 2) * o_.objective.noise;
  }
  return out;
}

/// [B, texts], true where a caption of another column is word for word that of the row.
at::Tensor equal_captions(const Captions& captions, std::int64_t rows) {
  std::map<std::string, std::vector<std::int64_t>> columns;
  for (std::size_t k = 0; k < captions.texts.size(); ++k) {
    columns[captions.texts[k]].push_back(static_cast<std::int64_t>(k));
  }
  const auto count = static_cast<std::int64_t>(captions.texts.size());
  at::Tensor equal = at::zeros({rows, count}, at::kBool);
  bool* values = equal.mutable_data_ptr<bool>();
  for (std::int64_t row = 0; row < rows; ++row) {
    for (const std::int64_t column : columns[captions.texts[static_cast<std::size_t>(row)]]) {
      if (column != row) values[row * count + column] = true;
    }
  }
  return equal;
}

/// The two terms that are minimised, and how often the true caption won.
struct Losses {
  at::Tensor contrast{};
  at::Tensor swap{};
  at::Tensor right{};       // share of pictures whose own caption is first of all columns
  at::Tensor swap_right{};  // share of swapped captions below the true one
};

/// `logits` [B, texts]: scaled cosines of pictures and captions.
Losses losses_of(const at::Tensor& logits, const Captions& captions) {
  const std::int64_t rows = logits.size(0);
  const at::Tensor target = at::arange(rows, logits.options().dtype(at::kLong));
  const at::Tensor masked =
      logits.masked_fill(equal_captions(captions, rows).to(logits.device()), -HUGE_VAL);
  Losses out;
  out.contrast = (at::cross_entropy_loss(masked, target) +
                  at::cross_entropy_loss(masked.slice(1, 0, rows).t(), target)) /
                 2;
  out.right = masked.detach().argmax(1).eq(target).to(at::kFloat).mean();
  out.swap = at::zeros({}, logits.options());
  out.swap_right = at::ones({}, logits.options());
  if (captions.owner.empty()) return out;
  const at::Tensor owner = at::tensor(captions.owner, at::kLong).to(logits.device());
  const at::Tensor column = at::arange(rows, logits.size(1), owner.options());
  const at::Tensor wrong = logits.index({owner, column});
  const at::Tensor truth = logits.diagonal().index_select(0, owner);
  out.swap = at::softplus(wrong - truth).mean();
  out.swap_right = (truth > wrong).to(at::kFloat).mean();
  return out;
}

StepReport ClipTrainer::step(const data::Batch& batch, std::int64_t step) {
  model_->train();
  const Captions captions = captions_of(batch, step);
  const at::Tensor images = roughened(nn::to_device(batch.images, o_.device), step);
  at::Tensor seen;
  at::Tensor read;
  {
    const Autocast scope(o_.device, o_.train.precision);
    seen = model_->image_features(eval::clip_pixels(images, o_.model.clip));
    // A GPU would rather pad than launch a kernel more: all texts at once.
    const std::int64_t at_once = o_.device.is_cuda() ? std::ssize(captions.texts) : 64;
    read = eval::encode_texts(*model_, *tokenizer_, captions.texts, at_once).features;
  }
  const at::Tensor scale = model_->scale();
  const at::Tensor logits = scale * at::matmul(eval::unit_rows(seen), eval::unit_rows(read).t());
  const Losses losses = losses_of(logits, captions);
  StepReport report;
  report.loss = losses.contrast + losses.swap * o_.objective.swap_weight;
  report.loss.backward();
  const auto gradients = take_gradients(parameters_);
  const at::Tensor norm = clip_gradients(gradients, o_.train.clip);
  report.learning_rate = learning_rate(schedule_, step);
  optimizer_->step(gradients, report.learning_rate);
  ema_.update(step);
  report.loss = report.loss.detach();
  report.values = {{"grad_norm", norm},
                   {"contrast_loss", losses.contrast.detach()},
                   {"swap_loss", losses.swap.detach()},
                   {"accuracy", losses.right},
                   {"swap_accuracy", losses.swap_right.detach()},
                   {"scale", scale.detach()}};
  return report;
}

TensorMap ClipTrainer::state() const {
  TensorMap all = tensors_of(*model_, "model.");
  add_with_prefix(all, optimizer_->state(), "optimizer.");
  if (o_.train.ema > 0) add_with_prefix(all, ema_.averages(), "ema.");
  return all;
}

void ClipTrainer::save(const fs::path& folder) const {
  io::write_safetensors(folder / kTrainerState, {.tensors = state()});
}

void ClipTrainer::resume(const fs::path& folder) {
  const io::StateDict saved = io::read_state_dict(folder / kTrainerState);
  restore(state(), saved.tensors, (folder / kTrainerState).string());
}

std::vector<std::pair<std::string, double>> ClipTrainer::validate() {
  if (!o_.held_out_scenes || o_.train.validation_samples == 0) return {};
  const at::NoGradGuard no_grad;
  const Ema::Scope averaged(ema_);
  model_->eval();
  const eval::Ranking ranking = eval::rank_clip(
      *model_, *tokenizer_, *o_.held_out_scenes, {.count = o_.train.validation_samples}, {}, {});
  std::vector<std::pair<std::string, double>> values{{"val/swapped", ranking.swapped.share()},
                                                     {"val/all_swaps", ranking.all_swaps.share()}};
  for (std::size_t k = 0; k < ranking.swaps.size(); ++k) {
    if (ranking.swaps[k].asked == 0) continue;
    values.emplace_back(concat("val/swapped_", data::kSwapNames[k]), ranking.swaps[k].share());
  }
  if (ranking.pool == 0) return values;
  values.emplace_back("val/text_top1", ranking.text_of_picture[0].share());
  values.emplace_back("val/text_top5", ranking.text_of_picture[1].share());
  values.emplace_back("val/picture_top1", ranking.picture_of_text[0].share());
  values.emplace_back("val/picture_top5", ranking.picture_of_text[1].share());
  return values;
}

void ClipTrainer::export_model(const fs::path& model) const {
  const Ema::Scope averaged(ema_);
  const fs::path folder = model / kPart;
  fs::create_directories((folder / eval::kClipTokens).parent_path());
  io::Json config{{"name", o_.name}, {"description", o_.description}};
  config.update(eval::clip_options_json(o_.model.clip));
  if (o_.scenes) config["world"] = io::to_json_fields(o_.scenes->options());
  io::write_json(folder / eval::kClipConfig, config);
  io::write_safetensors(folder / eval::kClipWeights,
                        io::cast(io::state_of(*model_), pipeline::stored_type(o_.model.weights)));
  write_file_atomically(folder / eval::kClipTokens,
                        read_file(fs::path(o_.model.tokenizer) / "tokens.tsv"));
}

}  // namespace

std::unique_ptr<Trainer> make_clip_trainer(const ClipTraining& training) {
  auto tokenizer = text::load_table_tokenizer(fs::path(training.model.tokenizer) / "tokens.tsv");
  ClipTraining all = training;
  all.model.clip.text.vocabulary = tokenizer->vocabulary_size();
  all.model.clip.text.end_token = text::kEnd;
  return std::make_unique<ClipTrainer>(std::move(tokenizer), std::move(all));
}

}  // namespace tessera::train
