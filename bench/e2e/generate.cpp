// Times what a user waits for: one denoising step, the decoder, and whole pictures, for a model
// folder. The results are checked before anything is timed; the exit status is 1 where a check
// fails.

#include <iostream>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>

#include "bench/report.h"
#include "core/error.h"
#include "diffusion/time_step.h"
#include "nn/device.h"
#include "pipeline/parts.h"

namespace {

using namespace tessera;

struct Settings {
  std::string model = "models/default";
  std::string prompt = "a red apple on a blue background";
  std::vector<std::int64_t> batches{1, 8};
  SampleOptions sampling{};
  bench::Effort effort{};
  int threads = 0;
  bool json = false;
};

/// The networks of the pipeline, shared with it, for the step that is timed by itself.
struct Networks {
  std::shared_ptr<vqvae::VqVaeImpl> codec{};
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser{};
  std::shared_ptr<text::TextEncoder> text_encoder{};
  std::int64_t states = 0;  // of a code, the mask included
  std::int64_t chain_steps = 0;
};

/// The network's part of a step for `batch` pictures, as the pipeline calls it: with guidance both
/// halves are one batch.
struct StepCase {
  nn::Condition condition{};
  at::Tensor canvas{};  // [rows, N]
  std::vector<std::int64_t> times{};
};

StepCase make_step_case(const Networks& networks,
                        const text::Tokens& prompts,
                        const SampleOptions& sampling) {
  const std::int64_t batch = prompts.rows();
  const std::int64_t grid = networks.codec->options().grid();
  const at::Tensor ids = at::tensor(prompts.ids, at::kLong).view({batch, prompts.length});
  StepCase made{.condition = networks.text_encoder->encode(ids)};
  if (sampling.guidance != 1.0) {
    const nn::Condition null = networks.denoiser->null_condition(batch);
    made.condition = {.tokens = at::cat({null.tokens, made.condition.tokens}),
                      .mask = at::cat({null.mask, made.condition.mask})};
  }
  const at::Tensor uniform =
      nn::Rng::of_run(0, 0, batch).uniform(Purpose::kPrior, 0, {grid * grid});
  made.canvas = (uniform * static_cast<double>(networks.states)).floor().to(at::kLong);
  for (const auto& time :
       diffusion::even_plan({.trained = networks.chain_steps, .wanted = sampling.steps})) {
    made.times.push_back(time.from);
  }
  return made;
}

/// Largest difference of the prepared path and the plain one, over the first, middle and last step.
double prepared_minus_forward(diffusion::DiscreteDenoiser& denoiser,
                              diffusion::PreparedDenoiser& prepared,
                              const StepCase& step) {
  double largest = 0;
  const std::int64_t prompts = step.condition.tokens.size(0);
  const at::Tensor canvases = step.canvas.repeat({prompts / step.canvas.size(0), 1});
  for (const std::size_t row : {std::size_t{0}, step.times.size() / 2, step.times.size() - 1}) {
    const at::Tensor t = at::full({prompts}, step.times[row], at::kLong);
    const at::Tensor plain = denoiser.forward(canvases, t, step.condition);
    const at::Tensor fast = prepared.step(step.canvas, static_cast<std::int64_t>(row));
    largest = std::max(largest, (plain - fast).abs().max().item<double>());
  }
  return largest;
}

void run_batch(std::int64_t batch,
               const Settings& settings,
               const Networks& networks,
               const pipeline::Pipeline& pipeline,
               bench::Report& report) {
  const std::vector<std::string> prompts(static_cast<std::size_t>(batch), settings.prompt);
  const std::vector<std::string> none(prompts.size());
  const auto& tokenizer = pipeline.table_tokenizer();
  const text::Tokens wanted = tokenizer.encode(prompts, pipeline.facts().text_length);
  const text::Tokens unwanted = tokenizer.encode(none, pipeline.facts().text_length);
  std::vector<std::uint64_t> seeds;
  for (std::int64_t k = 0; k < batch; ++k) seeds.push_back(static_cast<std::uint64_t>(k));
  const nn::Noise noise{.rng = nn::Rng::of_seeds(seeds)};
  const auto draw = [&] {
    return pipeline.sample(wanted, unwanted, settings.sampling, {}, noise, {}, {});
  };
  const auto named = [&](const char* name) { return concat(name, ", batch ", batch); };

  const StepCase step = make_step_case(networks, wanted, settings.sampling);
  const auto prepared = networks.denoiser->make_prepared();
  prepared->prepare(step.condition);
  prepared->prepare(step.times);
  report.check_at_most(named("prepared step minus forward"),
                       prepared_minus_forward(*networks.denoiser, *prepared, step),
                       1e-3);
  const pipeline::Sampled first = draw();
  report.check_at_most(named("values that are not finite"),
                       first.images.isfinite().logical_not().sum().item<double>(),
                       0);
  report.check_at_most(named("codes that differ when drawn again"),
                       first.codes.ne(draw().codes).sum().item<double>(),
                       0);

  const std::int64_t grid = pipeline.facts().codec.grid();
  const at::Tensor codes = first.codes.view({batch, grid, grid});
  report.rows.push_back({"denoising step",
                         batch,
                         bench::measure([&] { prepared->step(step.canvas, 0); }, settings.effort)});
  report.rows.push_back(
      {"decode", batch, bench::measure([&] { pipeline.decode(codes); }, settings.effort)});
  report.rows.push_back({"whole picture", batch, bench::measure([&] { draw(); }, settings.effort)});
}

int run(Settings settings) {
  const at::NoGradGuard no_grad;
  nn::set_threads(settings.threads);
  const pipeline::ModelCard card = pipeline::read_model_card(settings.model);
  pipeline::Parts parts = pipeline::load_parts(settings.model, card);
  TESSERA_CHECK(parts.denoiser,
                kInvalidArgument,
                settings.model,
                " is a codec alone; a model that generates is needed");
  const Networks networks{.codec = parts.codec,
                          .denoiser = parts.denoiser,
                          .text_encoder = parts.text_encoder,
                          .states = parts.transition->states(),
                          .chain_steps = parts.transition->steps()};
  const auto pipeline = pipeline::assemble_pipeline(card, std::move(parts), at::kCPU);
  settings.sampling = pipeline->resolve(settings.sampling);

  bench::Report report;
  report.facts = bench::machine_facts();
  report.facts["threads"] = at::get_num_threads();
  report.facts["model"] = card.name;
  report.facts["parameters"] = pipeline->facts().parameters;
  report.facts["picture"] = pipeline->facts().codec.resolution;
  report.facts["sampler"] = settings.sampling.sampler;
  report.facts["steps"] = settings.sampling.steps;
  report.facts["guidance"] = settings.sampling.guidance;
  report.facts["memory_after_load_mib"] = bench::peak_memory_mib();
  for (const std::int64_t batch : settings.batches) {
    run_batch(batch, settings, networks, *pipeline, report);
    report.facts[concat("peak_memory_mib, batch ", batch)] = bench::peak_memory_mib();
  }
  report.print(std::cout, settings.json);
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times one denoising step, the decoder and whole pictures; checks them first.",
               "generate_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--model", settings.model, "model folder");
  app.add_option("--prompt", settings.prompt);
  app.add_option("--batch", settings.batches, "pictures at once")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  app.add_option("--steps", settings.sampling.steps, "0 = the model's own");
  app.add_option("--guidance", settings.sampling.guidance, "negative = the model's own, 1 = off");
  app.add_option("--sampler", settings.sampling.sampler, "empty = the model's own");
  app.add_option("--repeats", settings.effort.repeats)->check(CLI::PositiveNumber);
  app.add_option("--threads", settings.threads, "0 = one a physical core");
  app.add_flag("--json", settings.json, "one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::cerr << "generate_bench: " << error.what() << "\n";
    return 1;
  }
}
