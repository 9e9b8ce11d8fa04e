#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/draws.h"
#include "lab/experiments/reverse.h"
#include "lab/pictures.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct LatePictureOptions {
  std::int64_t pictures = 64;
  std::int64_t chains = 8;
  std::string schedule = "linear";
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(pictures >= 2 && pictures <= 1000,
                  kInvalidArgument,
                  "pictures must be 2 to 1000, got ",
                  pictures);
    TESSERA_CHECK(
        chains >= 2 && chains <= 100, kInvalidArgument, "chains must be 2 to 100, got ", chains);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, LatePictureOptions& o) {
  v("pictures", o.pictures, "scenes that the data consist of");
  v("chains", o.chains, "pictures that are drawn");
  v("schedule", o.schedule, "of the chain, T = 1000");
  v("seed", o.seed, "of the noise");
}

constexpr std::int64_t kLatePictureSide = 16;

struct Chain {
  std::vector<double> times{};
  std::vector<at::Tensor> state{}, estimate{};  // [chains, 3, side, side] each
  at::Tensor last{};
};

Chain sample(const diffusion::GaussianProcess& process,
             const at::Tensor& data,
             const LatePictureOptions& o,
             const Run& run) {
  const auto denoiser = diffusion::make_finite_data_denoiser(process.schedule(), data, {}, {});
  const auto sampler = diffusion::make_gaussian_sampler("ancestral");
  Chain chain;
  diffusion::ChainOptions options{.threshold = {.threshold = "none"}, .stop = run.stop};
  std::uint32_t stream = 1;
  options.normals = [&](const at::Tensor& x, const diffusion::TimeStep& time) {
    if (time.index % 50 == 0) run.report("sample", time.index, time.count);
    return draw_normal({o.seed, stream++}, x.sizes());
  };
  options.on_step = [&](const diffusion::ChainStep& step) {
    if (step.time.from % 20 == 0 || step.time.from == 1) {
      chain.times.push_back(static_cast<double>(step.time.from));
      chain.state.push_back(step.x.clone());
      chain.estimate.push_back(step.estimate.clone());
    }
    return at::Tensor();
  };
  const at::Tensor start =
      draw_normal({o.seed, 0}, {o.chains, 3, kLatePictureSide, kLatePictureSide});
  chain.last = diffusion::run_gaussian_chain({process, *denoiser, *sampler}, start, options, {});
  return chain;
}

/// Peak signal-to-noise ratio in decibels of pictures in [-1, 1].
double psnr(const at::Tensor& a, const at::Tensor& b) {
  return 10 * std::log10(4.0 / std::max((a - b).square().mean().item<double>(), 1e-12));
}

/// The picture of the data nearest to each row, and how far it is.
std::pair<at::Tensor, double> nearest(const at::Tensor& x, const at::Tensor& data) {
  const at::Tensor distances = (x.unsqueeze(1) - data.unsqueeze(0)).square().mean({2, 3, 4});
  const auto [value, index] = distances.min(1);
  return {index, std::sqrt(value.max().item<double>())};
}

Findings run(const LatePictureOptions& options, const Run& context) {
  LatePictureOptions o = options;
  if (context.full()) o.chains *= 4;
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({.kind = o.schedule}));
  const at::Tensor data =
      scene_pictures(context.atlas, o.pictures, kLatePictureSide, SceneChoice::kAny);
  const Chain chain = sample(process, data, o, context);
  const auto [picked, distance] = nearest(chain.last, data);
  Findings findings;
  findings.at_most(
      "distance of a sample to the nearest picture of the data (root mean square)", distance, 0.02);
  const at::Tensor mean = data.mean(0, true);
  findings.equal(
      "x̂_0 at T: largest distance to the mean of the data",
      (chain.estimate.front() - mean).square().mean({1, 2, 3}).max().sqrt().item<double>(),
      0.0,
      0.15);
  Curve of_state{.label = "x_t"}, of_estimate{.label = "x̂_0 from x_t"};
  const auto share = [&](const at::Tensor& x) { return psnr(x, chain.last); };
  for (std::size_t i = 0; i < chain.times.size(); ++i) {
    of_state.x.push_back(chain.times[i]);
    of_estimate.x.push_back(chain.times[i]);
    of_state.y.push_back(std::min(share(chain.state[i]), 60.0));
    of_estimate.y.push_back(std::min(share(chain.estimate[i]), 60.0));
  }
  // x_t - √ᾱ x_0 has variance 1 - ᾱ: its error against x_0 follows from the schedule.
  const ReferenceChain reference(process.schedule().beta);
  for (const double t : {100.0, 500.0}) {
    const auto at = static_cast<std::size_t>(std::find(chain.times.begin(), chain.times.end(), t) -
                                             chain.times.begin());
    const auto time = static_cast<std::int64_t>(t) - 1;  // the state is the one after the step
    const double power = chain.last.square().mean().item<double>();
    const double error =
        reference.lost(time) + std::pow(1 - std::sqrt(reference.kept(time)), 2) * power;
    const auto values = static_cast<double>(chain.last.numel());
    findings.equal(concat("mean squared error of x_", time, " as a picture"),
                   (chain.state[at] - chain.last).square().mean().item<double>(),
                   error,
                   6 * error * std::sqrt(2.0 / values) + 0.02 * error);
  }
  const auto first_above = [](const Curve& curve) {
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      if (curve.y[i] > 20.0) return curve.x[i];
    }
    return 0.0;
  };
  findings.at_least("t at which x̂_0 first reaches 20 dB, earlier than x_t by",
                    first_above(of_estimate) - first_above(of_state),
                    100.0);
  findings.notes.push_back(concat("20 dB are reached at t = ",
                                  first_above(of_estimate),
                                  " by x̂_0 and at t = ",
                                  first_above(of_state),
                                  " by x_t."));
  std::vector<at::Tensor> states, estimates;
  std::vector<std::string> over;
  for (const double t : {1000.0, 800.0, 600.0, 500.0, 400.0, 300.0, 200.0, 100.0, 40.0, 1.0}) {
    const auto at = static_cast<std::size_t>(std::find(chain.times.begin(), chain.times.end(), t) -
                                             chain.times.begin());
    states.push_back(chain.state[at].narrow(0, 0, 1));
    estimates.push_back(chain.estimate[at].narrow(0, 0, 1));
    over.push_back(concat("t = ", t));
  }
  states.insert(states.end(), estimates.begin(), estimates.end());
  Panel strip = sheet_panel(at::cat(states), {.columns = 10, .enlarge = 6}, over, {"x_t", "x̂_0"});
  Panel curves{.title = "Likeness to the finished picture",
               .x = {.label = "t", .reversed = true, .from = 0.0, .to = 1000.0},
               .y = {.label = "PSNR, dB", .from = 0.0, .to = 45.0},
               .layers = {of_estimate,
                          of_state,
                          Curve{.label = "20 dB",
                                .x = {0, 1000},
                                .y = {20, 20},
                                .stroke = Stroke::kDotted,
                                .colour = Colour::kGrey}},
               .legend = Legend::kTopLeft};
  findings.figure = {.title = "When the picture appears", .columns = 1};
  findings.figure.panels = {strip, curves};
  return findings;
}

}  // namespace

Experiment late_picture() {
  return make_experiment<LatePictureOptions>(
      {.name = "late-picture",
       .topic = "Reverse process",
       .title = "x_t shows the picture only at the end of the chain; the estimate of x_0 knows it "
                "long before.",
       .text =
           "The data are 64 scenes and the denoiser is the exact one for them, a softmax over the "
           "scenes. "
           "Above: x_t and the estimate x̂_0 made from it. x̂_0 begins as the mean of all scenes and "
           "settles on one in the middle of the chain, while x_t looks like noise until the last "
           "third. With the exact denoiser of a finite set every sample is one of its pictures: "
           "a perfect fit is memory.",
       .shows = {"the picture appears late in the chain",
                 "progressive estimates of x_0",
                 "the exact denoiser of a finite set returns members of the set"}},
      run);
}

}  // namespace tessera::lab
