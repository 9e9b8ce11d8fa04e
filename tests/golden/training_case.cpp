#include "tests/golden/training_case.h"

#include <functional>
#include <set>

#include <ATen/ATen.h>
#include <torch/nn.h>

#include "core/error.h"
#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/loss.h"
#include "io/formats/torch_file.h"
#include "pipeline/published/denoiser_names.h"
#include "tests/golden/recorded_chain.h"
#include "tests/golden/recorded_denoiser.h"
#include "train/ema.h"
#include "train/optimizers/adamw.h"
#include "train/parameters.h"
#include "train/schedule.h"
#include "train/time_sampler.h"

namespace tessera::golden {
namespace fs = std::filesystem;
namespace {

/// Adam divides by the roots of small second moments, so a rounding of a gradient grows.
constexpr double kFinalWeights = 1e-4;

/// Whole numbers and settings of the run.
struct Settings {
  explicit Settings(const fs::path& folder) {
    const auto number = [&](const char* key, std::size_t index = 0) {
      return config_number(folder, key, index);
    };
    loss.auxiliary_weight = number("auxiliary_loss_weight");
    optimizer.beta1 = number("betas", 0);
    optimizer.beta2 = number("betas", 1);
    optimizer.weight_decay = number("weight_decay");
    clip = number("clip_max_norm");
    base_rate = number("base_lr");
    warmup = {.kind = "constant",
              .peak = number("warmup_lr") - base_rate,
              .warmup = static_cast<std::int64_t>(number("warmup"))};
    ema_decay = number("ema_decay");
    ema_every = static_cast<std::int64_t>(number("ema_every"));
  }
  diffusion::DiscreteLossOptions loss{};
  train::OptimizerOptions optimizer{};
  double clip = 0;
  double base_rate = 0;
  train::Schedule warmup{};  // of what is added to the base rate
  double ema_decay = 0;
  std::int64_t ema_every = 0;
};

/// Biases and norms as columns. The original decays all weights; our AdamW spares what has one axis
/// only, so that biases and norms do not shrink. A column it takes for a matrix.
at::Tensor as_matrix(const at::Tensor& x) {
  return x.dim() < 2 ? x.unsqueeze(-1) : x;
}

train::Parameters as_matrices(train::Parameters parameters) {
  for (train::Parameter& p : parameters) p.value = as_matrix(p.value.detach());
  return parameters;
}

/// One recorded run. Names of the original and ours are told apart by `names`.
class Run {
 public:
  Run(const Recorded& recorded, Report& report)
      : recorded_(recorded),
        report_(report),
        settings_(recorded.folder()),
        denoiser_(open_microsoft_denoiser(recorded.folder(), Weights::kRaw)),
        names_(pipeline::microsoft_denoiser_names(denoiser_.options)),
        file_(io::read_torch_file(recorded.folder() / "checkpoint.pth")),
        parameters_(train::parameters_of(*denoiser_.network)),
        optimizer_(as_matrices(parameters_), settings_.optimizer),
        ema_(parameters_, {.decay = settings_.ema_decay, .warm_up = false}),
        times_("importance", denoiser_.options.steps) {
    restore_times();
    restore_averages();
    has_optimizer_ = restore_optimizer();
  }

  void run() {
    for (int i = 0; recorded_.has(concat("step", i, ".t")); ++i) step(i);
    check_final();
  }

 private:
  static constexpr const char* kOuter = "transformer.";

  at::Tensor of_step(int i, const char* name) const {
    return recorded_[concat("step", i, ".", name)];
  }

  /// Tensors under the original's names -> ours, by a network made for them.
  io::StateDict ours(const io::StateDict& theirs) const {
    auto twin = diffusion::make_transformer(denoiser_.options);
    pipeline::load_published(*twin, theirs, names_, recorded_.folder().string());
    return io::state_of(*twin);
  }

  io::StateDict theirs(const train::TensorMap& ours) const {
    return pipeline::to_published({.tensors = ours}, names_);
  }

  void restore_times() {
    const io::PickleValue* model = file_.find("model");
    TESSERA_CHECK(model != nullptr, kCorruptFile, "the checkpoint has no model");
    for (const auto& [ours, theirs] : {std::pair("history", "Lt_history"), {"count", "Lt_count"}}) {
      const io::PickleValue* saved = model->find(std::string(kOuter) + theirs);
      TESSERA_CHECK(saved != nullptr, kCorruptFile, "the checkpoint has no ", theirs);
      times_.state().at(ours).copy_(saved->tensor(theirs));
    }
  }

  void restore_averages() {
    const io::PickleValue* saved = file_.find("ema");
    if (saved == nullptr) return;
    train::restore(ema_.averages(), ours(io::tensors_of(*saved)).tensors, "ema");
  }

  /// Moments are numbered in the order in which the model lists its trained tensors.
  std::vector<std::string> trained_names() const {
    std::set<std::string> known;
    for (const pipeline::NameEntry& entry : names_.entries) {
      known.insert(entry.theirs.begin(), entry.theirs.end());
    }
    std::vector<std::string> trained;
    for (const io::PickleEntry& entry : file_.find("model")->dict("model").entries) {
      if (entry.key.compare(0, std::string(kOuter).size(), kOuter) != 0) continue;
      const std::string name = entry.key.substr(std::string(kOuter).size());
      if (known.count(name) == 1) trained.push_back(name);
    }
    return trained;
  }

  /// The first group of the optimiser's state, or null.
  const io::PickleValue* saved_optimizer() const {
    const io::PickleValue* groups = file_.find("optimizer_and_scheduler");
    if (groups == nullptr) return nullptr;
    const io::PickleValue* value = &groups->dict("optimizer_and_scheduler").entries.at(0).value;
    for (const char* key : {"optimizer", "module", "state"}) {
      value = value->find(key);
      TESSERA_CHECK(value != nullptr, kCorruptFile, "the optimiser's state has no ", key);
    }
    return value;
  }

  bool restore_optimizer() {
    const io::PickleValue* saved = saved_optimizer();
    if (saved == nullptr) return false;
    const std::vector<std::string> trained = trained_names();
    report_.check("every trained tensor has moments",
                  trained.size() == saved->dict("state").entries.size());
    train::TensorMap state;
    for (const auto& [ours_name, key] :
         {std::pair("/first", "exp_avg"), {"/second", "exp_avg_sq"}}) {
      io::StateDict moments;
      for (std::size_t i = 0; i < trained.size(); ++i) {
        moments.tensors.emplace(trained[i], saved->find(std::to_string(i))->find(key)->tensor(key));
      }
      for (const auto& [name, tensor] : ours(moments).tensors) {
        state.emplace(name + ours_name, as_matrix(tensor));
        state.insert_or_assign(name + "/step", saved->find("0")->find("step")->tensor("step"));
      }
    }
    train::restore(optimizer_.state(), state, "optimizer");
    return true;
  }

  /// Of `step`, which counts on from the checkpoint. Theirs begins a warm-up at the base rate, ours
  /// with the first share of the way, so it is one step ahead.
  double learning_rate(int step) const {
    return settings_.base_rate + train::learning_rate(settings_.warmup, iterations() + step);
  }

  /// Steps that were taken before the checkpoint was written.
  std::int64_t iterations() const { return file_.find("last_iter")->integer("last_iter") + 1; }

  nn::Condition condition(int i) const {
    const std::string& kind = denoiser_.options.condition;
    if (kind == "none") return {};
    const at::Tensor given = of_step(i, "condition_token");
    if (kind == "class") return {.labels = given};
    return recorded_text(recorded_.folder(), denoiser_, given, of_step(i, "condition_mask"));
  }

  at::Tensor draw(const at::Tensor& x0, const at::Tensor& t, const at::Tensor& uniform) const {
    return diffusion::draw_categorical(denoiser_.chain->log_q(x0, at::zeros_like(t), t),
                                       recorded_noise(uniform.transpose(1, 2).contiguous()),
                                       {});
  }

  void step(int i) {
    const at::Tensor t = of_step(i, "t") + 1;
    const at::Tensor x0 = of_step(i, "content_token");
    const at::Tensor x_t = draw(x0, t, of_step(i, "uniform"));
    const at::Tensor p = times_.probabilities().index_select(0, t - 1);
    at::Tensor logits;
    diffusion::DiscreteLoss terms;
    at::Tensor loss;
    {
      const at::AutoGradMode with_gradients(true);
      logits = denoiser_.network->forward(x_t, t, condition(i));
      terms = diffusion::discrete_loss(
          *denoiser_.chain, {.x0 = x0, .x_t = x_t, .t = t, .logits = logits}, settings_.loss);
      loss = (terms.total / p).sum() / static_cast<double>(x0.numel());
      loss.backward();
    }
    check_losses(i, {.x0 = x0, .x_t = x_t, .t = t, .logits = logits.detach()}, terms, loss);
    close(i, "pt", p);
    times_.update(t, terms.bound);
    close(i, "Lt_history", times_.state().at("history"));
    close(i, "Lt_count", times_.state().at("count"));
    optimise(i);
  }

  void close(int i, const char* name, const at::Tensor& found) {
    report_.close(concat("step", i, ".", name), found, of_step(i, name), recorded_.tolerance);
  }

  void check_losses(int i,
                    const diffusion::DiscreteLossInput& in,
                    const diffusion::DiscreteLoss& terms,
                    const at::Tensor& loss) {
    // Theirs looks at -log p(x_s = x_0 | x_t) at every time and takes it for the bound at the first
    // alone; ours computes what it takes. The auxiliary term at the first time is that number too.
    const at::Tensor model = denoiser_.chain->log_posterior(
        in.logits.to(at::kDouble).log_softmax(-1), in.x_t, in.t, in.t - 1);
    close(i, "decoder_nll", -model.gather(-1, in.x0.unsqueeze(-1)).squeeze(-1).sum(-1));
    close(i, "kl", terms.bound.detach());
    close(i, "kl_aux", terms.auxiliary.detach());
    close(i, "loss", loss.detach());
  }

  void optimise(int i) {
    const std::vector<at::Tensor> gradients = train::take_gradients(parameters_);
    check_gradients(i, gradients);
    close(i, "grad_norm", train::clip_gradients(gradients, settings_.clip));
    const double rate = learning_rate(i);
    close(i, "lr", at::scalar_tensor(rate, at::kDouble));
    if (!has_optimizer_) return;
    std::vector<at::Tensor> matrices;
    for (const at::Tensor& gradient : gradients) matrices.push_back(as_matrix(gradient));
    optimizer_.step(matrices, rate);
    rates_ += rate;
    const std::int64_t taken = iterations() + i + 1;
    if (taken % settings_.ema_every == 0) ema_.update(taken);
  }

  /// Recorded gradients are those before clipping.
  void check_gradients(int i, const std::vector<at::Tensor>& gradients) {
    train::TensorMap found;
    for (std::size_t k = 0; k < gradients.size(); ++k) {
      found.emplace(parameters_[k].name, gradients[k]);
    }
    check_prefixed(concat("step", i, ".grad."), found, [&](const std::string&) {
      return recorded_.tolerance;
    });
  }

  /// What is recorded below a prefix under their names.
  void check_prefixed(const std::string& prefix,
                      const train::TensorMap& found,
                      const std::function<double(const std::string&)>& tolerance_of) {
    const io::StateDict named = theirs(found);
    for (const auto& item : train::without_prefix(recorded_.tensors().tensors, prefix)) {
      report_.close(
          prefix + item.first, named.tensors.at(item.first), item.second, tolerance_of(item.first));
    }
  }

  /// A key's bias changes no answer, softmax being what it is, so its gradient is rounding alone,
  /// of which Adam makes whole steps: it may be anywhere that those lead to.
  void check_final() {
    const train::TensorMap live = train::tensors_of(*denoiser_.network);
    check_prefixed("final.param.", live, [&](const std::string& name) {
      return name.ends_with("key.bias") ? 2 * rates_ : kFinalWeights;
    });
    check_prefixed("final.ema.", ema_.averages(), [](const std::string&) { return kFinalWeights; });
  }

  const Recorded& recorded_;
  Report& report_;
  Settings settings_;
  RecordedDenoiser denoiser_;
  pipeline::NameMap names_;
  io::PickleValue file_;
  train::Parameters parameters_;
  train::AdamW optimizer_;
  train::Ema ema_;
  train::TimeSampler times_;
  bool has_optimizer_ = false;
  double rates_ = 0;  // sum of the learning rates so far
};

}  // namespace

void run_training(const Recorded& recorded, Report& report) {
  Run(recorded, report).run();
}

}  // namespace tessera::golden
