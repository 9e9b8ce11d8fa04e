#include "train/ema.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

namespace tessera::train {

Ema::Ema(const Parameters& live, EmaOptions options) : options_(options) {
  for (const Parameter& parameter : live) {
    live_.push_back(parameter.value.detach());
    mean_.push_back(options.decay > 0 ? live_.back().clone() : live_.back());
    averages_.emplace(parameter.name, mean_.back());
  }
}

double Ema::decay_at(std::int64_t step) const {
  if (!options_.warm_up) return options_.decay;
  const auto n = static_cast<double>(step);
  return std::min(options_.decay, (1.0 + n) / (10.0 + n));
}

void Ema::update(std::int64_t step) {
  if (options_.decay <= 0) return;
  const at::NoGradGuard no_grad;
  at::_foreach_lerp_(mean_, live_, 1.0 - decay_at(step));
}

Ema::Scope::Scope(const Ema& ema) : ema_(ema) {
  if (ema.options_.decay <= 0) return;
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < ema.live_.size(); ++i) {
    kept_.push_back(ema.live_[i].clone());
    ema.live_[i].copy_(ema.mean_[i]);
  }
}

Ema::Scope::~Scope() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < kept_.size(); ++i) ema_.live_[i].copy_(kept_[i]);
}

}  // namespace tessera::train
