#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/prediction.h"
#include "lab/draws.h"
#include "lab/experiments/pictures.h"
#include "lab/pictures.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr std::int64_t kRecognisedNoiseSide = 16;

struct RecognisedNoiseOptions {
  std::int64_t pictures = 320;
  std::uint64_t seed = 13;
};
template <typename Visitor>
void visit_fields(Visitor& v, RecognisedNoiseOptions& o) {
  v("pictures", o.pictures, "scenes");
  v("seed", o.seed, "seed of their noise");
}

struct Scenes {
  at::Tensor pictures{};  // [n, 3, 16, 16]
  at::Tensor values{};    // eigenvalues of their covariance
  std::shared_ptr<GaussianDenoiser> network{};
};

/// The best linear network for these scenes: that of a Gaussian of the same mean and covariance.
Scenes open_scenes(const RecognisedNoiseOptions& options,
                   const Run& context,
                   const GaussianSchedule& schedule) {
  Scenes out{.pictures = scene_pictures(
                 context.atlas, options.pictures, kRecognisedNoiseSide, SceneChoice::kAny)};
  const at::Tensor flat = out.pictures.flatten(1);
  const at::Tensor mean = flat.mean(0);
  const at::Tensor off = flat - mean;
  const at::Tensor covariance = off.t().matmul(off) / static_cast<double>(options.pictures);
  out.values = at::linalg_eigvalsh(covariance).clamp_min(0);
  out.network = make_gaussian_data_denoiser(schedule, {.mean = mean, .covariance = covariance}, {});
  return out;
}

Findings run(const RecognisedNoiseOptions& options, const Run& context) {
  Findings findings;
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const Scenes scenes = open_scenes(options, context, schedule);
  std::vector<double> times, measured, exact;
  std::vector<at::Tensor> rows;
  std::vector<std::string> names;
  for (const std::int64_t t : {5, 20, 50, 150, 300, 500, 700, 900}) {
    const at::Tensor noise = draw_normal(
        {.seed = options.seed, .number = static_cast<std::uint32_t>(t)}, scenes.pictures.sizes());
    const at::Tensor time = at::full({options.pictures}, t, at::kLong);
    const at::Tensor x_t = process.q_sample(scenes.pictures, time, noise);
    const at::Tensor said = scenes.network->forward(x_t, time, {});
    const GaussianLoss loss = gaussian_loss(
        process, {.x0 = scenes.pictures, .noise = noise, .t = time, .answer = said}, {}, {});
    const double a = schedule.alpha_bar[static_cast<std::size_t>(t)];
    const double best = (a * scenes.values / (a * scenes.values + 1 - a)).mean().item<double>();
    times.push_back(static_cast<double>(t));
    measured.push_back(loss.squared_error.mean().item<double>());
    exact.push_back(best);
    if (t == 20 || t == 150 || t == 500 || t == 900) {
      findings.near(
          concat("t=", t, ": E (ε - ε̂)^2 over the scenes"), mean_of(loss.squared_error), best);
      const at::Tensor x0 = convert_prediction(process,
                                               said,
                                               GaussianPrediction::kNoise,
                                               GaussianPrediction::kData,
                                               {.x_t = x_t, .t = time});
      constexpr std::int64_t kShown = 6;
      const double scale = 0.4;  // three deviations fit between black and white
      for (const at::Tensor& picture : {x_t[kShown],
                                        noise[kShown] * scale,
                                        said[kShown] * scale,
                                        (noise - said)[kShown] * scale,
                                        x0[kShown],
                                        scenes.pictures[kShown]}) {
        rows.push_back(picture);
      }
      names.push_back(concat("t=", t));
    }
  }
  Panel panels = sheet_panel(at::stack(rows),
                             {.columns = 6, .enlarge = 3},
                             {"x_t", "ε", "ε̂", "ε - ε̂", "x̂_0", "x_0"},
                             names);
  Panel curve{.title = "error of the noise estimate",
              .x = {.label = "step t", .from = 0, .to = 1000},
              .y = {.label = "mean (ε - ε̂)^2", .from = 0, .to = 1}};
  curve.layers.emplace_back(
      Curve{.label = "exact, from the scenes' covariance", .x = times, .y = exact});
  curve.layers.emplace_back(
      Curve{.label = "measured", .x = times, .y = measured, .stroke = Stroke::kPoints});
  findings.figure = {.title = "The network recognises the noise, not the picture", .columns = 2};
  findings.figure.panels = {panels, curve};
  return findings;
}

}  // namespace

Experiment recognised_noise() {
  return make_experiment<RecognisedNoiseOptions>(
      {.name = "recognised-noise",
       .topic = "On pictures",
       .title = "Much noise is easy to recognise as noise; a little noise looks like the picture.",
       .text = "x_t, the noise in it, what the network takes for noise, and the difference. The "
               "network "
               "is the best linear one for these scenes, so its error is the sum of "
               "ᾱλ/(ᾱλ+1-ᾱ) over the eigenvalues λ of their covariance. At t = 900 nearly all of "
               "x_t is noise and ε̂ is almost perfect, though x̂_0 is only a blur; at t = 20 the "
               "picture is all but given, and what noise there is cannot be told from detail.",
       .shows = {"the network recognises the noise", "error of ε̂ against t"}},
      run);
}

}  // namespace tessera::lab
