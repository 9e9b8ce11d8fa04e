#include "train/run.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "core/log.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "train/checkpoints.h"
#include "train/run_log.h"
#include "train/sheet.h"

namespace tessera::train {
namespace fs = std::filesystem;
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool due(std::int64_t step, std::int64_t every) {
  return every > 0 && step % every == 0;
}

/// Means of a trainer's numbers since the last logged line. The sums stay on the device until they
/// are read, so that steps do not wait for each other; a checkpoint carries them.
class Window {
 public:
  void add(const StepReport& report) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> row{report.loss.detach().reshape({}).to(at::kDouble)};
    names_ = {"loss"};
    for (const auto& [name, value] : report.values) {
      row.push_back(value.detach().reshape({}).to(row.front().device(), at::kDouble));
      names_.push_back(name);
    }
    const at::Tensor stacked = at::stack(row);
    sums_ = steps_ > 0 ? sums_.to(stacked.device()) + stacked : stacked;
    rate_ = report.learning_rate;
    ++steps_;
  }

  /// Means by name, the loss first; then the last learning rate.
  Values means() const {
    Values values;
    if (steps_ == 0) return values;
    const at::Tensor sums = sums_.to(at::kCPU).contiguous();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      values.emplace_back(names_[i],
                          sums.const_data_ptr<double>()[i] / static_cast<double>(steps_));
    }
    values.emplace_back("lr", rate_);
    return values;
  }

  /// False once a loss or a gradient of the window was not finite.
  bool finite() const {
    for (const auto& [name, value] : means()) {
      if ((name == "loss" || name == "grad_norm") && !std::isfinite(value)) return false;
    }
    return true;
  }

  std::int64_t steps() const { return steps_; }
  void clear() { steps_ = 0; }

  io::Json to_json() const {
    io::Json sums = io::Json::array();
    const at::Tensor on_cpu = steps_ > 0 ? sums_.to(at::kCPU).contiguous() : at::Tensor();
    for (std::size_t i = 0; steps_ > 0 && i < names_.size(); ++i) {
      sums.push_back(on_cpu.const_data_ptr<double>()[i]);
    }
    return {{"steps", steps_}, {"sums", sums}};
  }

  void from_json(const io::Json& json) {
    steps_ = json.at("steps").get<std::int64_t>();
    const auto sums = json.at("sums").get<std::vector<double>>();
    if (steps_ > 0) sums_ = at::tensor(sums, at::kDouble);
  }

 private:
  std::vector<std::string> names_{};
  at::Tensor sums_{};
  double rate_ = 0;
  std::int64_t steps_ = 0;
};

/// One session of a run.
class Session {
 public:
  Session(Trainer& trainer, const RunOptions& options)
      : trainer_(trainer), options_(options), checkpoints_(options.folder / "checkpoints") {
    if (options.resume) restore();
    first_ = step_ + 1;
    saved_ = step_;
    log_.emplace(options.folder, step_);
    began_ = window_began_ = now();
  }

  RunResult go(const BatchOf& batch_of, const ProgressSink& progress, const std::stop_token& stop) {
    const TrainOptions& train = options_.train;
    if (step_ == 0) look();  // a fault in it should show now and not after an hour
    Prefetcher batches(batch_of,
                       {.first = first_,
                        .last = train.steps,
                        .ahead = train.prefetch,
                        .threads = options_.drawing_threads});
    const double out_of_time =
        train.time_budget_minutes > 0 ? began_ + 60 * train.time_budget_minutes : HUGE_VAL;
    report(progress);
    window_began_ = now();
    bool stopped = false;
    while (step_ < train.steps && !stopped) {
      const StepReport result = trainer_.step(batches.next(), step_ + 1);
      ++step_;
      window_.add(result);
      if (result.loss.is_cpu()) {
        check_finite();
        latest_ = result.loss.item<double>();
      }
      if (due(step_, train.log_every)) write_log();
      stopped = step_ < train.steps && (stop.stop_requested() || now() > out_of_time);
      report(progress);
      if (due(step_, train.checkpoint_every) || stopped) save();
      if (due(step_, train.validate_every) && step_ < train.steps) validate();
      if (due(step_, train.sample_every) && step_ < train.steps) draw();
    }
    if (saved_ < step_) save();
    if (!stopped) look();
    return {.step = step_, .seconds = seconds(), .loss = latest_, .stopped = stopped};
  }

 private:
  double seconds() const { return before_ + now() - began_; }

  void restore() {
    const auto found = checkpoints_.newest_whole();
    if (!found) return;
    trainer_.resume(found->folder);
    step_ = found->step;
    const io::Json note = io::parse_json(found->note, found->folder.string());
    before_ = note.at("seconds").get<double>();
    window_.from_json(note.at("window"));
  }

  void check_finite() const {
    TESSERA_CHECK(window_.finite(),
                  kInternal,
                  "the loss or its gradient is no longer finite at step ",
                  step_,
                  "; the last checkpoint is of step ",
                  saved_,
                  "; try a lower train.learning_rate or a longer train.warmup");
  }

  /// Samples a second since the last log line, pauses left out; 0 where nothing was done.
  double rate() const {
    const double spent = now() - window_began_;
    const auto samples = static_cast<double>((step_ - window_first_) * options_.train.batch);
    return spent > 0 ? samples / spent : 0.0;
  }

  void write_log() {
    check_finite();
    Values values = window_.means();
    latest_ = values.front().second;
    values.emplace_back("perf/samples_per_second", rate());
    values.emplace_back("perf/seconds", seconds());
    log_->write(step_, values);
    window_.clear();
    window_first_ = step_;
    window_began_ = now();
  }

  /// Keeps the time that `work` takes out of the rate.
  template <typename Work>
  void aside(const Work& work) {
    const double before = now();
    work();
    window_began_ += now() - before;
  }

  void save() {
    check_finite();
    aside([&] {
      const io::Json note = {{"seconds", seconds()}, {"window", window_.to_json()}};
      checkpoints_.save(
          step_, note.dump(), options_.train.keep_checkpoints, [&](const fs::path& folder) {
            trainer_.save(folder);
          });
      saved_ = step_;
      export_model();
    });
  }

  /// Into a folder beside it, which then takes the place of "model": what stands there is whole.
  void export_model() const {
    const fs::path model = options_.folder / "model";
    const fs::path fresh = options_.folder / ".model.new";
    const fs::path old = options_.folder / ".model.old";
    fs::remove_all(fresh);
    fs::remove_all(old);
    fs::create_directories(fresh);
    trainer_.export_model(fresh);
    if (fs::exists(model)) fs::rename(model, old);
    fs::rename(fresh, model);
    fs::remove_all(old);
  }

  void validate() {
    aside([&] {
      const auto values = trainer_.validate();
      if (!values.empty()) log_->write(step_, values);
    });
  }

  void draw() {
    aside([&] {
      for (const auto& [name, pictures] : trainer_.samples())
        write_sheet(name, make_sheet(pictures));
    });
  }

  void look() {
    validate();
    draw();
  }

  void write_sheet(const std::string& name, const at::Tensor& sheet) {
    const fs::path folder = options_.folder / "samples";
    fs::create_directories(folder);
    char label[64];
    std::snprintf(label, sizeof label, "step-%08lld-", static_cast<long long>(step_));
    const fs::path stem = folder / (label + name);
    if (!options_.write_sheet) {
      io::write_safetensors(stem.string() + ".safetensors", {.tensors = {{"sheet", sheet}}});
      return;
    }
    const fs::path file = stem.string() + ".png";
    options_.write_sheet(file, sheet);
    log_->write_picture(step_, name, file);
  }

  void report(const ProgressSink& progress) const {
    if (!progress) return;
    char note[48] = "";
    if (step_ > window_first_) std::snprintf(note, sizeof note, "%.0f samples/s", rate());
    progress({.stage = "train",
              .step = step_,
              .total = options_.train.steps,
              .seconds = now() - began_,
              .value = latest_,
              .note = note});
  }

  Trainer& trainer_;
  const RunOptions& options_;
  Checkpoints checkpoints_;
  std::optional<RunLog> log_{};
  Window window_{};
  std::int64_t step_ = 0;
  std::int64_t first_ = 1;
  std::int64_t saved_ = 0;
  std::int64_t window_first_ = 0;
  double window_began_ = 0;
  double began_ = 0;
  double before_ = 0;  // seconds of earlier sessions
  double latest_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace

RunResult run(Trainer& trainer,
              const BatchOf& batch_of,
              const RunOptions& options,
              const ProgressSink& progress,
              std::stop_token stop) {
  return Session(trainer, options).go(batch_of, progress, stop);
}

}  // namespace tessera::train
