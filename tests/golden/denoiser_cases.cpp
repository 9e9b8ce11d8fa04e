// What recorded networks answer, and what the chain makes of it. The original counts times from 0,
// the number of steps taken less one; ours are one more. Its classes are the second axis.

#include <limits>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/guidance.h"
#include "diffusion/discrete/rate_table.h"
#include "diffusion/discrete/sampler.h"
#include "tests/golden/conformance.h"
#include "tests/golden/recorded_denoiser.h"
#include "tests/golden/replay.h"
#include "tests/golden/training_case.h"
#include "train/time_sampler.h"

namespace tessera::golden {
namespace fs = std::filesystem;
namespace {

/// Probabilities of recorded posteriors: the float32 code in logarithms is up to 3e-6 off.
constexpr double kPosterior = 5e-6;

/// [B, N, C] as recorded, [B, C, N].
at::Tensor recorded_axes(const at::Tensor& x) {
  return x.transpose(1, 2);
}

at::Tensor without_mask_row(const at::Tensor& recorded) {
  return recorded.narrow(1, 0, recorded.size(1) - 1);
}

/// log p(x_0 | x_t) by both paths, which must agree; the recorded axes.
at::Tensor answer(const RecordedDenoiser& denoiser,
                  const at::Tensor& x_t,
                  const at::Tensor& t,
                  const nn::Condition& condition,
                  Report& report) {
  const at::Tensor log_x0 = denoiser.network->forward(x_t, t, condition).log_softmax(-1);
  auto prepared = denoiser.network->make_prepared();
  prepared->prepare(condition);
  std::vector<std::int64_t> times;
  for (std::int64_t i = 0; i < t.size(0); ++i) times.push_back(t[i].item<std::int64_t>());
  prepared->prepare(times);
  for (std::int64_t i = 0; i < t.size(0); ++i) {
    report.close("prepared", prepared->step(x_t, i)[i].log_softmax(-1), log_x0[i], 1e-5);
  }
  return recorded_axes(log_x0);
}

void run_diffusers_denoiser(const fs::path& model, const Recorded& recorded, Report& report) {
  const RecordedDenoiser denoiser = open_diffusers_denoiser(model);
  const at::Tensor x_t = recorded["x_t"];
  const std::int64_t batch = x_t.size(0);
  const nn::Condition text{.tokens = recorded["encoder_hidden_states"]};
  const nn::Condition null = denoiser.network->null_condition(batch);
  report.close("null embedding", null.tokens[0], recorded["null_hidden_states"], 0);
  const double guidance = recorded["guidance_scale"].item<double>();
  const double rate = recorded["truncation_rate"].item<double>();
  for (std::int64_t i = 0; i < recorded["timesteps"].size(0); ++i) {
    const auto index = recorded["timesteps"][i].item<std::int64_t>();
    const std::string name = concat("t", index, ".");
    const at::Tensor t = at::full({batch}, index + 1, at::kLong);
    const at::Tensor wanted = answer(denoiser, x_t, t, text, report);
    report.close(name + "log_p_x0", wanted, recorded[name + "log_p_x0"], recorded.tolerance);
    if (!recorded.has(name + "log_p_x0_null")) continue;
    const at::Tensor unwanted = answer(denoiser, x_t, t, null, report);
    report.close(
        name + "log_p_x0_null", unwanted, recorded[name + "log_p_x0_null"], recorded.tolerance);
    const at::Tensor guided =
        diffusion::guide(recorded_axes(wanted), recorded_axes(unwanted), guidance);
    report.close(name + "log_p_x0_guided",
                 recorded_axes(guided),
                 recorded[name + "log_p_x0_guided"],
                 recorded.tolerance);
    const at::Tensor kept = recorded_axes(diffusion::truncate(guided, {.rate = rate}));
    report.equal(
        name + "guided_truncated_keep", kept.isfinite(), recorded[name + "guided_truncated_keep"]);
    report.close(name + "guided_truncated",
                 kept.clamp_min(kFloor),
                 recorded[name + "guided_truncated"].clamp_min(kFloor),
                 recorded.tolerance);
  }
}

/// Both layouts of the same weights: safetensors, and the pickles of the real release.
void denoiser_of_diffusers(const Recorded& recorded, Report& report) {
  for (const char* model : {"diffusers-tiny", "diffusers-tiny-bin"}) {
    if (fs::exists(recorded.root / model)) {
      run_diffusers_denoiser(recorded.root / model, recorded, report);
    }
  }
}

nn::Condition condition_of(const Recorded& recorded, const RecordedDenoiser& denoiser) {
  if (denoiser.options.condition == "class") return {.labels = recorded["labels"]};
  if (denoiser.options.condition == "none") return {};
  return recorded_text_of_inference(recorded.folder(), recorded["x_t"].size(0));
}

/// The model's own null condition; the recorded states of the empty text, the last, where it has
/// none.
nn::Condition null_of(const Recorded& recorded, const RecordedDenoiser& denoiser) {
  const std::int64_t batch = recorded["x_t"].size(0);
  const nn::Condition own = denoiser.network->null_condition(batch);
  if (own.defined()) return own;
  const at::Tensor texts = recorded_text_of_inference(recorded.folder(), batch).tokens;
  return {.tokens = texts.slice(0, batch - 1).expand_as(texts)};
}

/// The arrays that checkpoints carry, in logarithms: of one step, and from the data on with the
/// identity behind the last.
void check_schedule(const Recorded& recorded, const RecordedDenoiser& denoiser, Report& report) {
  const diffusion::RateTable* table = denoiser.chain->rates();
  TESSERA_CHECK(table != nullptr, kInternal, "the chain has no rates");
  const std::int64_t steps = denoiser.chain->steps();
  const auto codes = static_cast<double>(denoiser.options.codes);
  const at::Tensor index = at::arange(steps, at::kLong);
  const at::Tensor total = at::cat({index + 1, at::zeros({1}, at::kLong)});
  const auto compare = [&](const std::string& name, const diffusion::RateRows& rates) {
    const auto close = [&](const std::string& full, const at::Tensor& rate) {
      report.close(full, rate.squeeze(1).log(), recorded[full], recorded.tolerance);
    };
    close("log_" + name + "at", rates.keep);
    close("log_" + name + "bt", rates.replace / codes);
    close("log_" + name + "ct", rates.mask);
    // Their smallest number is 1e-40; as a logarithm of float32 what is left of a nearly certain
    // mask is a difference of nearly equal numbers, so it is compared as a probability.
    report.close("exp log_1_min_" + name + "ct",
                 1.0 - rates.mask.squeeze(1),
                 recorded["log_1_min_" + name + "ct"].exp(),
                 1e-6);
  };
  compare("", table->between(index, index + 1));
  compare("cumprod_", table->between(at::zeros_like(total), total));
}

/// log q(x_{t+1} | x_t), as recorded from codes that are seen. What the original computes of a mask
/// is no chain's: it gives masks the rate of replacement as well. Its answer that a mask stays is
/// looked at alone.
void check_one_step(const Recorded& recorded, const RecordedDenoiser& denoiser, Report& report) {
  const at::Tensor x_t = recorded["x_t"];
  const at::Tensor t = recorded["t"];
  const at::Tensor expected = recorded_axes(recorded["q_pred_one_timestep_xt"]).exp();
  const at::Tensor found = denoiser.chain->log_q(x_t, t, t + 1).exp();
  const at::Tensor masked = x_t.eq(denoiser.options.codes);
  const at::Tensor both = at::where(masked.unsqueeze(-1), expected, found);
  report.close("q_pred_one_timestep_xt", both, expected, kPosterior);
  report.close("a mask stays",
               found.select(-1, denoiser.options.codes).masked_select(masked),
               expected.select(-1, denoiser.options.codes).masked_select(masked),
               kPosterior);
}

void check_chain(const Recorded& recorded,
                 const RecordedDenoiser& denoiser,
                 const at::Tensor& log_x0,
                 Report& report) {
  const at::Tensor x_t = recorded["x_t"];
  const at::Tensor x0 = recorded["x0"];
  const at::Tensor t = recorded["t"] + 1;
  const auto close = [&](const std::string& name, const at::Tensor& log_p) {
    report.close(name, recorded_axes(log_p).exp(), recorded[name].exp(), kPosterior);
  };
  close("q_pred_x0", denoiser.chain->log_q(x0, at::zeros_like(t), t));
  close("q_posterior_model", denoiser.chain->log_posterior(log_x0, x_t, t, t - 1));
  close("q_posterior_true", denoiser.chain->log_true_posterior(x0, x_t, t, t - 1));
  check_one_step(recorded, denoiser, report);
  // Of the first picture's first tokens, one prediction at every time.
  const at::Tensor expected = recorded["all_t.q_posterior_model"];
  const std::int64_t steps = expected.size(0);
  const auto first = [&](const at::Tensor& x) {
    const at::Tensor tokens = x[0].narrow(0, 0, expected.size(2)).unsqueeze(0);
    std::vector<std::int64_t> shape(static_cast<std::size_t>(tokens.dim()), -1);
    shape[0] = steps;
    return tokens.expand(shape);
  };
  const at::Tensor all = at::arange(1, steps + 1, at::kLong);
  report.close(
      "all_t.q_posterior_model",
      recorded_axes(denoiser.chain->log_posterior(first(log_x0), first(x_t), all, all - 1)).exp(),
      expected.exp(),
      kPosterior);
}

/// p(t) from a history of losses, once every time has been met often enough.
void check_importance(const Recorded& recorded, Report& report) {
  const at::Tensor history = recorded["importance.Lt_history"];
  train::TimeSampler sampler("importance", history.size(0));
  sampler.state().at("history").copy_(history);
  sampler.state().at("count").fill_(11);
  report.close("importance.pt",
               sampler.probabilities().index_select(0, recorded["importance.t"]),
               recorded["importance.pt"],
               recorded.tolerance);
}

void denoiser_of_microsoft(const Recorded& recorded, Report& report) {
  const RecordedDenoiser denoiser = open_microsoft_denoiser(recorded.folder(), Weights::kEffective);
  const at::Tensor x_t = recorded["x_t"];
  const at::Tensor t = recorded["t"] + 1;
  const at::Tensor expected = without_mask_row(recorded["predict_start"]);
  const at::Tensor found = answer(denoiser, x_t, t, condition_of(recorded, denoiser), report);
  report.close("predict_start", found.clamp_min(kFloor), expected, recorded.tolerance);
  if (recorded.has("predict_start_null")) {
    report.close("predict_start_null",
                 answer(denoiser, x_t, t, null_of(recorded, denoiser), report).clamp_min(kFloor),
                 without_mask_row(recorded["predict_start_null"]),
                 recorded.tolerance);
  }
  check_schedule(recorded, denoiser, report);
  check_chain(recorded, denoiser, recorded_axes(found), report);
  check_importance(recorded, report);
}

constexpr Case kDenoiserCases[] = {
    {"diffusers-expected/transformer.safetensors", denoiser_of_diffusers},
    {"microsoft-*/expected-diffusion.safetensors", denoiser_of_microsoft},
    {"microsoft-*/expected-training.safetensors", run_training},
    {"microsoft-*/checkpoint.pth"},
    {"microsoft-*/config.yaml"},
    {"microsoft-*/features.safetensors"},
};

}  // namespace

std::span<const Case> denoiser_cases() {
  return kDenoiserCases;
}

}  // namespace tessera::golden
