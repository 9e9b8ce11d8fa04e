#include <cmath>

#include "core/error.h"
#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {
namespace {

/// Ascending times in 1..T -> strides from the last of them down to 0.
std::vector<TimeStep> plan_of_times(const std::vector<std::int64_t>& times) {
  std::vector<TimeStep> plan;
  const auto count = static_cast<std::int64_t>(times.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(count - 1 - i);
    plan.push_back(
        {.from = times[at], .to = at > 0 ? times[at - 1] : 0, .index = i, .count = count});
  }
  return plan;
}

std::vector<std::int64_t> fraction(StepBudget budget) {
  if (budget.wanted == 1) return {budget.trained};
  std::vector<std::int64_t> times;
  const double stride =
      static_cast<double>(budget.trained - 1) / static_cast<double>(budget.wanted - 1);
  for (std::int64_t i = 0; i < budget.wanted; ++i) {
    const double at = std::nearbyint(static_cast<double>(i) * stride);
    times.push_back(static_cast<std::int64_t>(at) + 1);
  }
  return times;
}

std::vector<std::int64_t> leading(StepBudget budget) {
  TESSERA_CHECK(budget.trained % budget.wanted == 0,
                kInvalidArgument,
                "the spacing leading needs a number of steps that divides ",
                budget.trained,
                ", got ",
                budget.wanted);
  std::vector<std::int64_t> times;
  for (std::int64_t i = 0; i < budget.wanted; ++i) {
    times.push_back(i * (budget.trained / budget.wanted) + 1);
  }
  return times;
}

/// floor(0.8 T (i / (S - 1))^2) in whole numbers; times that coincide are visited once.
std::vector<std::int64_t> quadratic(StepBudget budget) {
  const std::int64_t gaps = budget.wanted > 1 ? budget.wanted - 1 : 1;
  std::vector<std::int64_t> times;
  for (std::int64_t i = budget.wanted > 1 ? 0 : 1; i <= gaps; ++i) {
    const std::int64_t t = 4 * budget.trained * i * i / (5 * gaps * gaps) + 1;
    if (times.empty() || t > times.back()) times.push_back(t);
  }
  return times;
}

}  // namespace

std::vector<std::string> gaussian_spacing_names() {
  return {"even", "fraction", "leading", "quadratic"};
}

std::vector<TimeStep> spaced_plan(std::string_view spacing, StepBudget budget) {
  const std::vector<TimeStep> even = even_plan(budget);  // checks the budget
  if (spacing == "even") return even;
  if (spacing == "fraction") return plan_of_times(fraction(budget));
  if (spacing == "leading") return plan_of_times(leading(budget));
  if (spacing == "quadratic") return plan_of_times(quadratic(budget));
  TESSERA_THROW(
      kNotFound, "no spacing named \"", spacing, "\"; known: even, fraction, leading, quadratic");
}

}  // namespace tessera::diffusion
