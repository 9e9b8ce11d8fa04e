#include "train/vqvae_trainer.h"

#include <algorithm>
#include <cmath>

#include <torch/nn.h>

#include "core/error.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/transfer.h"
#include "pipeline/find_part.h"
#include "pipeline/model_card.h"
#include "train/adversary.h"
#include "train/autocast.h"
#include "train/model_part.h"
#include "train/schedule.h"
#include "vqvae/codebook_averages.h"
#include "vqvae/deeper_decoder.h"
#include "vqvae/quantizer.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

constexpr double kUseDecay = 0.98;         // of the running counts behind perplexity and codes_used
constexpr double kUsed = 0.01;             // met once within about 230 steps
constexpr std::int64_t kSeedFeatures = 4;  // times K: features that the first codes are drawn from
constexpr const char* kDecoder = "decoder";

class VqVaeTrainer final : public Trainer {
 public:
  explicit VqVaeTrainer(const VqVaeTraining& training);
  StepReport step(const data::Batch& batch, std::int64_t step) override;
  void save(const fs::path& folder) const override;
  void resume(const fs::path& folder) override;
  std::vector<std::pair<std::string, at::Tensor>> samples() override;
  std::vector<std::pair<std::string, double>> validate() override;
  void export_model(const fs::path& model) const override;

 private:
  void collect(const at::Tensor& features, std::int64_t step);
  void start_codes(const at::Tensor& features);
  void move_codes(const at::Tensor& features, const at::Tensor& indices, std::int64_t step);
  TensorMap state() const;
  at::Tensor against(const at::Tensor& rendered,
                     const at::Tensor& images,
                     std::int64_t step,
                     StepReport& report);
  void teach_adversary(const at::Tensor& rendered,
                       const at::Tensor& images,
                       std::int64_t step,
                       StepReport& report);

  VqVaeTraining o_;
  vqvae::VqVae model_;
  Parameters parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  Ema ema_;
  Schedule schedule_;
  std::int64_t plain_steps_;  // first steps without codes
  at::Tensor use_;            // [K] decayed counts of the codes
  at::Tensor collected_;      // [B, D, H, W] last features of the plain autoencoder, or undefined
  std::unique_ptr<Adversary> adversary_{};  // none unless it is listened to
};

vqvae::VqVae make_model(const VqVaeTraining& o) {
  vqvae::VqVae model(o.model);
  model->initialise(o.seed);
  if (!o.train.start_from.empty()) {
    const fs::path weights =
        pipeline::find_part(o.train.start_from, pipeline::kVqVaePart) / "model.safetensors";
    io::StateDict state = io::read_state_dict(weights);
    vqvae::restore_codebook_averages(state.tensors, o.model);
    vqvae::add_decoder_blocks(state.tensors, *model);
    io::load_strictly(*model, state, weights.string());
  }
  model->to(o.device);
  return model;
}

/// What the run moves: everything, or the decoder alone.
Parameters trained(const vqvae::VqVaeImpl& model, const std::string& parts) {
  Parameters all = parameters_of(model);
  if (parts == kDecoder) {
    std::erase_if(all, [](const Parameter& each) { return !each.name.starts_with("decoder."); });
  }
  return all;
}

VqVaeTrainer::VqVaeTrainer(const VqVaeTraining& o)
    : o_(o),
      model_(make_model(o)),
      parameters_(trained(*model_, o.objective.parts)),
      optimizer_(make_optimizer(parameters_, o.train.optimiser())),
      ema_(parameters_, {.decay = o.train.ema}),
      schedule_(o.train.learning_rates()),
      plain_steps_(o.train.start_from.empty() ? o.objective.autoencoder_steps : 0),
      use_(at::zeros({o.model.codebook_size}, at::TensorOptions(o.device))) {
  if (o.objective.adversarial <= 0 && o.objective.features <= 0) return;
  adversary_ = std::make_unique<Adversary>(AdversaryOptions{.seed = o.seed, .device = o.device});
}

/// The discriminator's part of the loss; undefined where it is not listened to yet.
at::Tensor VqVaeTrainer::against(const at::Tensor& rendered,
                                 const at::Tensor& images,
                                 std::int64_t step,
                                 StepReport& report) {
  const VqVaeObjective& objective = o_.objective;
  const bool heard = step > std::max(plain_steps_, objective.adversarial_from);
  const at::Tensor silence = at::zeros({}, images.options());
  Adversary::Verdict verdict{.doubt = silence, .distance = silence};
  if (heard) {
    const Autocast scope(o_.device, o_.train.precision);
    verdict = adversary_->judge(images, rendered);
  }
  report.values.emplace_back("doubt", verdict.doubt.detach());
  report.values.emplace_back("features", verdict.distance.detach());
  if (!heard) return {};
  return objective.adversarial * verdict.doubt + objective.features * verdict.distance;
}

/// A step of the discriminator itself, once there are codes; after the codec's backward pass, which
/// needs its weights as they were.
void VqVaeTrainer::teach_adversary(const at::Tensor& rendered,
                                   const at::Tensor& images,
                                   std::int64_t step,
                                   StepReport& report) {
  at::Tensor loss = at::zeros({}, images.options());
  if (step > plain_steps_) {
    const Autocast scope(o_.device, o_.train.precision);
    loss = adversary_->learn(images, rendered);
  }
  report.values.emplace_back("discriminator_loss", loss);
}

StepReport VqVaeTrainer::step(const data::Batch& batch, std::int64_t step) {
  const bool with_codes = step > plain_steps_;
  const bool codes_stay = o_.objective.parts == kDecoder;
  const at::Tensor images = nn::to_device(batch.images, o_.device);
  model_->train();
  StepReport report;
  at::Tensor features;
  vqvae::Quantized quantized;
  at::Tensor rendered;
  {
    const Autocast scope(o_.device, o_.train.precision);
    {
      const at::AutoGradMode taped(!codes_stay);
      features = model_->features(images);
    }
    if (step == plain_steps_ + 1 && plain_steps_ > 0) start_codes(features.detach());
    if (with_codes) {
      const auto rows = images.size(0);
      quantized =
          model_->quantize(features, {.rng = nn::Rng::of_run(o_.seed, (step - 1) * rows, rows)});
    }
    rendered = model_->render(with_codes ? quantized.vectors : features);
  }
  const auto reconstruction = vqvae::reconstruction_loss(rendered, images, o_.objective.loss);
  report.loss =
      with_codes && !codes_stay ? reconstruction.total + quantized.loss : reconstruction.total;
  StepReport told;
  if (adversary_) {
    const at::Tensor judged = against(rendered, images, step, told);
    if (judged.defined()) report.loss = report.loss + judged;
  }
  report.loss.backward();
  if (adversary_) teach_adversary(rendered, images, step, told);
  const auto gradients = take_gradients(parameters_);
  const at::Tensor norm = clip_gradients(gradients, o_.train.clip);
  report.learning_rate = learning_rate(schedule_, step);
  optimizer_->step(gradients, report.learning_rate);
  ema_.update(step);

  const at::NoGradGuard no_grad;
  report.loss = report.loss.detach();
  report.values = {{"grad_norm", norm}, {"rec_loss", reconstruction.total.detach()}};
  for (const auto& [name, value] : reconstruction.parts) {
    report.values.emplace_back(name, value.detach());
  }
  report.values.insert(report.values.end(), told.values.begin(), told.values.end());
  const at::Tensor error = (rendered.detach() - images).square().mean().clamp_min(1e-10);
  report.values.emplace_back("psnr", 10.0 * (4.0 / error).log10());
  at::Tensor commitment = at::zeros_like(norm);
  if (with_codes) {
    if (codes_stay) {
      use_.mul_(kUseDecay).add_(
          vqvae::count_codes(quantized.indices, o_.model.codebook_size).to(use_.scalar_type()));
    } else {
      move_codes(features.detach(), quantized.indices, step);
    }
    commitment = quantized.loss.detach();
  } else {
    collect(features.detach(), step);
  }
  const at::Tensor share = use_ / use_.sum().clamp_min(1e-9);
  report.values.emplace_back("codebook_loss", commitment);
  report.values.emplace_back("perplexity", (-at::xlogy(share, share).sum()).exp());
  report.values.emplace_back("codes_used", (use_ > kUsed).sum());
  return report;
}

/// Keeps the features of the last steps before codes begin: enough to draw a codebook from.
void VqVaeTrainer::collect(const at::Tensor& features, std::int64_t step) {
  const std::int64_t a_batch = features.size(0) * features.size(2) * features.size(3);
  const std::int64_t wanted = kSeedFeatures * o_.model.codebook_size;
  const std::int64_t batches = std::min<std::int64_t>((wanted + a_batch - 1) / a_batch, 64);
  if (step <= plain_steps_ - batches) return;
  collected_ = collected_.defined() ? at::cat({collected_, features}) : features.clone();
}

void VqVaeTrainer::start_codes(const at::Tensor& features) {
  model_->quantizer().initialise_codebook(collected_.defined() ? collected_ : features,
                                          {.seed = o_.seed});
  collected_ = at::Tensor();
}

void VqVaeTrainer::move_codes(const at::Tensor& features,
                              const at::Tensor& indices,
                              std::int64_t step) {
  vqvae::Quantizer& quantizer = model_->quantizer();
  const vqvae::CodeStatistics statistics = quantizer.statistics(features, indices);
  quantizer.update(statistics);
  use_.mul_(kUseDecay).add_(statistics.counts);
  const auto last_revival =
      static_cast<std::int64_t>(o_.objective.revive_share * static_cast<double>(o_.train.steps));
  if (o_.objective.revive_every > 0 && step % o_.objective.revive_every == 0 &&
      step <= last_revival) {
    quantizer.revive(features, {.seed = o_.seed}, step);
  }
}

TensorMap VqVaeTrainer::state() const {
  TensorMap all = tensors_of(*model_, "model.");
  add_with_prefix(all, optimizer_->state(), "optimizer.");
  if (o_.train.ema > 0) add_with_prefix(all, ema_.averages(), "ema.");
  all.emplace("use", use_);
  if (adversary_) add_with_prefix(all, adversary_->state(), "adversary.");
  return all;
}

void VqVaeTrainer::save(const fs::path& folder) const {
  TensorMap all = state();
  if (collected_.defined()) all.emplace("collected", collected_);
  io::write_safetensors(folder / kTrainerState, {.tensors = std::move(all)});
}

void VqVaeTrainer::resume(const fs::path& folder) {
  const io::StateDict saved = io::read_state_dict(folder / kTrainerState);
  restore(state(), saved.tensors, (folder / kTrainerState).string());
  const auto features = saved.tensors.find("collected");
  collected_ =
      features == saved.tensors.end() ? at::Tensor() : features->second.to(o_.device).clone();
}

std::vector<std::pair<std::string, at::Tensor>> VqVaeTrainer::samples() {
  const auto indices = o_.held_out.indices(o_.train.samples);
  if (indices.empty()) return {};
  const at::NoGradGuard no_grad;
  const Ema::Scope averaged(ema_);
  model_->eval();
  const at::Tensor images = o_.held_out.source->get(indices, o_.device).images;
  const at::Tensor again = model_->decode(model_->encode(images));
  return {{"reconstructions", at::cat({images, again}, 2)}};
}

std::vector<std::pair<std::string, double>> VqVaeTrainer::validate() {
  const at::NoGradGuard no_grad;
  const Ema::Scope averaged(ema_);
  model_->eval();
  double decibels = 0;
  at::Tensor counts = at::zeros_like(use_);
  std::int64_t pictures = 0;
  for (const auto& indices : o_.held_out.batches(o_.train.validation_samples)) {
    const at::Tensor images = o_.held_out.source->get(indices, o_.device).images;
    pictures += images.size(0);
    const at::Tensor codes = model_->encode(images);
    counts += vqvae::count_codes(codes, o_.model.codebook_size);
    decibels += vqvae::psnr(model_->decode(codes), images).clamp_max(100).sum().item<double>();
  }
  if (pictures == 0) return {};
  const vqvae::CodeUse use = vqvae::code_use(counts);
  return {{"val/psnr", decibels / static_cast<double>(pictures)},
          {"val/perplexity", use.perplexity},
          {"val/codes_used", static_cast<double>(use.used)}};
}

void VqVaeTrainer::export_model(const fs::path& model) const {
  const Ema::Scope averaged(ema_);
  write_part(model / pipeline::kVqVaePart, io::to_json_fields(o_.model), model_.get());
}

}  // namespace

void VqVaeObjective::validate() const {
  try {
    loss.validate();
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "objective.", error.what());
  }
  TESSERA_CHECK(parts == "all" || parts == kDecoder,
                kInvalidArgument,
                "objective.parts must be all or decoder, got \"",
                parts,
                "\"");
  TESSERA_CHECK(autoencoder_steps >= 0,
                kInvalidArgument,
                "objective.autoencoder_steps must be at least 0, got ",
                autoencoder_steps);
  TESSERA_CHECK(revive_every >= 0,
                kInvalidArgument,
                "objective.revive_every must be at least 0, got ",
                revive_every);
  TESSERA_CHECK(adversarial >= 0 && features >= 0 && adversarial_from >= 0,
                kInvalidArgument,
                "objective.adversarial, features and adversarial_from must be at least 0, got ",
                adversarial,
                ", ",
                features,
                " and ",
                adversarial_from);
  TESSERA_CHECK(revive_share >= 0 && revive_share <= 1,
                kInvalidArgument,
                "objective.revive_share must lie in [0, 1], got ",
                revive_share);
}

std::unique_ptr<Trainer> make_vqvae_trainer(const VqVaeTraining& training) {
  return std::make_unique<VqVaeTrainer>(training);
}

}  // namespace tessera::train
