#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/sampler.h"
#include "diffusion/discrete/transition.h"
#include "lab/experiments/discrete.h"
#include "lab/numbers.h"
#include "lab/token_chain.h"

namespace tessera::lab {
namespace {

using diffusion::Transition;
using diffusion::TransitionOptions;

constexpr std::int64_t kMask = 2;  // codes A = 0, B = 1

struct JointErrorOptions {
  std::int64_t longest = 100;
  std::int64_t samples = 4000;
  std::uint64_t seed = 2;
};
template <typename Visitor>
void visit_fields(Visitor& v, JointErrorOptions& o) {
  v("longest", o.longest, "largest number of steps T in the figure");
  v("samples", o.samples, "pairs that the one-token-a-call sampler draws");
  v("seed", o.seed, "seed of its noise");
}

/// The nine canvases of two tokens, [9, 2]: canvas 3 a + b.
at::Tensor canvases() {
  const at::Tensor state = at::arange(3);
  return at::stack({state.repeat_interleave(3), state.repeat({3})}, 1);
}

/// Marginals p(x_0 of a token | canvas) where the data are AA and BB, [9, 2, 2], by Bayes' rule
/// over the two pictures.
at::Tensor perfect_marginals(const Transition& chain, std::int64_t t) {
  const at::Tensor q = chain.dense({.early = 0, .late = t});  // [from, to]
  const at::Tensor canvas = canvases();
  at::Tensor weight = q.index_select(1, canvas.select(1, 0)) *  // [x_0, 9]
                      q.index_select(1, canvas.select(1, 1));
  weight = weight.slice(0, 0, kMask).t();  // [9, picture]
  const at::Tensor total = weight.sum(1, true);
  const at::Tensor picture = at::where(total > 0, weight / total, at::full_like(weight, 0.5));
  return picture.unsqueeze(1).expand({9, 2, 2});  // both tokens of a picture are its code
}

/// Law of the canvas when both tokens are drawn at once, each from its own posterior, at every
/// step: the matrix of each step applied to the law.
double valid_share(const Transition& chain, const at::Tensor& start) {
  at::Tensor law = start;
  for (std::int64_t t = chain.steps(); t >= 1; --t) {
    const at::Tensor times = at::full({9}, t, at::kLong);
    const at::Tensor tokens =
        chain.log_posterior(perfect_marginals(chain, t).log(), canvases(), times, times - 1)
            .softmax(-1);  // [9, 2, 3]
    const at::Tensor next =
        (tokens.select(1, 0).unsqueeze(2) * tokens.select(1, 1).unsqueeze(1)).reshape({9, 9});
    law = law.matmul(next);
  }
  return (law[0] + law[4]).item<double>();
}

at::Tensor all_masked() {
  at::Tensor law = at::zeros({9}, at::kDouble);
  law[8] = 1.0;
  return law;
}

at::Tensor prior(const Transition& chain) {
  const at::Tensor one = chain.log_prior().exp();
  return (one.unsqueeze(1) * one.unsqueeze(0)).reshape({9});
}

/// Two calls of the network, one token each, on a chain that only masks.
double one_token_a_call(const JointErrorOptions& options) {
  const auto chain =
      diffusion::make_transition({.kind = "absorbing", .schedule = "linear-mask", .steps = 2}, 2);
  const auto sampler = diffusion::make_discrete_sampler("random-order", {.tokens_a_call = 1});
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, options.samples)};
  at::Tensor x = diffusion::draw_prior(*chain, 2, noise, at::kCPU);
  for (const auto& time : sampler->plan(*chain, {.steps = 2, .tokens = 2})) {
    const std::int64_t told = sampler->network_time(time);
    const at::Tensor row = x.select(1, 0) * 3 + x.select(1, 1);
    const at::Tensor answers = perfect_marginals(*chain, told).log().index_select(0, row);
    x = sampler->step(*chain, {.log_x0 = answers, .x_t = x, .time = time}, noise);
  }
  return (x.select(1, 0) == x.select(1, 1)).to(at::kDouble).mean().item<double>();
}

Findings run(const JointErrorOptions& options, const Run& /*context*/) {
  Findings findings;
  // By enumeration in 40 digits: steps T, then the exact share from all masks and from the prior.
  const std::vector<std::array<double, 3>> exact{{2, 0.768547239050784, 0.779487613796903},
                                                 {4, 0.908727953175923, 0.915344334887947},
                                                 {10, 0.97631768939039697, 0.9781513636351871},
                                                 {25, 0.9936267912139578, 0.9940334749085888},
                                                 {100, 0.9989348238521435, 0.9989709946865247}};
  std::vector<double> steps, evenly_wrong, published_wrong;
  for (std::int64_t count = 2; count <= options.longest;
       count += std::max<std::int64_t>(1, count / 4)) {
    const auto even = diffusion::make_transition(evenly(count), 2);
    const auto published = diffusion::make_transition({.steps = count}, 2);
    steps.push_back(static_cast<double>(count));
    evenly_wrong.push_back(1 - valid_share(*even, all_masked()));
    published_wrong.push_back(1 - valid_share(*published, all_masked()));
  }
  for (const auto& [count, masks, at_prior] : exact) {
    const auto chain = diffusion::make_transition(evenly(static_cast<std::int64_t>(count)), 2);
    const std::string name = "T=" + std::to_string(static_cast<int>(count)) + ": P(AA or BB)";
    findings.equal(name + ", from all masks", valid_share(*chain, all_masked()), masks, 1e-9);
    if (count < 5) {
      findings.equal(name + ", from the prior", valid_share(*chain, prior(*chain)), at_prior, 1e-9);
    }
  }
  const auto published = diffusion::make_transition({.steps = 10}, 2);
  findings.equal("published rates, T=10: P(AA or BB)",
                 valid_share(*published, all_masked()),
                 0.9838394570596719,
                 1e-9);
  findings.equal("one token a call, 2 calls: share of AA or BB", one_token_a_call(options), 1, 0);
  findings.tables.push_back(Table::of_columns("wrong-pairs",
                                              "probability of AB or BA",
                                              {"T", "even rates", "published rates"},
                                              {steps, evenly_wrong, published_wrong}));
  Panel panel{.title = "Data are AA and BB; both tokens are drawn at once from perfect marginals",
              .x = {.label = "steps T", .logarithmic = true, .from = 1.8, .to = 110},
              .y = {.label = "probability of AB or BA", .logarithmic = true}};
  panel.layers.emplace_back(Curve{.label = "mask 0.9 t/T, replace 0.1 t/T",
                                  .x = steps,
                                  .y = evenly_wrong,
                                  .stroke = Stroke::kMarked});
  panel.layers.emplace_back(Curve{.label = "published rates (masks only)",
                                  .x = steps,
                                  .y = published_wrong,
                                  .stroke = Stroke::kMarked});
  std::vector<double> halves;
  for (const double count : steps) halves.push_back(0.16 / count);
  panel.layers.emplace_back(Curve{.label = "∝ 1/T",
                                  .x = steps,
                                  .y = halves,
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kGrey});
  findings.figure = {.title = "What more steps buy: tokens that agree", .panels = {panel}};
  findings.notes.push_back(
      "One token a call needs as many calls as tokens and makes no such error at all: row above.");
  return findings;
}

}  // namespace

Experiment joint_error() {
  return make_experiment<JointErrorOptions>(
      {.name = "joint-error",
       .topic = "Discrete diffusion",
       .title = "Drawing many tokens at once breaks their bonds; more steps mend it.",
       .text =
           "The network gives each token's own distribution, and the sampler draws every token "
           "from it independently. Two tokens that always agree come out disagreeing whenever "
           "both are decided in one step, and the chance of that falls about as 1/T. This is why "
           "a discrete sampler needs steps even with a perfect network, and what samplers that "
           "show few tokens a call are for.",
       .shows = {"joint error of parallel sampling against the number of steps",
                 "one token a call is exact under pure masking"}},
      run);
}

}  // namespace tessera::lab
