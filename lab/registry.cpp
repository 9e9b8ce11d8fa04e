#include "lab/registry.h"

#include "core/error.h"
#include "core/spelling.h"
#include "lab/experiments/groundwork.h"

namespace tessera::lab {

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> table = {
      // Groundwork
      gaussian_densities(),
  };
  return table;
}

const Experiment& find_experiment(const std::string& name) {
  std::vector<std::string> known;
  for (const Experiment& experiment : experiments()) {
    if (experiment.about.name == name) return experiment;
    known.push_back(experiment.about.name);
  }
  std::string list;
  for (const std::string& other : known) list += (list.empty() ? "" : ", ") + other;
  const auto near = nearest_word(name, known);
  TESSERA_THROW(kInvalidArgument,
                "no experiment is named \"",
                name,
                "\"",
                near ? "; did you mean " + *near + "?" : std::string(),
                "; known: ",
                list);
}

}  // namespace tessera::lab
