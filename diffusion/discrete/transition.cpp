#include "diffusion/discrete/transition.h"

#include "core/error.h"
#include "diffusion/discrete/rate_table.h"
#include "diffusion/discrete/schedule.h"
#include "diffusion/discrete/transitions/rate_transition.h"

namespace tessera::diffusion {
namespace {

void check_share(const char* field, double value) {
  TESSERA_CHECK(
      value >= 0.0 && value <= 1.0, kInvalidArgument, field, " must be in [0, 1], got ", value);
}

}  // namespace

void TransitionOptions::validate() const {
  TESSERA_CHECK(kind == "mask-and-replace" || kind == "absorbing" || kind == "uniform",
                kInvalidArgument,
                "no transition kind named \"",
                kind,
                "\"; known: mask-and-replace, absorbing, uniform");
  TESSERA_CHECK(steps >= 1 && steps <= 1'000'000,
                kInvalidArgument,
                "steps must be in 1..1000000, got ",
                steps);
  check_share("keep_start", keep_start);
  check_share("keep_end", keep_end);
  check_share("mask_start", mask_start);
  check_share("mask_end", mask_end);
  TESSERA_CHECK(kind != "absorbing" || schedule != "uniform-only",
                kInvalidArgument,
                "an absorbing chain needs a schedule with a mask; \"uniform-only\" has none");
  RateTable{make_schedule(*this)};  // throws where the curves make no chain
}

std::unique_ptr<const Transition> make_transition(const TransitionOptions& options,
                                                  std::int64_t codes) {
  options.validate();
  TESSERA_CHECK(codes >= 2, kInvalidArgument, "a chain needs at least 2 codes, got ", codes);
  const RateTransition::States states{.codes = codes, .masks = options.kind == "uniform" ? 0 : 1};
  return std::make_unique<RateTransition>(options.kind, states, RateTable(make_schedule(options)));
}

}  // namespace tessera::diffusion
