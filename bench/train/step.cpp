// Times the optimisation step of any stage that `tessera train` trains, as it trains it, and says
// where the step's time goes. Needs LibTorch alone, so that it runs where the worker does. The loss
// is checked before anything is timed; the exit status is 1 where a check fails.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <CLI/CLI.hpp>

#include "bench/report.h"
#include "bench/train/profile.h"
#include "cli/flags/train_flags.h"
#include "core/error.h"
#include "jobs/stage.h"
#include "nn/device.h"
#include "train/prefetch.h"

namespace {

using namespace tessera;

struct Settings {
  std::string config{};
  std::vector<std::string> set{};
  std::string device = "auto";
  int threads = 0;
  int warm_up = 20;
  int steps = 20;
  bench::Effort effort{.warm_up = 0, .repeats = 5};
  std::int64_t pool = 2048;
  std::string export_to{};
  std::string trace{};
  int trace_steps = 3;
  std::size_t rows = 40;
  bool json = false;
};

/// As the file says, but for a pool that is made in seconds; what --set names is not touched.
train::Config configuration(const Settings& settings) {
  std::map<std::string, std::string> overrides = cli::parse_overrides(settings.set);
  const train::Config plain = jobs::read_config(settings.config, overrides);
  if (plain.stage == "diffusion") {
    overrides.emplace("data.pool", concat(std::max(settings.pool, plain.train.batch)));
    overrides.emplace("model.resident", "true");
  }
  return jobs::read_config(settings.config, overrides);
}

/// A run of the stage from its first step on, without the run's folder.
class Training {
 public:
  Training(const train::Config& config, at::Device device)
      : stage_(jobs::open_stage(config, device)),
        batches_(stage_.batch_of,
                 {.first = 1,
                  .last = std::numeric_limits<std::int64_t>::max(),
                  .ahead = config.train.prefetch,
                  .threads = jobs::drawing_threads(device)}) {}

  void export_model(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder);
    stage_.trainer->export_model(folder);
  }

  /// Returns before a GPU is done.
  at::Tensor step() {
    const std::int64_t number = ++step_;
    return stage_.trainer->step(batches_.next(), number).loss;
  }

  /// The losses of so many steps; reading them waits for all that the device was given.
  std::vector<double> steps(int count) {
    std::vector<at::Tensor> losses;
    for (int i = 0; i < count; ++i) losses.push_back(step().reshape({}));
    const at::Tensor read = at::stack(losses).to(at::kCPU, at::kDouble).contiguous();
    return {read.const_data_ptr<double>(), read.const_data_ptr<double>() + count};
  }

 private:
  jobs::Stage stage_;
  train::Prefetcher batches_;
  std::int64_t step_ = 0;
};

double mean(const std::vector<double>& values, std::size_t from, std::size_t count) {
  double sum = 0;
  for (std::size_t i = from; i < from + count; ++i) sum += values[i];
  return sum / static_cast<double>(count);
}

/// The mean of the last quarter must be below that of the first; a number that is not finite is in
/// one of the two means or is told by the sum.
void check(const std::vector<double>& losses, bench::Report& report) {
  const std::size_t part = std::max<std::size_t>(1, losses.size() / 4);
  const double first = mean(losses, 0, part);
  const double last = mean(losses, losses.size() - part, part);
  double not_finite = 0;
  for (const double loss : losses) not_finite += std::isfinite(loss) ? 0 : 1;
  report.facts["loss of the first steps"] = first;
  report.facts["loss behind the warm-up"] = last;
  report.check_at_most("losses that are not finite", not_finite, 0);
  report.check_at_most("rise of the loss", last - first, 0);
}

/// In MiB; what Torch's allocator took from the device, and what tensors held of it.
void note_memory(at::Device device, bench::Report& report) {
  constexpr double kMib = 1024.0 * 1024.0;
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  report.facts["peak_memory_mib"] = bench::peak_memory_mib();
  if (device.is_cpu()) return;
  const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  report.facts["device_peak_reserved_mib"] =
      static_cast<double>(stats.reserved_bytes[kAll].peak) / kMib;
  report.facts["device_peak_allocated_mib"] =
      static_cast<double>(stats.allocated_bytes[kAll].peak) / kMib;
}

bench::Report new_report(const train::Config& config, at::Device device) {
  bench::Report report;
  report.facts = bench::machine_facts();
  report.facts["threads"] = at::get_num_threads();
  report.facts["device"] = device.str();
  report.facts["stage"] = config.stage;
  report.facts["batch"] = config.train.batch;
  report.facts["optimizer"] = config.train.optimizer;
  report.facts["precision"] = config.train.precision;
  return report;
}

/// Every repeat is a row of steps that only its end waits for, as in training.
bench::Timing time_steps(Training& training, const Settings& settings) {
  bench::Timing timing = bench::measure([&] { training.steps(settings.steps); }, settings.effort);
  const double steps = settings.steps;
  timing.min_ms /= steps;
  timing.median_ms /= steps;
  timing.min_cpu_ms /= steps;
  return timing;
}

int run(const Settings& settings) {
  nn::set_threads(settings.threads);
  const train::Config config = configuration(settings);
  const at::Device device = nn::resolve_device(settings.device);
  Training training(config, device);
  if (!settings.export_to.empty()) training.export_model(settings.export_to);
  bench::Report report = new_report(config, device);
  check(training.steps(settings.warm_up), report);

  const bench::Timing timing = time_steps(training, settings);
  const auto batch = static_cast<double>(config.train.batch);
  report.rows.push_back({"training step", config.train.batch, timing});
  report.facts["samples_per_second"] = 1e3 * batch / timing.min_ms;
  report.facts["samples_per_second, median"] = 1e3 * batch / timing.median_ms;
  note_memory(device, report);
  std::optional<bench::Profile> profile;
  if (!settings.trace.empty()) {
    const auto step = [&](int i) {
      const at::Tensor loss = training.step();
      if (i == settings.trace_steps - 1) loss.item();
    };
    profile = bench::profile_steps(step,
                                   {.steps = settings.trace_steps,
                                    .on_gpu = device.is_cuda(),
                                    .file = settings.trace == "-" ? "" : settings.trace});
    if (settings.json) report.facts["profile"] = bench::to_json(*profile, settings.rows);
  }
  report.print(std::cout, settings.json);
  if (profile && !settings.json) bench::print(*profile, settings.rows, std::cout);
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times the optimisation step of a stage; checks its loss first.",
               "training_step_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--config", settings.config, "as tessera train takes it")->required();
  app.add_option("--set", settings.set, "section.key=value; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--device", settings.device, "cpu, cuda, cuda:N or auto");
  app.add_option("--threads", settings.threads, "0 = one a physical core");
  app.add_option("--warmup", settings.warm_up, "steps that are checked")
      ->check(CLI::Range(2, 10000));
  app.add_option("--steps", settings.steps, "of one repeat")->check(CLI::PositiveNumber);
  app.add_option("--repeats", settings.effort.repeats)->check(CLI::PositiveNumber);
  app.add_option("--pool", settings.pool, "stage diffusion: samples that are held ready")
      ->check(CLI::PositiveNumber);
  app.add_option("--export", settings.export_to, "folder for the model before its first step");
  app.add_option("--trace", settings.trace, "profile further steps; the trace's file, - = none");
  app.add_option("--trace-steps", settings.trace_steps)->check(CLI::PositiveNumber);
  app.add_option("--rows", settings.rows, "of the profile's table")->check(CLI::PositiveNumber);
  app.add_flag("--json", settings.json, "one JSON object instead of tables");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::cerr << "training_step_bench: " << error.what() << "\n";
    return 1;
  }
}
