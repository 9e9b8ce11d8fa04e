#include "train/discrete_trainer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numbers>

#include <torch/nn.h>

#include "core/error.h"
#include "core/log.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/initialise.h"
#include "nn/transfer.h"
#include "pipeline/find_part.h"
#include "pipeline/parts.h"
#include "text/tokenizer.h"
#include "train/autocast.h"
#include "train/captions.h"
#include "train/ema.h"
#include "train/masked_validation.h"
#include "train/model_part.h"
#include "train/optimizer.h"
#include "train/time_sampler.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

constexpr std::array<int, 5> kShares = {100, 80, 60, 40, 20};  // per cent hidden in a validation
constexpr std::int64_t kQuarters = 4;
constexpr double kQuarterDecay = 0.98;  // of the sums behind ce_q1 … ce_q4
// Rows of a batch whose bound is measured where it is only told: every n-th, for the times of a
// batch are in order. It takes ten passes over all logits, more than the cross-entropy itself.
constexpr std::int64_t kMeasuredRows = 32;

/// Captions as codes and ids, ready for the networks.
struct CodeRows {
  at::Tensor x0{};   // [B, N] int64
  at::Tensor ids{};  // [B, L] int64
};

class DiscreteTrainer final : public Trainer {
 public:
  DiscreteTrainer(std::unique_ptr<const text::Tokenizer> tokenizer, DiscreteTraining training);
  StepReport step(const data::Batch& batch, std::int64_t step) override;
  void save(const fs::path& folder) const override;
  void resume(const fs::path& folder) override;
  std::vector<std::pair<std::string, at::Tensor>> samples() override;
  std::vector<std::pair<std::string, double>> validate() override;
  void export_model(const fs::path& model) const override;

 private:
  void set_training(bool on);
  at::Tensor ids_of(const std::vector<std::string>& captions) const;
  nn::Condition with_dropout(const nn::Condition& condition,
                             const nn::Rng& rng,
                             std::int64_t step) const;
  at::Tensor objective(const diffusion::DiscreteLoss& loss,
                       const at::Tensor& weight,
                       const at::Tensor& cross_entropy,
                       const at::Tensor& masked) const;
  void remember_quarters(const at::Tensor& t,
                         const at::Tensor& cross_entropy,
                         const at::Tensor& masked);
  const std::vector<CodeRows>& held_out_rows();
  pipeline::ModelCard card() const;
  TensorMap state() const;

  std::unique_ptr<const text::Tokenizer> tokenizer_;
  DiscreteTraining o_;
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser_;
  std::shared_ptr<text::TextEncoder> text_encoder_;
  std::unique_ptr<const diffusion::Transition> transition_;
  Parameters parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  Ema ema_;
  Schedule schedule_;
  TimeSampler times_;
  at::Tensor empty_ids_{};  // of an empty caption
  at::Tensor quarters_;     // [2, 4] decayed sums: masked cross-entropy, masked tokens
  std::vector<CodeRows> held_out_rows_{};  // made when first asked for
};

fs::path token_table(const DiscreteModel& model) {
  return fs::path(model.tokenizer) / kTokenTable;
}

std::shared_ptr<diffusion::DiscreteDenoiser> new_denoiser(const DiscreteTraining& o) {
  auto denoiser = diffusion::make_transformer(o.model.transformer);
  if (o.train.start_from.empty()) {
    nn::initialise(*denoiser, o.seed);
  } else {
    const fs::path part = pipeline::find_part(o.train.start_from, pipeline::kTransformerPart);
    check_same_tokens(part.parent_path(), o.model.tokenizer, "train.start_from");
    load_part(*denoiser, part);
  }
  denoiser->to(o.device);
  return denoiser;
}

std::shared_ptr<text::TextEncoder> new_text_encoder(const DiscreteTraining& o) {
  auto encoder = text::make_text_encoder(o.model.text_encoder);
  if (o.train.start_from.empty()) {
    nn::initialise(*encoder, o.seed ^ kTextStream);
  } else {
    load_part(*encoder, pipeline::find_part(o.train.start_from, pipeline::kTextEncoderPart));
  }
  encoder->to(o.device);
  return encoder;
}

DiscreteTrainer::DiscreteTrainer(std::unique_ptr<const text::Tokenizer> tokenizer,
                                 DiscreteTraining training)
    : tokenizer_(std::move(tokenizer)),
      o_(std::move(training)),
      denoiser_(new_denoiser(o_)),
      text_encoder_(new_text_encoder(o_)),
      transition_(diffusion::make_transition(o_.model.transition, o_.model.transformer.codes)),
      parameters_(joined(parameters_of(*denoiser_, "transformer."),
                         parameters_of(*text_encoder_, "text_encoder."))),
      optimizer_(make_optimizer(parameters_, o_.train.optimiser())),
      ema_(parameters_, {.decay = o_.train.ema}),
      schedule_(o_.train.learning_rates()),
      times_(o_.objective.time_sampler, o_.model.transition.steps),
      quarters_(at::zeros({2, kQuarters}, at::TensorOptions(o_.device).dtype(at::kDouble))) {
  warn_of_lost_words(*tokenizer_, o_.held_out, o_.model.text_encoder.length);
  empty_ids_ = ids_of({""});
}

void DiscreteTrainer::set_training(bool on) {
  denoiser_->train(on);
  text_encoder_->train(on);
}

at::Tensor DiscreteTrainer::ids_of(const std::vector<std::string>& captions) const {
  return token_ids(*tokenizer_, captions, o_.model.text_encoder.length, o_.device);
}

/// A keyed share of the rows learns the null condition instead of its caption: what the denoiser
/// has learned for it, or an empty caption where it learns none.
nn::Condition DiscreteTrainer::with_dropout(const nn::Condition& condition,
                                            const nn::Rng& rng,
                                            std::int64_t step) const {
  const double share = o_.objective.caption_dropout;
  if (share <= 0) return condition;
  const std::int64_t rows = condition.tokens.size(0);
  const nn::Condition null =
      null_or_empty(denoiser_->null_condition(rows), *text_encoder_, empty_ids_, rows);
  return with_dropped_rows(condition, null, share, rng, step);
}

/// The scalar that is minimised. Both kinds weigh the cross-entropy of all tokens alike: it teaches
/// the network to repeat what it sees, which the last step of the ancestral sampler relies on.
at::Tensor DiscreteTrainer::objective(const diffusion::DiscreteLoss& loss,
                                      const at::Tensor& weight,
                                      const at::Tensor& cross_entropy,
                                      const at::Tensor& masked) const {
  if (o_.objective.kind == "masked-ce") {
    const double steps = static_cast<double>(transition_->steps());
    return (cross_entropy * masked).sum() / masked.sum().clamp_min(1) +
           o_.objective.loss.auxiliary_weight * steps * cross_entropy.mean();
  }
  return (loss.total * weight).sum() / static_cast<double>(cross_entropy.numel());
}

void DiscreteTrainer::remember_quarters(const at::Tensor& t,
                                        const at::Tensor& cross_entropy,
                                        const at::Tensor& masked) {
  const at::Tensor quarter = (t - 1) * kQuarters / transition_->steps();
  // at::one_hot reads its input back to check it.
  const at::Tensor one_hot = quarter.to(at::kLong)
                                 .unsqueeze(-1)
                                 .eq(at::arange(kQuarters, quarter.device()))
                                 .to(at::kDouble);
  const at::Tensor sums = at::stack({(cross_entropy * masked).sum(1), masked.sum(1)});
  quarters_.mul_(kQuarterDecay).add_(sums.to(at::kDouble).matmul(one_hot));
}

/// Nothing of the step is read back from the device, and what it needs from the CPU is copied
/// without waiting: the queue of kernels never runs empty. tests/train/no_waiting_test.cpp.
StepReport DiscreteTrainer::step(const data::Batch& batch, std::int64_t step) {
  const at::Tensor x0 = o_.codes->codes(batch);
  const std::int64_t rows = x0.size(0);
  const nn::Rng rng = nn::Rng::of_run(o_.seed, (step - 1) * rows, rows);
  const Times times = times_.draw(rng, step);
  const at::Tensor t = nn::to_device(times.t, o_.device);
  const at::Tensor weight =  // 1 / p(t)
      nn::to_device(times.probability.reciprocal().to(at::kFloat), o_.device);
  const at::Tensor x_t = transition_->draw(x0, t, rng, step);
  const at::Tensor resident = o_.codes->ids(batch);
  const at::Tensor ids = resident.defined() ? resident : ids_of(batch.captions);
  set_training(true);
  at::Tensor logits;
  {
    const Autocast scope(o_.device, o_.train.precision);
    logits = denoiser_->forward(x_t, t, with_dropout(text_encoder_->encode(ids), rng, step));
  }
  const at::Tensor masked = masked_tokens(*transition_, x_t).to(logits.scalar_type());
  // Only what is minimised is taped; the other measure is for the log.
  const bool by_bound = o_.objective.kind == "vb";
  const bool whole = by_bound || times_.learns();
  const auto measured = [stride = whole ? 1 : std::max<std::int64_t>(1, rows / kMeasuredRows)](
                            const at::Tensor& all) { return all.slice(0, 0, {}, stride); };
  const diffusion::DiscreteLoss terms =
      diffusion::discrete_loss(*transition_,
                               {.x0 = measured(x0),
                                .x_t = measured(x_t),
                                .t = measured(t),
                                .logits = measured(by_bound ? logits : logits.detach())},
                               o_.objective.loss);
  const at::Tensor cross_entropy = token_cross_entropy(by_bound ? logits.detach() : logits, x0);
  StepReport report;
  report.loss = objective(terms, weight, cross_entropy, masked);
  report.loss.backward();
  const auto gradients = take_gradients(parameters_);
  const at::Tensor norm = clip_gradients(gradients, o_.train.clip);
  report.learning_rate = learning_rate(schedule_, step);
  optimizer_->step(gradients, report.learning_rate);
  ema_.update(step);

  const at::NoGradGuard no_grad;
  report.loss = report.loss.detach();
  times_.update(times.t, terms.bound);
  const at::Tensor all = cross_entropy.detach();
  remember_quarters(t, all, masked);
  const at::Tensor nats = (terms.bound.detach() * measured(weight)).mean();
  report.values = {
      {"grad_norm", norm},
      {"ce", (all * masked).sum() / masked.sum().clamp_min(1)},
      {"bound", nats},
      {"bits_per_token", nats / (static_cast<double>(x0.size(1)) * std::numbers::ln2)}};
  const at::Tensor by_quarter = quarters_[0] / quarters_[1].clamp_min(1e-9);
  for (std::int64_t i = 0; i < kQuarters; ++i) {
    report.values.emplace_back("ce_q" + std::to_string(i + 1), by_quarter[i]);
  }
  return report;
}

TensorMap DiscreteTrainer::state() const {
  TensorMap all = tensors_of(*denoiser_, "transformer.");
  add_with_prefix(all, tensors_of(*text_encoder_), "text_encoder.");
  add_with_prefix(all, optimizer_->state(), "optimizer.");
  if (o_.train.ema > 0) add_with_prefix(all, ema_.averages(), "ema.");
  add_with_prefix(all, times_.state(), "times.");
  all.emplace("quarters", quarters_);
  return all;
}

void DiscreteTrainer::save(const fs::path& folder) const {
  io::write_safetensors(folder / kTrainerState, {.tensors = state()});
}

void DiscreteTrainer::resume(const fs::path& folder) {
  const io::StateDict saved = io::read_state_dict(folder / kTrainerState);
  restore(state(), saved.tensors, (folder / kTrainerState).string());
}

/// Held-out pictures above what the model makes of their captions.
std::vector<std::pair<std::string, at::Tensor>> DiscreteTrainer::samples() {
  const auto indices = o_.held_out.indices(o_.train.samples);
  if (indices.empty()) return {};
  const at::NoGradGuard no_grad;
  const Ema::Scope averaged(ema_);
  const auto pipeline = pipeline::assemble_pipeline(
      card(),
      {.codec = o_.codes->codec().model,
       .denoiser = denoiser_,
       .text_encoder = text_encoder_,
       .transition = diffusion::make_transition(o_.model.transition, o_.model.transformer.codes),
       .tokenizer = text::load_table_tokenizer(token_table(o_.model)),
       .text_length = o_.model.text_encoder.length},
      o_.device);
  const data::Batch batch = o_.held_out.source->get(indices, o_.device);
  const auto rows = static_cast<std::int64_t>(indices.size());
  const std::vector<std::string> nothing(batch.captions.size());
  const std::int64_t length = o_.model.text_encoder.length;
  const pipeline::Sampled sampled = pipeline->sample(tokenizer_->encode(batch.captions, length),
                                                     tokenizer_->encode(nothing, length),
                                                     pipeline->resolve({}),
                                                     {},
                                                     {.rng = nn::Rng::of_run(o_.seed, 0, rows)},
                                                     {},
                                                     {});
  return {{"generated", at::cat({batch.images, sampled.images}, 2)}};
}

const std::vector<CodeRows>& DiscreteTrainer::held_out_rows() {
  if (!held_out_rows_.empty()) return held_out_rows_;
  for (const auto& indices : o_.held_out.batches(o_.train.validation_samples)) {
    const data::Batch batch = o_.held_out.source->get(indices, o_.device);
    const at::Tensor codes = o_.codes->codec().model->encode(batch.images.to(o_.device));
    held_out_rows_.push_back({.x0 = codes.flatten(1), .ids = ids_of(batch.captions)});
  }
  return held_out_rows_;
}

/// Cross-entropy of hidden tokens at five shares of hidden ones, and the bound in bits a token. The
/// noise is the same every time, so that curves compare.
std::vector<std::pair<std::string, double>> DiscreteTrainer::validate() {
  const at::NoGradGuard no_grad;
  const std::vector<CodeRows>& all = held_out_rows();
  if (all.empty()) return {};
  const Ema::Scope averaged(ema_);
  set_training(false);
  const Autocast scope(o_.device, o_.train.precision);
  std::array<double, kShares.size()> sums{};
  std::array<double, kShares.size()> tokens{};
  double bound = 0;
  std::int64_t first = 0;
  for (const CodeRows& rows : all) {
    const std::int64_t count = rows.x0.size(0);
    const nn::Rng rng = nn::Rng::of_run(kValidationSeed, first, count);
    const nn::Condition condition = text_encoder_->encode(rows.ids);
    for (std::size_t i = 0; i < kShares.size(); ++i) {
      const MaskedCanvas canvas = mask_share(*transition_, rows.x0, kShares[i] / 100.0, rng);
      const at::Tensor t = at::full({count}, canvas.t, rows.x0.options());
      const at::Tensor masked = masked_tokens(*transition_, canvas.x_t);
      const at::Tensor logits = denoiser_->forward(canvas.x_t, t, condition);
      sums[i] += (token_cross_entropy(logits, rows.x0) * masked).sum().item<double>();
      tokens[i] += masked.sum().item<double>();
    }
    const Times times = TimeSampler("uniform", transition_->steps()).draw(rng, 0);
    const at::Tensor t = times.t.to(o_.device);
    const at::Tensor x_t = transition_->draw(rows.x0, t, rng, 0);
    const diffusion::DiscreteLoss terms = diffusion::discrete_loss(
        *transition_,
        {.x0 = rows.x0, .x_t = x_t, .t = t, .logits = denoiser_->forward(x_t, t, condition)},
        o_.objective.loss);
    bound += terms.bound.sum().item<double>() * static_cast<double>(transition_->steps());
    first += count;
  }
  std::vector<std::pair<std::string, double>> values;
  for (std::size_t i = 0; i < kShares.size(); ++i) {
    values.emplace_back(concat("val/ce_", kShares[i]), sums[i] / std::max(tokens[i], 1.0));
  }
  values.emplace_back(
      "val/bits_per_token",
      diffusion::bits_per_token(bound / static_cast<double>(first), all.front().x0.size(1)));
  return values;
}

pipeline::ModelCard DiscreteTrainer::card() const {
  pipeline::ModelCard card;
  card.name = o_.name;
  card.description = o_.description;
  if (o_.sampling.steps > 0) card.sampling.steps = o_.sampling.steps;
  card.sampling.steps = std::min(card.sampling.steps, o_.model.transition.steps);
  if (!o_.sampling.sampler.empty()) card.sampling.sampler = o_.sampling.sampler;
  if (o_.sampling.guidance >= 0) card.sampling.guidance = o_.sampling.guidance;
  card.sampling.tuning = o_.sampling.tuning;
  if (!o_.sampling.truncation.empty()) card.sampling.truncation = o_.sampling.truncation;
  card.has_world = o_.world.has_value();
  if (o_.world) card.world = *o_.world;
  card.parts = {pipeline::kVqVaePart,
                pipeline::kTransformerPart,
                pipeline::kTextEncoderPart,
                pipeline::kSchedulerPart,
                pipeline::kTokenizerPart};
  return card;
}

void DiscreteTrainer::export_model(const fs::path& model) const {
  const Ema::Scope averaged(ema_);
  write_part(model / pipeline::kTransformerPart,
             io::to_json_fields(o_.model.transformer),
             denoiser_.get());
  write_part(model / pipeline::kTextEncoderPart,
             io::to_json_fields(o_.model.text_encoder),
             text_encoder_.get());
  write_part(model / pipeline::kSchedulerPart, io::to_json_fields(o_.model.transition));
  copy_files(o_.codes->codec().folder, model / pipeline::kVqVaePart);
  copy_files(o_.model.tokenizer, model / pipeline::kTokenizerPart);
  pipeline::write_model_card(model, card());
}

/// Draws and encodes the whole pool; tells how far it is every few seconds.
void fill_pool(const text::Tokenizer& tokenizer, const DiscreteTraining& o) {
  const auto begun = std::chrono::steady_clock::now();
  double told = 0;
  const auto tell = [&](std::int64_t done) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
    constexpr double kSecondsBetween = 5;
    if (done < o.pool && spent.count() < told + kSecondsBetween) return;
    told = spent.count();
    log_info(concat("pool: ",
                    done,
                    " of ",
                    o.pool,
                    " samples drawn and encoded, ",
                    std::llround(static_cast<double>(done) / std::max(told, 1e-9)),
                    " a second"));
  };
  o.codes->make_resident({.samples = o.pool,
                          .draw_on = o.draw_on,
                          .ids_of =
                              [&](const std::vector<std::string>& captions) {
                                return token_ids(tokenizer, captions, o.model.text_encoder.length);
                              },
                          .on_batch = tell});
}

}  // namespace

DiscreteModel fitted(DiscreteModel model,
                     const vqvae::VqVaeOptions& codec,
                     std::int64_t vocabulary) {
  model.text_encoder.vocabulary = vocabulary;
  model.transformer.codes = codec.codebook_size;
  model.transformer.grid_height = codec.grid();
  model.transformer.grid_width = codec.grid();
  model.transformer.condition_width = model.text_encoder.width;
  model.transformer.condition_length = model.text_encoder.length;
  model.transformer.steps = model.transition.steps;
  return model;
}

std::unique_ptr<Trainer> make_discrete_trainer(const DiscreteTraining& training) {
  auto tokenizer = text::load_table_tokenizer(token_table(training.model));
  DiscreteTraining all = training;
  all.model =
      fitted(all.model, training.codes->codec().model->options(), tokenizer->vocabulary_size());
  if (all.model.resident) fill_pool(*tokenizer, all);
  return std::make_unique<DiscreteTrainer>(std::move(tokenizer), std::move(all));
}

}  // namespace tessera::train
