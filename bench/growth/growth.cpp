// How time and memory of drawing pictures grow: a guided step with the batch, the tokens of a
// picture and the size of the codebook; a whole generation with its steps. A model of small
// width, random weights, so that all is measured in a minute. The draws are checked before
// anything is timed; the exit status is 1 where a check fails.

#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>

#include "bench/growth/curve.h"
#include "bench/memory.h"
#include "bench/report.h"
#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/prediction.h"
#include "nn/device.h"
#include "nn/initialise.h"

namespace {

using namespace tessera;
using bench::Curve;
using bench::Work;

struct Size {
  std::int64_t batch = 1;
  std::int64_t tokens = 64;  // a power of two
  std::int64_t codes = 512;
  std::int64_t steps = 100;  // of the plan
};

constexpr std::int64_t kWidth = 64, kLayers = 2, kHeads = 2, kTextLength = 24;
constexpr std::int64_t kChain = 100;
constexpr double kGuidance = 2.0;
constexpr diffusion::DrawKey kKey{.purpose = Purpose::kStep, .step = 1};

diffusion::TransformerOptions shape_of(const Size& size) {
  std::int64_t height = 1;
  while (height * height * 2 <= size.tokens) height *= 2;
  return {.codes = size.codes,
          .grid_height = height,
          .grid_width = size.tokens / height,
          .width = kWidth,
          .layers = kLayers,
          .heads = kHeads,
          .condition_width = kWidth,
          .condition_length = kTextLength,
          .steps = kChain,
          .time_embedding = "sinusoidal",
          .pooled_text = true,
          .mlp_adaln = false};
}

/// Pictures of one size on their way, half of their places masked.
class Drawing {
 public:
  explicit Drawing(const Size& size)
      : size_(size),
        denoiser_(diffusion::make_transformer(shape_of(size))),
        transition_(diffusion::make_transition({.steps = kChain}, size.codes)),
        plan_(diffusion::even_plan({.trained = kChain, .wanted = size.steps})) {
    nn::initialise(*denoiser_, 1);
    denoiser_->eval();
    const nn::Rng rng = nn::Rng::of_run(2, 0, size.batch);
    const at::Tensor text = rng.normal(Purpose::kExperiment, 0, {kTextLength, kWidth});
    condition_ = {.tokens = at::cat({at::zeros_like(text), text})};
    const at::Tensor codes = rng.uniform(Purpose::kPrior, 0, {size.tokens})
                                 .mul(static_cast<double>(size.codes))
                                 .to(at::kLong);
    const at::Tensor hidden = rng.uniform(Purpose::kPrior, 1, {size.tokens}) < 0.5;
    canvas_ = at::where(hidden, size.codes, codes);
    prepare();
    logits_ = network(canvas_, row()).clone();
  }

  void prepare() {
    prepared_ = denoiser_->make_prepared();
    prepared_->prepare(condition_);
    std::vector<std::int64_t> times;
    for (const diffusion::TimeStep& time : plan_) times.push_back(time.from);
    prepared_->prepare(times);
  }
  void step() const { draw(network(canvas_, row()), canvas_, row()); }
  void draw() const { draw(logits_, canvas_, row()); }

  /// From the mask alone to codes.
  void generate() {
    prepare();
    at::Tensor canvas = at::full_like(canvas_, size_.codes);
    for (std::int64_t i = 0; i < std::ssize(plan_); ++i)
      canvas = draw(network(canvas, i), canvas, i);
  }

  /// All that the attention of a step multiplies.
  void attention() const {
    const at::Tensor x = at::ones({2 * size_.batch, kHeads, size_.tokens, kWidth / kHeads});
    for (std::int64_t i = 0; i < kLayers; ++i) at::scaled_dot_product_attention(x, x, x);
  }

  at::Tensor fused() const { return draw(logits_, canvas_, row()); }

  /// The codes by the chain's matrices, as Bayes' rule is written: sum over all x_0 for all x_s.
  at::Tensor dense(const at::Tensor& past,
                   const at::Tensor& stride,
                   const at::Tensor& whole) const {
    const at::Tensor p = prediction(logits_).log_p().flatten(0, 1).softmax(-1);
    const at::Tensor x_t = canvas_.flatten();
    const at::Tensor ratio = p / whole.index_select(1, x_t).t().narrow(1, 0, size_.codes);
    const at::Tensor weights =
        ratio.matmul(past.narrow(0, 0, size_.codes)) * stride.index_select(1, x_t).t();
    return diffusion::draw_categorical(
        weights.log().view({size_.batch, size_.tokens, -1}), noise(), kKey);
  }

  /// [C, C] float32 over t = early ... late of the timed step: 0 ... s, s ... t, 0 ... t.
  std::vector<at::Tensor> matrices() const {
    const diffusion::TimeStep& time = plan_[static_cast<std::size_t>(row())];
    std::vector<at::Tensor> all;
    for (const diffusion::TimeRange& range :
         {diffusion::TimeRange{0, time.to}, {time.to, time.from}, {0, time.from}}) {
      all.push_back(transition_->dense(range).to(at::kFloat));
    }
    return all;
  }

 private:
  std::int64_t row() const { return std::ssize(plan_) / 2; }
  nn::Noise noise() const { return {.rng = nn::Rng::of_run(3, 0, size_.batch), .recorded = {}}; }
  at::Tensor network(const at::Tensor& canvas, std::int64_t row) const {
    return prepared_->step(canvas, row);
  }
  static diffusion::Prediction prediction(const at::Tensor& logits) {
    const auto halves = logits.chunk(2);
    return {{{.wanted = halves[1], .unwanted = halves[0]}}, kGuidance, {}};
  }
  at::Tensor draw(const at::Tensor& logits, const at::Tensor& canvas, std::int64_t row) const {
    return prediction(logits).draw_posterior(
        *transition_, canvas, plan_[static_cast<std::size_t>(row)], noise(), kKey);
  }

  Size size_;
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser_;
  std::unique_ptr<const diffusion::Transition> transition_;
  std::vector<diffusion::TimeStep> plan_;
  nn::Condition condition_{};
  at::Tensor canvas_{};  // [B, N]
  std::unique_ptr<diffusion::PreparedDenoiser> prepared_{};
  at::Tensor logits_{};  // of the timed step, [2 B, N, K]
};

struct Settings {
  bench::Effort effort{.warm_up = 1, .repeats = 9};
  std::int64_t batch = 64, tokens = 4096, codes = 16384, steps = 100, dense = 4096;  // largest
  int threads = 1;
  std::string out{};
  bool json = false;
};

std::vector<std::int64_t> doublings(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all;
  for (std::int64_t x = from; x <= to; x *= 2) all.push_back(x);
  return all;
}

/// With all that a new prompt and plan need.
Work step_of(const std::shared_ptr<Drawing>& drawing, std::int64_t at) {
  return {"guided step", at, [drawing] {
            drawing->prepare();
            drawing->step();
          }};
}

std::vector<Curve> along_batch(const Settings& settings) {
  std::vector<Work> works;
  for (const std::int64_t batch : doublings(1, settings.batch)) {
    works.push_back(step_of(std::make_shared<Drawing>(Size{.batch = batch}), batch));
  }
  return bench::measure("batch", works, settings.effort);
}

std::vector<Curve> along_tokens(const Settings& settings) {
  std::vector<Work> works;
  for (const std::int64_t tokens : doublings(64, settings.tokens)) {
    const auto drawing = std::make_shared<Drawing>(Size{.tokens = tokens});
    works.push_back(step_of(drawing, tokens));
    works.push_back({"its attention", tokens, [drawing] { drawing->attention(); }});
  }
  return bench::measure("tokens", works, settings.effort);
}

std::vector<Curve> along_codes(const Settings& settings, bench::Report& report) {
  std::vector<Work> works;
  for (const std::int64_t codes : doublings(512, settings.codes)) {
    const auto drawing = std::make_shared<Drawing>(Size{.tokens = 256, .codes = codes});
    works.push_back(step_of(drawing, codes));
    works.push_back({"draw, fused", codes, [drawing] { drawing->draw(); }});
    if (codes > settings.dense) continue;
    const auto all = drawing->matrices();
    report.check_at_most(
        concat("codes that the dense matrices draw otherwise, K = ", codes),
        drawing->fused()
            .ne(drawing->dense(all[0], all[1], all[2]))
            .to(at::kDouble)
            .mean()
            .item<double>(),
        0.01);  // float32 against sums in float64: a uniform number may lie between the two
    works.push_back({"draw, dense matrices", codes, [drawing, all] {
                       drawing->dense(all[0], all[1], all[2]);
                     }});
  }
  return bench::measure("codes", works, settings.effort);
}

std::vector<Curve> along_steps(const Settings& settings) {
  std::vector<Work> works;
  for (const std::int64_t steps : {1, 2, 5, 10, 20, 50, 100}) {
    if (steps > settings.steps) break;
    const auto drawing = std::make_shared<Drawing>(Size{.steps = steps});
    works.push_back({"generation", steps, [drawing] { drawing->generate(); }});
  }
  return bench::measure("steps", works, settings.effort);
}

/// A picture's step must not know of the others'.
void check_batch(bench::Report& report) {
  const at::Tensor alone = Drawing({.batch = 1}).fused();
  const at::Tensor first = Drawing({.batch = 4}).fused().narrow(0, 0, 1);
  report.check_at_most("codes of a picture that its batch changes",
                       alone.ne(first).to(at::kDouble).sum().item<double>(),
                       0);
}

/// Where the system tells memory at all.
void check_memory(bench::Report& report) {
  constexpr std::int64_t kMib = 64;
  const double told = bench::memory_mib_of([] { at::ones({kMib << 20}, at::kByte); });
  if (std::isfinite(told)) {
    report.check_at_most(
        "MiB that the memory of a block of 64 is mistaken by", std::abs(told - kMib), 2);
  }
}

int run(const Settings& settings) {
  const at::NoGradGuard no_grad;
  nn::set_threads(settings.threads);
  bench::Report report;
  report.facts = bench::machine_facts();
  report.facts["threads"] = at::get_num_threads();
  check_batch(report);
  check_memory(report);
  std::vector<Curve> curves = along_batch(settings);
  for (const auto& more :
       {along_tokens(settings), along_codes(settings, report), along_steps(settings)}) {
    curves.insert(curves.end(), more.begin(), more.end());
  }
  if (settings.json) {
    report.facts["curves"] = bench::to_json(curves);
    report.print(std::cout, true);
  } else {
    for (const std::string& failure : report.failures) std::cout << "WRONG: " << failure << "\n";
    bench::print(curves, std::cout);
  }
  if (!settings.out.empty()) {
    std::ofstream file(settings.out);
    bench::print(curves, file);
    TESSERA_CHECK(file.flush().good(), kIo, settings.out, ": cannot be written");
  }
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("How time and memory grow with batch, tokens, codes and steps.", "growth_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--batch", settings.batch, "largest")->check(CLI::PositiveNumber);
  app.add_option("--tokens", settings.tokens, "largest")->check(CLI::Range(64, 65536));
  app.add_option("--codes", settings.codes, "largest")->check(CLI::Range(512, 65536));
  app.add_option("--dense", settings.dense, "most codes that the dense matrices are tried on");
  app.add_option("--steps", settings.steps, "most")->check(CLI::Range(1, 100));
  app.add_option("--repeats", settings.effort.repeats)->check(CLI::PositiveNumber);
  app.add_option("--threads", settings.threads, "0 = one a physical core");
  app.add_option("--out", settings.out, "file for the tables, which bench/growth/plot.gp draws");
  app.add_flag("--json", settings.json, "one JSON object instead of tables");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::cerr << "growth_bench: " << error.what() << "\n";
    return 1;
  }
}
