// Whole runs on recorded noise, through the library's own loop: every canvas must be the recorded
// one, and the picture that comes out too.

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/samplers/revealing.h"
#include "tests/golden/conformance.h"
#include "tests/golden/recorded_chain.h"
#include "tests/golden/recorded_model.h"
#include "tests/golden/replay.h"

namespace tessera::golden {
namespace {

using diffusion::TimeStep;

double number_or(const Recorded& in, const std::string& name, double otherwise) {
  return in.has(name) ? in[name].item<double>() : otherwise;
}

/// "trajectory-main-guided" -> "main".
std::string set_of(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t begin = stem.find('-') + 1;
  return stem.substr(begin, stem.find('-', begin) - begin);
}

struct Compared {
  std::string what{};
  double truncation = 1.0;
  double tolerance = 0.0;
};

/// log p(x_0 | x_t), guided and truncated. At a rate of 1 theirs still cuts what lies behind a
/// rounded sum of 1, where ours cuts nothing: there the probabilities alone are compared.
void compare_predictions(const Compared& of,
                         const at::Tensor& log_x0,
                         const at::Tensor& want,
                         Report& report) {
  const at::Tensor own =
      of.truncation < 1.0 ? floored(log_x0) : log_x0.masked_fill(want <= kFloor, kFloor);
  report.close(of.what, own, want, of.tolerance);
  report.close(of.what + ", probabilities", log_x0.exp(), want.exp(), of.tolerance);
}

// diffusers-expected/trajectory-*

RecordedRun diffusers_run(const Recorded& in, const Recorded& noise, const pipeline::Parts& model) {
  const auto encode = [&](const char* ids) { return model.text_encoder->encode(noise[ids]); };
  RecordedRun run{.wanted = encode("input_ids"),
                  .guidance = number_or(in, "guidance_scale", 1.0),
                  .truncation = number_or(in, "truncation_rate", 1.0),
                  .sampler = diffusion::make_discrete_sampler("ancestral"),
                  .tokens = in["tokens"]};
  const std::int64_t batch = run.tokens.size(1);
  const std::int64_t tokens = run.tokens.size(2);
  if (run.guidance != 1.0) {
    run.unwanted =
        null_or(*model.denoiser,
                batch,
                noise.has("null_input_ids") ? encode("null_input_ids") : nn::Condition{});
  }
  run.start = in.has("start_tokens")
                  ? in["start_tokens"]
                  : at::full({batch, tokens}, *model.transition->mask_state(), at::kLong);
  run.plan =
      run.sampler->plan(*model.transition, {.steps = model.transition->steps(), .tokens = tokens});
  const at::Tensor uniform = noise["uniform"];
  const at::Tensor last = noise["uniform_last"];
  run.uniform = [uniform, last](std::size_t call) {
    const auto i = static_cast<std::int64_t>(call);
    return (i < uniform.size(0) ? uniform[i] : last).transpose(1, 2);
  };
  return run;
}

void check_trajectory(const Recorded& in,
                      const Recorded& noise,
                      const pipeline::Parts& model,
                      Report& report) {
  const RecordedRun run = diffusers_run(in, noise, model);
  // The manifest's tolerance is a network's; guidance makes g w + (1 - g) u of two answers.
  const double tolerance = in.tolerance * (run.guidance + std::abs(1.0 - run.guidance));
  const auto check = [&](std::size_t call, const at::Tensor& log_x0) {
    const std::string what = concat("log_p_x0_t", run.plan[call].from - 1);
    if (!in.has(what)) return;
    const at::Tensor want = codes_of(in[what], model.transition->codes());
    compare_predictions({what, run.truncation, tolerance}, log_x0, want, report);
  };
  const at::Tensor canvas = replay(model, run, check, report);
  const at::Tensor image =
      (decode_canvas(model, canvas) / 2 + 0.5).clamp(0.0, 1.0).permute({0, 2, 3, 1});
  if (in.has("image")) report.close("image", image, in["image"], in.tolerance);
  report.check("image_uint8", rounds_to(image * 255.0, in["image_uint8"], 255.0 * in.tolerance));
}

void run_trajectory(const Recorded& in, Report& report) {
  const std::string name = set_of(in.path());
  const auto folder = std::filesystem::path(in.file).parent_path();
  const Recorded noise{.root = in.root,
                       .file = (folder / ("trajectory-" + name + "-noise.safetensors")).string()};
  for (const pipeline::Parts& model : open_diffusers_models(in.root, name)) {
    check_trajectory(in, noise, model, report);
  }
}

// microsoft-tiny/*/expected-sampling-*

/// The sampler with the places that a recording chose in place of its own draw.
class ReplayedPlaces final : public diffusion::DiscreteSampler {
 public:
  ReplayedPlaces(const Recorded& in, const diffusion::RevealOptions& options)
      : by_purity_(in["prior_rule"].item<std::int64_t>() == 2),
        weight_(options.prior_weight),
        chosen_(in["chosen"]),
        rows_(in["chosen_per_call"]),
        own_(by_purity_ ? diffusion::make_purity_sampler(options)
                        : diffusion::make_random_order_sampler(options)) {}

  std::string_view name() const override { return own_->name(); }
  std::vector<TimeStep> plan(const diffusion::Transition& transition,
                             const diffusion::PlanRequest& request) const override {
    return own_->plan(transition, request);
  }
  at::Tensor step(const diffusion::Transition& transition,
                  const diffusion::SamplerInput& in,
                  const nn::Noise& noise) const override {
    if (!in.time.reveal) return own_->step(transition, in, noise);
    const at::Tensor power =
        by_purity_ ? diffusion::power_of(diffusion::purity(in.log_x0), weight_) : at::Tensor();
    return diffusion::show_places(
        in.x_t, in.log_x0, power, places(in.time.index, in.x_t), noise, in.time.index);
  }

 private:
  /// [B, N] bool: one recorded row a picture, positions, -1 where it chose fewer.
  at::Tensor places(std::int64_t call, const at::Tensor& x_t) const {
    const auto first = rows_.narrow(0, 0, call).sum().item<std::int64_t>();
    const at::Tensor rows = chosen_.narrow(0, first, rows_[call].item<std::int64_t>());
    const at::Tensor spare = at::where(rows < 0, x_t.size(1), rows);
    return at::zeros({x_t.size(0), x_t.size(1) + 1}, at::kBool)
        .scatter(1, spare, true)
        .narrow(1, 0, x_t.size(1));
  }

  bool by_purity_;
  double weight_;
  at::Tensor chosen_;  // [rows of all calls, most places]
  at::Tensor rows_;    // [calls]
  std::unique_ptr<const diffusion::DiscreteSampler> own_;
};

std::shared_ptr<const diffusion::DiscreteSampler> sampler_of(const Recorded& in) {
  if (number_or(in, "prior_rule", 0.0) == 0.0) return diffusion::make_discrete_sampler("ancestral");
  // Theirs by time index; the last stride, index 0, is drawn by the chain.
  const at::Tensor reveals = in["n_sample"].flip(0).slice(0, 0, -1).contiguous();
  const auto* numbers = reveals.const_data_ptr<std::int64_t>();
  return std::make_shared<ReplayedPlaces>(
      in,
      diffusion::RevealOptions{.prior_weight = number_or(in, "prior_weight", 0.0),
                               .tokens_a_call = in["prior_ps"].item<std::int64_t>(),
                               .reveals = {numbers, numbers + reveals.size(0)}});
}

/// The recorded features that the run was given: rows for the pictures, and the null.
struct Given {
  nn::Condition wanted{};
  nn::Condition null{};
};

Given given_to(const Recorded& in, std::int64_t batch) {
  if (in.has("labels")) return {.wanted = {.labels = in["labels"]}};
  const auto beside = [&](const char* file) {
    return Recorded{.root = in.root,
                    .file = (std::filesystem::path(in.file).parent_path() / file).string()};
  };
  const Recorded given = beside("features.safetensors");
  if (std::filesystem::exists(given.path())) {
    return {.wanted = {.tokens = given["features"].index_select(0, at::arange(0, 2 * batch, 2))}};
  }
  // The last row is the empty prompt.
  const at::Tensor features = beside("expected-text.safetensors")["features_float16_run"];
  return {.wanted = {.tokens = features.narrow(0, 0, batch)},
          .null = {.tokens = features.narrow(0, features.size(0) - 1, 1).repeat({batch, 1, 1})}};
}

RecordedRun microsoft_run(const Recorded& in, const pipeline::Parts& model) {
  RecordedRun run{.guidance = number_or(in, "guidance_scale", 1.0),
                  .truncation = number_or(in, "truncation_rate", 1.0),
                  .sampler = sampler_of(in),
                  .tokens = in["tokens"]};
  const std::int64_t batch = run.tokens.size(1);
  const std::int64_t tokens = run.tokens.size(2);
  const std::int64_t steps = model.transition->steps();
  const Given given = given_to(in, batch);
  run.wanted = given.wanted;
  if (run.guidance != 1.0) run.unwanted = null_or(*model.denoiser, batch, given.null);
  run.plan = run.sampler->plan(*model.transition, {.steps = steps, .tokens = tokens});
  run.start = at::full({batch, tokens}, *model.transition->mask_state(), at::kLong);
  if (in.has("start_x0")) {
    run.plan = pipeline::last_share(run.plan, steps, 0.5);
    const at::Tensor t = at::full({batch}, run.plan.front().from, at::kLong);
    run.start = diffusion::draw_categorical(
        model.transition->log_q(in["start_x0"], at::zeros_like(t), t).to(at::kFloat),
        recorded_noise(in["uniform_start"].transpose(1, 2)),
        {});
  }
  const at::Tensor uniform = in["uniform"];
  run.uniform = [uniform](std::size_t call) {
    return uniform[static_cast<std::int64_t>(call)].transpose(1, 2);
  };
  return run;
}

void run_sampling(const Recorded& in, Report& report) {
  const pipeline::Parts model = open_microsoft_model(in.folder());
  const RecordedRun run = microsoft_run(in, model);
  const std::int64_t codes = model.transition->codes();
  const auto middle = in["middle_call"].item<std::int64_t>();
  const auto check = [&](std::size_t call, const at::Tensor& log_x0) {
    const auto index = in["t"][static_cast<std::int64_t>(call)].item<std::int64_t>();
    report.check(concat("time of call ", call + 1), run.plan[call].from == index + 1);
    const bool is_middle = static_cast<std::int64_t>(call) == middle;
    if (call > 0 && !is_middle) return;
    const std::string prefix = is_middle ? "middle" : "first";
    const at::Tensor want = codes_of(in[prefix + "_log_x0"], codes);
    compare_predictions({prefix + "_log_x0", run.truncation, in.tolerance}, log_x0, want, report);
    const at::Tensor x_t = call == 0 ? run.start : run.tokens[middle - 1];
    const at::Tensor t = at::full({x_t.size(0)}, index + 1, at::kLong);
    report.close(prefix + "_log_posterior, probabilities",
                 model.transition->log_posterior(log_x0, x_t, t, t - 1).exp(),
                 in[prefix + "_log_posterior"].transpose(1, 2).exp(),
                 0.5 * in.tolerance);
  };
  const at::Tensor canvas = replay(model, run, check, report);
  if (in.has("final_tokens")) report.equal("final_tokens", canvas, in["final_tokens"]);
  if (in.has("content_0_255")) {
    const at::Tensor picture = (decode_canvas(model, canvas).clamp(-1.0, 1.0) + 1.0) * 127.5;
    report.close("content_0_255", picture, in["content_0_255"], in.tolerance);
  }
}

constexpr Case kSamplingCases[] = {
    {"diffusers-expected/trajectory-*-noise.safetensors", nullptr},
    {"diffusers-expected/trajectory-*.safetensors", run_trajectory},
    {"microsoft-tiny/*/expected-sampling-*.safetensors", run_sampling}};

}  // namespace

std::span<const Case> sampling_cases() {
  return kSamplingCases;
}

}  // namespace tessera::golden
