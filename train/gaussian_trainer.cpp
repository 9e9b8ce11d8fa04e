#include "train/gaussian_trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <torch/nn.h>

#include "core/error.h"
#include "diffusion/denoisers/unet.h"
#include "diffusion/gaussian/process.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/transfer.h"
#include "pipeline/gaussian_parts.h"
#include "pipeline/picture_space.h"
#include "train/autocast.h"
#include "train/captions.h"
#include "train/ema.h"
#include "train/gaussian_setup.h"
#include "train/gaussian_time_sampler.h"
#include "train/model_part.h"
#include "train/optimizer.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kBands = 4;
constexpr double kBandDecay = 0.98;  // of the sums behind error_q1 … error_q4

/// Held-out pictures ready for the network.
struct LatentRows {
  at::Tensor x0{};   // [B, C, h, w]
  at::Tensor ids{};  // [B, L] int64; undefined without texts
};

Parameters parameters_of_both(const torch::nn::Module& unet,
                              const text::TextEncoder* text_encoder) {
  const Parameters own = parameters_of(unet, "unet.");
  return text_encoder == nullptr ? own : joined(own, parameters_of(*text_encoder, "text_encoder."));
}

class GaussianTrainer final : public Trainer {
 public:
  GaussianTrainer(std::unique_ptr<const text::Tokenizer> tokenizer, GaussianTraining training);
  StepReport step(const data::Batch& batch, std::int64_t step) override;
  void save(const fs::path& folder) const override;
  void resume(const fs::path& folder) override;
  std::vector<std::pair<std::string, at::Tensor>> samples() override;
  std::vector<std::pair<std::string, double>> validate() override;
  void export_model(const fs::path& model) const override;

 private:
  void set_training(bool on);
  at::Tensor ids_of(const std::vector<std::string>& captions) const;
  nn::Condition read(const at::Tensor& ids) const {
    return text_encoder_ ? text_encoder_->encode(ids) : nn::Condition{};
  }
  nn::Condition with_dropout(const nn::Condition& condition,
                             const nn::Rng& rng,
                             std::int64_t step) const;
  void remember_bands(const at::Tensor& t, const at::Tensor& error);
  const std::vector<LatentRows>& held_out_rows();
  pipeline::ModelCard card() const;
  std::unique_ptr<const text::Tokenizer> table() const;
  TensorMap state() const;

  std::unique_ptr<const text::Tokenizer> tokenizer_;  // none without texts
  GaussianTraining o_;
  std::shared_ptr<diffusion::UNet> unet_;
  std::shared_ptr<text::TextEncoder> text_encoder_;  // the same
  pipeline::PictureSpace space_;
  diffusion::GaussianProcess process_;
  Parameters parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  Ema ema_;
  Schedule schedule_;
  GaussianTimeSampler times_;
  at::Tensor empty_ids_{};                   // of an empty caption; undefined without texts
  at::Tensor bands_;                         // [2, 4] decayed sums: squared error, rows
  std::vector<LatentRows> held_out_rows_{};  // made when first asked for
};

GaussianTrainer::GaussianTrainer(std::unique_ptr<const text::Tokenizer> tokenizer,
                                 GaussianTraining training)
    : tokenizer_(std::move(tokenizer)),
      o_(std::move(training)),
      unet_(begin_unet(o_)),
      text_encoder_(begin_text_encoder(o_)),
      space_(o_.latents->codec().model, o_.model.chain),
      process_(diffusion::make_gaussian_schedule(o_.model.chain.schedule), o_.device),
      parameters_(parameters_of_both(*unet_, text_encoder_.get())),
      optimizer_(make_optimizer(parameters_, o_.train.optimiser())),
      ema_(parameters_, {.decay = o_.train.ema}),
      schedule_(o_.train.learning_rates()),
      times_(o_.objective.time_sampler, process_.steps()),
      bands_(at::zeros({2, kBands}, at::TensorOptions(o_.device).dtype(at::kDouble))) {
  if (!tokenizer_) return;
  warn_of_lost_words(*tokenizer_, o_.held_out, o_.model.text_encoder.length);
  empty_ids_ = ids_of({""});
}

void GaussianTrainer::set_training(bool on) {
  unet_->train(on);
  if (text_encoder_) text_encoder_->train(on);
}

at::Tensor GaussianTrainer::ids_of(const std::vector<std::string>& captions) const {
  if (!tokenizer_) return {};
  return token_ids(*tokenizer_, captions, o_.model.text_encoder.length, o_.device);
}

nn::Condition GaussianTrainer::with_dropout(const nn::Condition& condition,
                                            const nn::Rng& rng,
                                            std::int64_t step) const {
  const double share = o_.objective.caption_dropout;
  if (share <= 0 || !text_encoder_) return condition;
  const std::int64_t rows = condition.tokens.size(0);
  const nn::Condition null =
      null_or_empty(unet_->null_condition(rows), *text_encoder_, empty_ids_, rows);
  return with_dropped_rows(condition, null, share, rng, step);
}

void GaussianTrainer::remember_bands(const at::Tensor& t, const at::Tensor& error) {
  const at::Tensor band = (t - 1) * kBands / process_.steps();
  // at::one_hot reads its input back to check it.
  const at::Tensor one_hot =
      band.to(at::kLong).unsqueeze(-1).eq(at::arange(kBands, band.device())).to(at::kDouble);
  const at::Tensor sums = at::stack({error.to(at::kDouble), at::ones_like(error, at::kDouble)});
  bands_.mul_(kBandDecay).add_(sums.matmul(one_hot));
}

StepReport GaussianTrainer::step(const data::Batch& batch, std::int64_t step) {
  const at::Tensor x0 = space_.scaled(o_.latents->latents(batch, o_.device));
  const std::int64_t rows = x0.size(0);
  const nn::Rng rng = nn::Rng::of_run(o_.seed, (step - 1) * rows, rows);
  const Times times = times_.draw(rng, step);
  const at::Tensor t = nn::to_device(times.t, o_.device);
  const at::Tensor weight = nn::to_device(
      (times.probability * static_cast<double>(process_.steps())).reciprocal().to(at::kFloat),
      o_.device);
  const at::Tensor noise = rng.normal(Purpose::kForward, step, x0.sizes().slice(1), o_.device);
  const at::Tensor x_t = process_.q_sample(x0, t, noise);
  const at::Tensor ids = ids_of(batch.captions);
  set_training(true);
  unet_->key_dropout(rng, step);
  at::Tensor answer;
  {
    const Autocast scope(o_.device, o_.train.precision);
    answer = unet_->forward(x_t, t, with_dropout(read(ids), rng, step));
  }
  const diffusion::GaussianLoss terms =
      diffusion::gaussian_loss(process_,
                               {.x0 = x0, .noise = noise, .t = t, .answer = answer},
                               o_.model.chain.kind(),
                               o_.objective.loss);
  StepReport report;
  report.loss = (terms.total * weight).mean();
  report.loss.backward();
  const auto gradients = take_gradients(parameters_);
  const at::Tensor norm = clip_gradients(gradients, o_.train.clip);
  report.learning_rate = learning_rate(schedule_, step);
  optimizer_->step(gradients, report.learning_rate);
  ema_.update(step);

  const at::NoGradGuard no_grad;
  report.loss = report.loss.detach();
  times_.update(times.t, terms.total);
  const at::Tensor error = terms.squared_error.detach();
  remember_bands(t, error);
  report.values = {{"grad_norm", norm}, {"error", error.mean()}};
  const at::Tensor by_band = bands_[0] / bands_[1].clamp_min(1e-9);
  for (std::int64_t i = 0; i < kBands; ++i) {
    report.values.emplace_back("error_q" + std::to_string(i + 1), by_band[i]);
  }
  return report;
}

TensorMap GaussianTrainer::state() const {
  TensorMap all = tensors_of(*unet_, "unet.");
  if (text_encoder_) add_with_prefix(all, tensors_of(*text_encoder_), "text_encoder.");
  add_with_prefix(all, optimizer_->state(), "optimizer.");
  if (o_.train.ema > 0) add_with_prefix(all, ema_.averages(), "ema.");
  add_with_prefix(all, times_.state(), "times.");
  all.emplace("bands", bands_);
  return all;
}

void GaussianTrainer::save(const fs::path& folder) const {
  io::write_safetensors(folder / kTrainerState, {.tensors = state()});
  io::write_json(folder / "chain.json", io::to_json_fields(o_.model.chain));
}

/// The latents' scale comes back too: measured on another number of threads it might differ in its
/// last digits.
void GaussianTrainer::resume(const fs::path& folder) {
  const io::StateDict saved = io::read_state_dict(folder / kTrainerState);
  restore(state(), saved.tensors, (folder / kTrainerState).string());
  pipeline::GaussianPathOptions theirs;
  const fs::path file = folder / "chain.json";
  io::from_json_fields(io::read_json(file), theirs, file.string());
  o_.model.chain.latent_scale = theirs.latent_scale;
  o_.model.chain.latent_mean = theirs.latent_mean;
  space_ = pipeline::PictureSpace(o_.latents->codec().model, o_.model.chain);
}

std::unique_ptr<const text::Tokenizer> GaussianTrainer::table() const {
  if (!tokenizer_) return {};
  return text::load_table_tokenizer(fs::path(o_.model.tokenizer) / kTokenTable);
}

/// Held-out pictures above what the model makes of their captions.
std::vector<std::pair<std::string, at::Tensor>> GaussianTrainer::samples() {
  const auto indices = o_.held_out.indices(o_.train.samples);
  if (indices.empty()) return {};
  const at::NoGradGuard no_grad;
  const Ema::Scope averaged(ema_);
  const bool texts = o_.model.reads_text();
  const std::int64_t length = texts ? o_.model.text_encoder.length : 0;
  const auto pipeline = pipeline::assemble_gaussian_pipeline(
      card(),
      {.codec = o_.latents->codec().model,
       .denoiser = unet_,
       .text_encoder = text_encoder_,
       .tokenizer = table(),
       .path = o_.model.chain,
       .channels = o_.model.unet.channels,
       .side = o_.model.unet.side,
       .text_length = length,
       .vocabulary = o_.model.text_encoder.vocabulary,
       .condition = texts ? pipeline::ConditionKind::kText : pipeline::ConditionKind::kNone},
      o_.device);
  const data::Batch batch = o_.held_out.source->get(indices, o_.device);
  const auto rows = static_cast<std::int64_t>(indices.size());
  const std::vector<std::string> nothing(batch.captions.size());
  const auto tokens = [&](const std::vector<std::string>& captions) {
    if (texts) return tokenizer_->encode(captions, length);
    return text::Tokens{.lengths = std::vector<std::int32_t>(captions.size(), 0)};
  };
  const pipeline::Sampled sampled = pipeline->sample(tokens(batch.captions),
                                                     tokens(nothing),
                                                     pipeline->resolve({}),
                                                     {},
                                                     {.rng = nn::Rng::of_run(o_.seed, 0, rows)},
                                                     {},
                                                     {});
  return {{"generated", at::cat({batch.images, sampled.images}, 2)}};
}

const std::vector<LatentRows>& GaussianTrainer::held_out_rows() {
  if (!held_out_rows_.empty()) return held_out_rows_;
  for (const auto& indices : o_.held_out.batches(o_.train.validation_samples)) {
    const data::Batch batch = o_.held_out.source->get(indices, o_.device);
    held_out_rows_.push_back(
        {.x0 = space_.encode(batch.images.to(o_.device)), .ids = ids_of(batch.captions)});
  }
  return held_out_rows_;
}

/// The squared error of what the network predicts at a time in the middle of each of eight bands of
/// the chain. The noise is the same every time, so that curves compare.
std::vector<std::pair<std::string, double>> GaussianTrainer::validate() {
  constexpr std::int64_t kTimes = 8;
  const at::NoGradGuard no_grad;
  const std::vector<LatentRows>& all = held_out_rows();
  if (all.empty()) return {};
  const Ema::Scope averaged(ema_);
  set_training(false);
  const Autocast scope(o_.device, o_.train.precision);
  std::array<double, kTimes> sums{};
  std::int64_t first = 0;
  for (const LatentRows& rows : all) {
    const std::int64_t count = rows.x0.size(0);
    const nn::Rng rng = nn::Rng::of_run(kValidationSeed, first, count);
    const nn::Condition condition = read(rows.ids);
    for (std::int64_t band = 0; band < kTimes; ++band) {
      const std::int64_t time = 1 + (2 * band + 1) * (process_.steps() - 1) / (2 * kTimes);
      const at::Tensor t = at::full({count}, time, at::TensorOptions(o_.device).dtype(at::kLong));
      const at::Tensor noise =
          rng.normal(Purpose::kForward, band, rows.x0.sizes().slice(1), o_.device);
      const at::Tensor answer = unet_->forward(process_.q_sample(rows.x0, t, noise), t, condition);
      const diffusion::GaussianLoss terms =
          diffusion::gaussian_loss(process_,
                                   {.x0 = rows.x0, .noise = noise, .t = t, .answer = answer},
                                   o_.model.chain.kind(),
                                   {});
      sums[static_cast<std::size_t>(band)] += terms.squared_error.sum().item<double>();
    }
    first += count;
  }
  std::vector<std::pair<std::string, double>> values;
  const auto rows = static_cast<double>(first);
  values.emplace_back("val/error",
                      std::accumulate(sums.begin(), sums.end(), 0.0) / (rows * kTimes));
  for (std::size_t band = 0; band < sums.size(); ++band) {
    values.emplace_back(concat("val/error_", band + 1), sums[band] / rows);
  }
  return values;
}

pipeline::ModelCard GaussianTrainer::card() const {
  pipeline::ModelCard card;
  card.name = o_.name;
  card.description = o_.description;
  SampleOptions& own = card.gaussian_sampling;
  if (o_.sampling.steps > 0) own.steps = o_.sampling.steps;
  own.steps = std::min(own.steps, process_.steps());
  if (!o_.sampling.sampler.empty()) own.sampler = o_.sampling.sampler;
  if (o_.sampling.guidance >= 0) own.guidance = o_.sampling.guidance;
  if (!o_.model.reads_text()) own.guidance = 1.0;
  own.tuning = o_.sampling.tuning;
  card.has_world = o_.world.has_value();
  if (o_.world) card.world = *o_.world;
  card.parts = {pipeline::kUNetPart, pipeline::kUNetSchedulerPart};
  if (o_.model.chain.in_latents()) card.parts.insert(card.parts.begin(), pipeline::kVqVaePart);
  if (o_.model.reads_text()) {
    card.parts.emplace_back(pipeline::kUNetTextEncoderPart);
    card.parts.emplace_back(pipeline::kTokenizerPart);
  }
  return card;
}

void GaussianTrainer::export_model(const fs::path& model) const {
  const Ema::Scope averaged(ema_);
  write_part(model / pipeline::kUNetPart, io::to_json_fields(o_.model.unet), unet_.get());
  write_part(model / pipeline::kUNetSchedulerPart, io::to_json_fields(o_.model.chain));
  if (o_.model.reads_text()) {
    write_part(model / pipeline::kUNetTextEncoderPart,
               io::to_json_fields(o_.model.text_encoder),
               text_encoder_.get());
    copy_files(o_.model.tokenizer, model / pipeline::kTokenizerPart);
  }
  if (o_.model.chain.in_latents()) {
    copy_files(o_.latents->codec().folder, model / pipeline::kVqVaePart);
  }
  pipeline::write_model_card(model, card());
}

}  // namespace

std::unique_ptr<Trainer> make_gaussian_trainer(const GaussianTraining& training) {
  GaussianTraining all = training;
  GaussianSizes sizes = gaussian_sizes(all);
  std::unique_ptr<const text::Tokenizer> tokenizer;
  if (all.model.reads_text()) {
    tokenizer = text::load_table_tokenizer(fs::path(all.model.tokenizer) / kTokenTable);
    sizes.vocabulary = tokenizer->vocabulary_size();
  }
  all.model = fitted(all.model, sizes);
  all.model.chain = scaled_chain(all);
  if (all.model.chain.in_latents()) all.objective.loss.decoder = "continuous";
  return std::make_unique<GaussianTrainer>(std::move(tokenizer), std::move(all));
}

}  // namespace tessera::train
