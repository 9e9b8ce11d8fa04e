#include "diffusion/time_step.h"

#include "core/error.h"

namespace tessera::diffusion {

std::vector<TimeStep> even_plan(StepBudget budget) {
  TESSERA_CHECK(budget.wanted >= 1 && budget.wanted <= budget.trained,
                kInvalidArgument,
                "steps must be in 1..",
                budget.trained,
                ", the number that the model was trained with; got ",
                budget.wanted);
  const auto time = [&](std::int64_t i) {
    return budget.trained * (budget.wanted - i) / budget.wanted;
  };
  std::vector<TimeStep> plan;
  for (std::int64_t i = 0; i < budget.wanted; ++i) {
    plan.push_back({.from = time(i), .to = time(i + 1), .index = i, .count = budget.wanted});
  }
  return plan;
}

}  // namespace tessera::diffusion
