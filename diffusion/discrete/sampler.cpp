#include "diffusion/discrete/sampler.h"

#include <cmath>

#include "core/error.h"
#include "core/listed.h"
#include "diffusion/discrete/samplers/ancestral.h"
#include "diffusion/discrete/samplers/confidence.h"
#include "diffusion/discrete/samplers/revealing.h"

namespace tessera::diffusion {
namespace {

void check_options(const SamplerOptions& options) {
  TESSERA_CHECK(std::isfinite(options.temperature) && options.temperature <= 1e6,
                kInvalidArgument,
                "temperature must be in 0..1e6 (negative: the sampler's own), got ",
                options.temperature);
  TESSERA_CHECK(std::isfinite(options.prior_weight) && options.prior_weight <= 1e6,
                kInvalidArgument,
                "prior_weight must be in 0..1e6 (negative: the sampler's own), got ",
                options.prior_weight);
  TESSERA_CHECK(std::isfinite(options.revisits) && options.revisits <= 0.9,
                kInvalidArgument,
                "revisits must be in 0..0.9 (negative: the sampler's own), got ",
                options.revisits);
  TESSERA_CHECK(options.tokens_a_call >= 0,
                kInvalidArgument,
                "tokens_a_call must be 0 (no limit) or more, got ",
                options.tokens_a_call);
}

}  // namespace

std::vector<std::string> discrete_sampler_names() {
  return {"ancestral", "confidence", "purity", "random-order"};
}

SamplerOptions resolve_sampler_options(std::string_view name, SamplerOptions options) {
  if (name == "confidence" && options.temperature < 0) {
    options.temperature = ConfidenceOptions{}.temperature;
  }
  if (name == "confidence" && options.revisits < 0) options.revisits = ConfidenceOptions{}.revisits;
  if (name == "purity" && options.prior_weight < 0) {
    options.prior_weight = RevealOptions{}.prior_weight;
  }
  return options;
}

std::unique_ptr<const DiscreteSampler> make_discrete_sampler(std::string_view name,
                                                             const SamplerOptions& options) {
  check_options(options);
  const SamplerOptions all = resolve_sampler_options(name, options);
  const RevealOptions reveal{.prior_weight = all.prior_weight, .tokens_a_call = all.tokens_a_call};
  if (name == "ancestral") return make_ancestral_sampler();
  if (name == "confidence") {
    return make_confidence_sampler({.temperature = all.temperature, .revisits = all.revisits});
  }
  if (name == "purity") return make_purity_sampler(reveal);
  if (name == "random-order") return make_random_order_sampler(reveal);
  TESSERA_THROW(
      kNotFound, "no sampler named \"", name, "\"; known: ", listed(discrete_sampler_names()));
}

}  // namespace tessera::diffusion
