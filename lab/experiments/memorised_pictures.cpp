#include <cmath>

#include <ATen/ATen.h>

#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/draws.h"
#include "lab/experiments/pictures.h"
#include "lab/pictures.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct MemorisedPicturesOptions {
  std::int64_t pictures = 300;
  std::int64_t samples = 40;
  std::uint64_t seed = 14;
};
template <typename Visitor>
void visit_fields(Visitor& v, MemorisedPicturesOptions& o) {
  v("pictures", o.pictures, "scenes of the training set");
  v("samples", o.samples, "pictures drawn, 8 or more");
  v("seed", o.seed, "seed of all noise");
}

struct Neighbours {
  at::Tensor distance{};  // [n] root mean squared difference to the nearest scene
  at::Tensor index{};     // [n]
};

Neighbours nearest_of(const at::Tensor& samples, const at::Tensor& scenes) {
  const at::Tensor distance = at::cdist(samples.flatten(1), scenes.flatten(1));
  const auto [least, index] = distance.min(1);
  return {.distance = least / std::sqrt(static_cast<double>(scenes[0].numel())), .index = index};
}

at::Tensor draw(const MemorisedPicturesOptions& options,
                const GaussianProcess& process,
                GaussianDenoiser& network,
                const at::Tensor& like) {
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, options.samples)};
  return run_gaussian_chain(
      {process, network, *make_gaussian_sampler("ancestral", {.variance = "small"})},
      draw_prior(noise, like[0].sizes()).to(at::kDouble),
      {.threshold = unlimited(), .steps = 100},
      noise);
}

Findings run(const MemorisedPicturesOptions& options, const Run& context) {
  Findings findings;
  const at::Tensor scenes = scene_pictures(context.atlas, options.pictures, 16, SceneChoice::kAny);
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const World exact = picture_world(schedule, scenes);
  const at::Tensor copies = draw(options, exact.process, *exact.denoiser, scenes);
  const Neighbours of_copies = nearest_of(copies, scenes);

  const at::Tensor flat = scenes.flatten(1);
  const at::Tensor off = flat - flat.mean(0);
  const auto blurred = make_gaussian_data_denoiser(
      schedule,
      {.mean = flat.mean(0),
       .covariance = off.t().matmul(off) / static_cast<double>(options.pictures)},
      {});
  const at::Tensor fresh = draw(options, exact.process, *blurred, scenes);
  const Neighbours of_fresh = nearest_of(fresh, scenes);

  findings.equal("exact network of the set: share of samples that are copies",
                 (of_copies.distance < 0.01).to(at::kDouble).mean().item<double>(),
                 1,
                 0);
  findings.equal("network that knows mean and covariance only: share of copies",
                 (of_fresh.distance < 0.01).to(at::kDouble).mean().item<double>(),
                 0,
                 0);
  // Each copy is a draw from the set: the number of different ones is that of a birthday problem.
  const double different = static_cast<double>(std::get<0>(at::_unique(of_copies.index)).numel());
  const auto count = static_cast<double>(options.pictures);
  const double expected =
      count * (1 - std::pow(1 - 1 / count, static_cast<double>(options.samples)));
  findings.equal("different pictures among the copies",
                 different,
                 expected,
                 4.5 * std::sqrt(static_cast<double>(options.samples) *
                                 static_cast<double>(options.samples) / (2 * count)) +
                     1);
  std::vector<at::Tensor> rows{copies.slice(0, 0, 8),
                               scenes.index_select(0, of_copies.index.slice(0, 0, 8)),
                               fresh.slice(0, 0, 8),
                               scenes.index_select(0, of_fresh.index.slice(0, 0, 8))};
  findings.figure = {.title = "Samples and their nearest neighbours in the training set"};
  findings.figure.panels = {sheet_panel(
      at::cat(rows), {.columns = 8, .enlarge = 3}, {}, {"exact", "nearest", "blurred", "nearest"})};
  return findings;
}

}  // namespace

Experiment memorised_pictures() {
  return make_experiment<MemorisedPicturesOptions>(
      {.name = "memorised-pictures",
       .topic = "On pictures",
       .title = "The network that minimises the loss on a finite set only ever copies it.",
       .text =
           "The exact minimiser of L_simple over a training set is a softmax over its pictures, "
           "and "
           "sampling with it returns training pictures, each about equally often. What a trained "
           "network makes beyond copies comes from what it cannot learn. The lower rows use a "
           "network that knows only mean and covariance: nothing is copied, and nothing is "
           "sharp. Nearest neighbours tell the two apart.",
       .shows = {"sample grids", "nearest neighbours, memorised share"}},
      run);
}

}  // namespace tessera::lab
