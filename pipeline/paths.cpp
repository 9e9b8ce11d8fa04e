#include "pipeline/paths.h"

#include <algorithm>

#include "core/error.h"
#include "core/listed.h"
#include "core/spelling.h"
#include "diffusion/discrete/sampler.h"
#include "diffusion/gaussian/sampler.h"

namespace tessera::pipeline {

std::string path_of(const ModelCard& card, const std::string& wanted) {
  const std::vector<std::string> paths = card.paths();
  if (wanted.empty()) return paths.empty() ? kDiscretePath : paths.front();
  if (std::find(paths.begin(), paths.end(), wanted) != paths.end()) return wanted;
  TESSERA_CHECK(wanted == kDiscretePath || wanted == kGaussianPath,
                kInvalidArgument,
                "path must be discrete or gaussian, got \"",
                wanted,
                "\"");
  TESSERA_THROW(kNotFound,
                "model \"",
                card.name,
                "\" cannot draw on the path ",
                wanted,
                paths.empty() ? ": it is a codec alone" : "; it has: " + listed(paths));
}

std::vector<std::string> sampler_names(const std::string& path) {
  if (path == kDiscretePath) return diffusion::discrete_sampler_names();
  if (path == kGaussianPath) return diffusion::gaussian_sampler_names();
  TESSERA_THROW(kInvalidArgument, "path must be discrete or gaussian, got \"", path, "\"");
}

void check_sampler(const std::string& name, const std::string& path) {
  const std::vector<std::string> known = sampler_names(path);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const auto meant = nearest_word(name, known);
  TESSERA_THROW(kInvalidArgument,
                "no sampler is named \"",
                name,
                "\"",
                meant ? " (did you mean \"" + *meant + "\"?)" : "",
                "; known: ",
                listed(known));
}

}  // namespace tessera::pipeline
