#include "diffusion/discrete/sampler.h"

#include "core/error.h"
#include "diffusion/discrete/samplers/ancestral.h"
#include "diffusion/discrete/samplers/confidence.h"

namespace tessera::diffusion {

std::vector<std::string> discrete_sampler_names() {
  return {"ancestral", "confidence"};
}

std::unique_ptr<const DiscreteSampler> make_discrete_sampler(std::string_view name) {
  if (name == "ancestral") return make_ancestral_sampler();
  if (name == "confidence") return make_confidence_sampler();
  std::string known;
  for (const std::string& one : discrete_sampler_names()) {
    known += (known.empty() ? "" : ", ") + one;
  }
  TESSERA_THROW(kNotFound, "no sampler named \"", name, "\"; known: ", known);
}

}  // namespace tessera::diffusion
