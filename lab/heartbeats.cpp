#include "lab/heartbeats.h"

#include <numbers>

#include <ATen/ATen.h>

namespace tessera::lab {

using diffusion::BernoulliProcess;

at::Tensor heartbeats() {
  const at::Tensor place = at::arange(kHeartbeatLength).remainder(kHeartbeatPeriod);
  return (place.unsqueeze(0) == at::arange(kHeartbeatPeriod).unsqueeze(1)).to(at::kDouble);
}

BernoulliProcess heartbeat_chain(std::int64_t steps) {
  return {diffusion::make_gaussian_schedule({.kind = "inverse", .steps = steps}),
          kHeartbeatActivity};
}

at::Tensor heartbeat_answer(const BernoulliProcess& process,
                            const at::Tensor& x_t,
                            std::int64_t t) {
  const at::Tensor on = process.marginal(heartbeats(), at::full({kHeartbeatPeriod}, t, at::kLong));
  const at::Tensor fit = x_t.matmul(on.log().t()) + (1 - x_t).matmul((1 - on).log().t());
  return fit.softmax(1).matmul(heartbeats());
}

double heartbeat_edge_bits(const BernoulliProcess& process) {
  const at::Tensor one = heartbeats().slice(0, 0, 1);
  const auto entropy = [&](std::int64_t t) {
    return diffusion::bernoulli_entropy(process.marginal(one, at::full({1}, t, at::kLong)))
        .sum()
        .item<double>();
  };
  const double prior =
      diffusion::bernoulli_entropy(at::full({kHeartbeatLength}, kHeartbeatActivity, at::kDouble))
          .sum()
          .item<double>();
  return (entropy(process.steps()) - entropy(1) - prior) / std::numbers::ln2;
}

double heartbeat_share(const at::Tensor& x) {
  const at::Tensor distance = at::cdist(x, heartbeats(), 1);
  return (std::get<0>(distance.min(1)) < 0.5).to(at::kDouble).mean().item<double>();
}

}  // namespace tessera::lab
