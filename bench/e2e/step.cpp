// Times one guided step of a VQ-Diffusion model, network and draw, in every precision that is asked
// for, against what the device's own products allow. Results are checked before anything is timed;
// the exit status is 1 where a check fails.

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <optional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/resource.h>
#include <torch/nn/module.h>

#include "bench/report.h"
#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/sampler.h"
#include "nn/cuda_kernels.h"
#include "nn/device.h"
#include "nn/recording.h"
#include "pipeline/published/known_models.h"
#include "pipeline/published/published_model.h"

namespace {

using namespace tessera;

struct Settings {
  std::string model{};  // a folder; else `shape`
  std::string shape = "scenes128";
  std::vector<std::string> precisions{};
  std::string sampler = "ancestral";
  double guidance = 2.0;
  std::string truncation = "1";
  std::int64_t steps = 16;
  std::string device = "cpu";
  std::int64_t pictures = 1;  // at once
  bench::Effort effort{};
  int threads = 0;
  bool json = false;
};

struct Model {
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser{};
  diffusion::TransformerOptions options{};
  std::unique_ptr<const diffusion::Transition> transition{};
};

/// The transformer of configs/scenes128-diffusion.json, and the published models: base and ITHQ.
diffusion::TransformerOptions shape_named(const std::string& name) {
  if (name == "scenes128") {
    return {.codes = 1024,
            .grid_height = 16,
            .grid_width = 16,
            .width = 256,
            .layers = 6,
            .heads = 4,
            .time_embedding = "sinusoidal",
            .mlp_adaln = false};
  }
  if (name == "base") return pipeline::known_model("coco").transformer;
  TESSERA_CHECK(name == "ithq",
                kInvalidArgument,
                "no shape is named \"",
                name,
                "\"; known: scenes128, base, ithq");
  return pipeline::known_model("ithq").transformer;
}

/// No weight is zero, so that every branch tells; products keep the size of what they multiply.
void fill(torch::nn::Module& module) {
  std::int64_t stream = 0;
  for (auto& parameter : module.named_parameters()) {
    at::Tensor value = parameter.value();
    const at::Tensor noise = nn::Rng::of_run(7, 0, 1)
                                 .normal(Purpose::kInit, ++stream, value.sizes(), value.device())
                                 .view(value.sizes());
    const bool norm = parameter.key().find("norm.weight") != std::string::npos;
    const double scale = value.dim() < 2 ? 0.1 : 1.0 / std::sqrt(value.size(-1));
    value.copy_(norm ? noise * 0.1 + 1.0 : noise * scale);
  }
}

Model load(const Settings& settings) {
  const c10::Device device = nn::resolve_device(settings.device);
  Model made;
  if (settings.model.empty()) {
    made.options = shape_named(settings.shape);
    made.denoiser = diffusion::make_transformer(made.options);
    made.denoiser->to(device);
    fill(*made.denoiser);
    made.transition = diffusion::make_transition({}, made.options.codes);
  } else {
    pipeline::PublishedModel loaded = pipeline::load_model(settings.model, {});
    TESSERA_CHECK(loaded.parts.denoiser && loaded.transformer.condition == "text",
                  kInvalidArgument,
                  settings.model,
                  " is no model of texts");
    made = {loaded.parts.denoiser, loaded.transformer, std::move(loaded.parts.transition)};
    made.denoiser->to(device);
  }
  made.denoiser->eval();
  return made;
}

nn::Precision precision_named(const std::string& name) {
  if (name == "bf16") return nn::Precision::kBfloat16;
  TESSERA_CHECK(
      name == "int8", kInvalidArgument, "precisions are bf16 and int8, got \"", name, "\"");
  return nn::Precision::kInt8;
}

/// Pictures on their way: half their places masked, a wanted and an unwanted prompt for each.
struct Case {
  nn::Condition condition{};  // all prompts, the unwanted ones first
  at::Tensor canvas{};        // [P, N]
  std::vector<diffusion::TimeStep> plan{};
  std::int64_t row = 0;  // the step of the plan that is timed

  at::Tensor both() const { return at::cat({canvas, canvas}); }
  std::vector<std::int64_t> times() const {
    std::vector<std::int64_t> all;
    for (const diffusion::TimeStep& time : plan) all.push_back(time.from);
    return all;
  }
};

Case make_case(const Model& model, const Settings& settings) {
  const diffusion::TransformerOptions& o = model.options;
  const std::int64_t tokens = o.grid_height * o.grid_width;
  const nn::Rng rng = nn::Rng::of_run(1, 0, 2 * settings.pictures);
  const c10::Device device = nn::resolve_device(settings.device);
  const at::Tensor prompts =
      rng.normal(Purpose::kExperiment, 0, {o.condition_length, o.condition_width}, device);
  Case made{.condition = {.tokens = prompts}};
  const at::Tensor codes =
      rng.uniform(Purpose::kPrior, 0, {tokens}).mul(static_cast<double>(o.codes)).to(at::kLong);
  const at::Tensor hidden = rng.uniform(Purpose::kPrior, 1, {tokens}) < 0.5;
  made.canvas = at::where(hidden, o.codes, codes).narrow(0, 0, settings.pictures).to(device);
  made.plan =
      diffusion::even_plan({.trained = model.transition->steps(), .wanted = settings.steps});
  made.row = settings.steps / 2;
  return made;
}

/// A denoiser made ready in one precision.
struct Variant {
  std::string name{};
  Model model{};
  std::unique_ptr<diffusion::PreparedDenoiser> prepared{};
  at::Tensor logits{};  // of the timed step, [2, N, K]
};

Variant prepare(Model model, const std::string& name, const Case& made) {
  Variant variant{.name = name, .model = std::move(model)};
  if (name != "fp32" && made.canvas.is_cuda()) {  // as models are held there
    TESSERA_CHECK(name == "bf16", kInvalidArgument, "precisions on a GPU: bf16, got ", name);
    variant.model.denoiser->to(at::kBFloat16);
  } else if (name != "fp32") {
    variant.model.denoiser->answer_in(precision_named(name));
  }
  variant.prepared = variant.model.denoiser->make_prepared();
  variant.prepared->prepare(made.condition);
  variant.prepared->prepare(made.times());
  variant.prepared->step(made.canvas, made.row);  // a GPU records the second one
  variant.logits = variant.prepared->step(made.canvas, made.row).clone();
  return variant;
}

/// The step behind the network.
class Draw {
 public:
  Draw(const Model& model, const Case& made, const Settings& settings)
      : model_(model),
        case_(made),
        guidance_(settings.guidance),
        truncation_(diffusion::parse_truncation(settings.truncation)),
        sampler_(diffusion::make_discrete_sampler(settings.sampler)) {}

  at::Tensor fused(const at::Tensor& logits) const { return step(prediction(logits)); }
  /// By way of the log-probabilities of every code.
  at::Tensor composed(const at::Tensor& logits) const { return step(prediction(logits).log_p()); }

 private:
  diffusion::Prediction prediction(const at::Tensor& logits) const {
    const auto halves = logits.chunk(2);
    return {{{.wanted = halves[1], .unwanted = halves[0]}}, guidance_, truncation_};
  }
  at::Tensor step(const diffusion::Prediction& prediction) const {
    return sampler_->step(*model_.transition,
                          {.log_x0 = prediction,
                           .x_t = case_.canvas,
                           .time = case_.plan[static_cast<std::size_t>(case_.row)]},
                          {.rng = nn::Rng::of_run(3, 0, case_.canvas.size(0)), .recorded = {}});
  }

  const Model& model_;
  const Case& case_;
  double guidance_;
  diffusion::Truncation truncation_;
  std::unique_ptr<const diffusion::DiscreteSampler> sampler_;
};

/// Weights of the products that every step does: not those of prompts and times.
double weights(const diffusion::TransformerOptions& o) {
  const auto width = static_cast<double>(o.width);
  return static_cast<double>(o.layers) * (6.0 + 2.0 * static_cast<double>(o.mlp_ratio)) * width *
             width +
         width * static_cast<double>(o.codes);
}

/// Multiplications and additions of the network's products for both halves, the prompts' aside.
double operations(const diffusion::TransformerOptions& o, std::int64_t pictures) {
  const auto tokens = static_cast<double>(o.grid_height * o.grid_width);
  const double rows = 2.0 * static_cast<double>(pictures) * tokens;
  const double attention = 2.0 * (tokens + static_cast<double>(o.condition_length)) *
                           static_cast<double>(o.layers * o.width);
  return 2.0 * rows * (weights(o) + attention);
}

/// Waits for everything that a device has to do.
void wait_for(c10::Device device) {
  if (device.is_cuda()) {
    c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
  }
}

/// `work` and the wait for it.
std::function<void()> waited_for(c10::Device device, std::function<void()> work) {
  return [device, work = std::move(work)] {
    work();
    wait_for(device);
  };
}

/// What the device itself allows, in 10^9 a second.
struct Limits {
  double float32 = 0;   // operations of one large product, on random numbers
  double bfloat16 = 0;  // 0 where a processor does not take it
  double int8 = 0;      // likewise; 0 on a GPU
  double copied = 0;    // bytes read and written by a copy on the device; 0 on a CPU
};

Limits measure_limits(c10::Device device, const bench::Effort& effort) {
  const bool gpu = device.is_cuda();
  const std::int64_t rows = gpu ? 8192 : 2048;
  const std::int64_t inputs = gpu ? 8192 : 1024;
  const std::int64_t outputs = gpu ? 8192 : 4096;
  const nn::Rng rng = nn::Rng::of_run(5, 0, rows);
  const at::Tensor x = rng.normal(Purpose::kExperiment, 1, {inputs}).to(device);
  const at::Tensor weight = rng.normal(Purpose::kExperiment, 2, {inputs * outputs / rows})
                                .view({outputs, inputs})
                                .to(device);
  const at::Tensor bias = at::zeros({outputs}, device);
  const at::Tensor x_half = x.to(at::kBFloat16);
  const auto rate = [&](const bench::Timing& timing) {
    return 2.0 * static_cast<double>(rows * inputs * outputs) / timing.min_ms / 1e6;
  };
  const auto product = waited_for(device, [&] { at::linear(x, weight, bias); });
  if (gpu) {
    const at::Tensor weight_half = weight.to(at::kBFloat16);
    const at::Tensor bias_half = bias.to(at::kBFloat16);
    const at::Tensor from = at::zeros({std::int64_t{1} << 28}, device);
    const at::Tensor to = at::empty_like(from);
    const auto timings = bench::measure_in_turn(
        {product,
         waited_for(device, [&] { at::linear(x_half, weight_half, bias_half); }),
         waited_for(device, [&] { to.copy_(from); })},
        effort);
    return {.float32 = rate(timings[0]),
            .bfloat16 = rate(timings[1]),
            .copied = 2.0 * static_cast<double>(from.nbytes()) / timings[2].min_ms / 1e6};
  }
  Limits limits;
  std::vector<std::function<void()>> works{product};
  std::vector<double*> rates{&limits.float32};
  std::optional<nn::Bfloat16Product> half;
  if (nn::takes_bfloat16()) {
    half.emplace(weight, bias, rows);
    works.emplace_back([&] { (*half)(x_half); });
    rates.push_back(&limits.bfloat16);
  }
  std::optional<nn::Int8Product> bytes;
  const at::Tensor x_bytes = (x * 40.0).clamp(-127.0, 127.0).round().to(at::kChar);
  if (nn::has_int8_units()) {
    bytes.emplace(weight, bias, rows);
    works.emplace_back(
        [&] { (*bytes)(x_bytes, nn::takes_bfloat16() ? at::kBFloat16 : at::kFloat); });
    rates.push_back(&limits.int8);
  }
  const auto timings = bench::measure_in_turn(works, effort);
  for (std::size_t i = 0; i < rates.size(); ++i) *rates[i] = rate(timings[i]);
  return limits;
}

/// How far the network's rows are from what the device allows: a GPU's floor is the products' time
/// and that of reading every weight.
void compare_with(const Limits& limits,
                  double work,
                  double read,
                  const std::vector<bench::Row>& rows,
                  nlohmann::ordered_json& facts) {
  facts["operations of a step, 10^9"] = work / 1e9;
  facts["float32 product, 10^9 a second"] = limits.float32;
  facts["bfloat16 product, 10^9 a second"] = limits.bfloat16;
  facts["int8 product, 10^9 a second"] = limits.int8;
  facts["floor of a float32 step, ms"] = work / limits.float32 / 1e6;
  if (limits.copied == 0) return;
  const double floor = work / limits.bfloat16 / 1e6 + 2.0 * read / limits.copied / 1e6;
  facts["copy on the device, 10^9 bytes a second"] = limits.copied;
  facts["floor of a bfloat16 step, ms"] = floor;
  for (const bench::Row& row : rows) {
    if (row.name.find("bf16") == std::string::npos) continue;
    facts[concat(row.name, ", times its floor")] = row.timing.min_ms / floor;
    facts[concat(row.name, ", share of the product's rate")] =
        work / row.timing.min_ms / 1e6 / limits.bfloat16;
  }
}

/// Pages that the process had to be given during `work`.
double page_faults(const std::function<void()>& work) {
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  work();
  getrusage(RUSAGE_SELF, &after);
  return static_cast<double>(after.ru_minflt - before.ru_minflt);
}

double share_that_differs(const at::Tensor& a, const at::Tensor& b) {
  return a.ne(b).to(at::kDouble).mean().item<double>();
}

void check(const std::vector<Variant>& variants,
           const at::Tensor& forward,
           const Draw& draw,
           bench::Report& report) {
  const at::Tensor& plain = variants.front().logits;
  report.check_at_most(
      "prepared minus forward", (plain - forward).abs().max().item<double>(), 1e-3);
  report.check_at_most("tokens that the fused draw changes",
                       share_that_differs(draw.fused(plain), draw.composed(plain)),
                       plain.is_cuda() ? 1e-3 : 0.0);  // a GPU sums in another order
  for (const Variant& variant : variants) {
    if (variant.name == "fp32") continue;
    report.check_at_most(concat("relative error of the logits, ", variant.name),
                         ((variant.logits - plain).norm() / plain.norm()).item<double>(),
                         0.1);
    report.facts[concat("tokens that differ, ", variant.name)] =
        share_that_differs(draw.fused(variant.logits), draw.fused(plain));
  }
}

int run(const Settings& settings) {
  const at::NoGradGuard no_grad;
  nn::set_threads(settings.threads);
  Model first = load(settings);
  const Case made = make_case(first, settings);
  const c10::Device device = made.canvas.device();
  const at::Tensor t = at::full({2 * settings.pictures},
                                made.times()[static_cast<std::size_t>(made.row)],
                                made.canvas.options());
  const at::Tensor forward = first.denoiser->forward(made.both(), t, made.condition);

  bench::Report report;
  report.facts = bench::machine_facts();
  report.facts["threads"] = at::get_num_threads();
  report.facts["device"] = settings.device;
  report.facts["kernels of ours on the GPU"] = nn::cuda_kernels() != nullptr;
  report.facts["steps as a graph"] = nn::can_record(device);
  report.facts["model"] = settings.model.empty() ? settings.shape : settings.model;
  report.facts["sampler"] = settings.sampler;
  report.facts["guidance"] = settings.guidance;
  report.facts["truncation"] = settings.truncation;
  std::vector<Variant> variants;
  variants.push_back(prepare(std::move(first), "fp32", made));
  report.facts["peak_memory_mib, fp32"] = bench::peak_memory_mib();
  for (const std::string& name : settings.precisions) {
    variants.push_back(prepare(load(settings), name, made));
  }
  const Draw draw(variants.front().model, made, settings);
  check(variants, forward, draw, report);

  const diffusion::TransformerOptions& options = variants.front().model.options;
  const Limits limits = measure_limits(device, settings.effort);
  std::vector<std::function<void()>> works;
  std::vector<std::string> names;
  for (const Variant& variant : variants) {
    names.push_back(concat("network, ", variant.name));
    works.push_back(waited_for(device, [&] { variant.prepared->step(made.canvas, made.row); }));
    report.facts[concat("page faults of a step, ", variant.name)] = page_faults(works.back());
  }
  names.emplace_back("draw, composed");
  works.push_back(waited_for(device, [&] { draw.composed(variants.front().logits); }));
  names.emplace_back("draw, fused");
  works.push_back(waited_for(device, [&] { draw.fused(variants.front().logits); }));
  if (device.is_cuda()) {  // where the two overlap: the host is ahead of the device
    for (const Variant& variant : variants) {
      names.push_back(concat("step, ", variant.name));
      works.push_back(
          waited_for(device, [&] { draw.fused(variant.prepared->step(made.canvas, made.row)); }));
    }
  }
  const std::vector<bench::Timing> timings = bench::measure_in_turn(works, settings.effort);
  for (std::size_t i = 0; i < timings.size(); ++i) {
    report.rows.push_back({names[i], settings.pictures, timings[i]});
    if (i == 0) continue;
    report.facts[concat("ratio of minima, fp32 network over ", names[i])] =
        timings[0].min_ms / timings[i].min_ms;
  }
  compare_with(
      limits, operations(options, settings.pictures), weights(options), report.rows, report.facts);
  report.facts["peak_memory_mib, all"] = bench::peak_memory_mib();
  report.print(std::cout, settings.json);
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times one guided step, network and draw; checks it first.", "step_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--model", settings.model, "model folder of any layout, of texts");
  app.add_option("--shape", settings.shape, "or random weights: scenes128, base, ithq");
  app.add_option("--precision",
                 settings.precisions,
                 "beside fp32: bf16, int8; left out: those that the device knows")
      ->delimiter(',');
  app.add_option("--sampler", settings.sampler);
  app.add_option("--guidance", settings.guidance)->check(CLI::Range(0.0, 100.0));
  app.add_option("--truncation", settings.truncation, "as tessera generate takes it");
  app.add_option("--steps", settings.steps)->check(CLI::PositiveNumber);
  app.add_option("--device", settings.device, "cpu, cuda, cuda:N; a GPU knows bf16 alone");
  app.add_option("--batch", settings.pictures, "pictures at once")->check(CLI::PositiveNumber);
  app.add_option("--repeats", settings.effort.repeats)->check(CLI::PositiveNumber);
  app.add_option("--threads", settings.threads, "0 = one a physical core");
  app.add_flag("--json", settings.json, "one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  if (app.count("--precision") == 0) {
    const bool cpu = settings.device == "cpu";
    if (!cpu || nn::has_bfloat16_units()) settings.precisions.emplace_back("bf16");
    if (cpu && nn::has_int8_units()) settings.precisions.emplace_back("int8");
  }
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::cerr << "step_bench: " << error.what() << "\n";
    return 1;
  }
}
