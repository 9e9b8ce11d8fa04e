#include "diffusion/discrete/samplers/revealing.h"

#include <cmath>
#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/samplers/ancestral.h"
#include "diffusion/discrete/samplers/rank.h"
#include "diffusion/discrete/samplers/reveal_plan.h"

namespace tessera::diffusion {
namespace {

enum class Order : unsigned char { kPurity, kRandom };

/// [B] int64: the plan's share of the places that each picture has hidden, to the nearest.
at::Tensor places_to_show(const at::Tensor& hidden, const Reveal& reveal) {
  const at::Tensor own = hidden.sum(-1);
  if (reveal.places == reveal.hidden) return own;
  return (own * (2 * reveal.places) + reveal.hidden).div(2 * reveal.hidden, "floor");
}

class RevealingSampler final : public DiscreteSampler {
 public:
  RevealingSampler(Order order, RevealOptions options)
      : order_(order), options_(std::move(options)) {}

  std::string_view name() const override {
    return order_ == Order::kPurity ? "purity" : "random-order";
  }

  std::vector<TimeStep> plan(const Transition& transition,
                             const PlanRequest& request) const override {
    TESSERA_CHECK(request.tokens >= 1,
                  kInvalidArgument,
                  "a plan needs the number of tokens, got ",
                  request.tokens);
    const std::vector<TimeStep> strides =
        even_plan({.trained = transition.steps(), .wanted = request.steps});
    const std::vector<std::int64_t> reveals =
        options_.reveals.empty()
            ? planned_reveals(transition, strides, request, options_.tokens_a_call)
            : options_.reveals;
    return plan_reveals(strides, reveals, request.tokens, options_.tokens_a_call);
  }

  at::Tensor step(const Transition& transition,
                  const SamplerInput& in,
                  const nn::Noise& noise) const override {
    if (!in.time.reveal) return last_->step(transition, in, noise);
    const std::int64_t mask = *transition.mask_state();
    const at::Tensor locked = in.locked.defined() ? in.locked : at::zeros_like(in.x_t, at::kBool);
    const at::Tensor hidden = in.time.index == 0 ? ~locked : ~locked & (in.x_t == mask);

    const at::Tensor gumbel =
        noise.rng.gumbel(Purpose::kConfidence, in.time.index, {in.x_t.size(1)}, in.x_t.device());
    const bool by_purity = order_ == Order::kPurity;
    const at::Tensor score = by_purity ? purity(in.log_x0) : at::ones_like(gumbel);
    return show_places(
        at::where(hidden, mask, in.x_t),
        in.log_x0,
        by_purity ? power_of(score, options_.prior_weight) : at::Tensor(),
        choose_places(score, hidden, places_to_show(hidden, *in.time.reveal), gumbel),
        noise,
        in.time.index);
  }

 private:
  Order order_;
  RevealOptions options_;
  std::unique_ptr<const DiscreteSampler> last_ = make_ancestral_sampler();
};

}  // namespace

at::Tensor purity(const Prediction& log_x0) {
  const at::Tensor best = log_x0.best_log_p().exp();
  return best / (best.amax(-1, /*keepdim=*/true) + 1e-10);
}

at::Tensor power_of(const at::Tensor& score, double weight) {
  return weight == 0.0 ? at::Tensor() : 1.0 + weight * score;
}

at::Tensor choose_places(const at::Tensor& score,
                         const at::Tensor& hidden,
                         const at::Tensor& count,
                         const at::Tensor& gumbel) {
  const at::Tensor key = (score.log() + gumbel).masked_fill(~hidden, -INFINITY);
  return hidden & (rank_of(key) < count.unsqueeze(-1));
}

at::Tensor show_places(const at::Tensor& x_t,
                       const Prediction& log_x0,
                       const at::Tensor& power,
                       const at::Tensor& chosen,
                       const nn::Noise& noise,
                       std::int64_t step) {
  const DrawnCodes drawn =
      log_x0.draw(noise, {.purpose = Purpose::kCandidate, .step = step}, power);
  return at::where(chosen, drawn.codes, x_t);
}

std::unique_ptr<const DiscreteSampler> make_purity_sampler(const RevealOptions& options) {
  return std::make_unique<RevealingSampler>(Order::kPurity, options);
}

std::unique_ptr<const DiscreteSampler> make_random_order_sampler(const RevealOptions& options) {
  return std::make_unique<RevealingSampler>(Order::kRandom, options);
}

}  // namespace tessera::diffusion
