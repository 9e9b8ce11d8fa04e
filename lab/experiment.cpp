#include "lab/experiment.h"

#include <limits>

#include "core/error.h"

namespace tessera::lab {

void Run::check_stop() const {
  TESSERA_CHECK(!stop.stop_requested(), kCancelled, "the experiment was stopped");
}

void Run::report(const std::string& stage, std::int64_t step, std::int64_t total) const {
  check_stop();
  if (!progress) return;
  progress({.stage = stage,
            .step = step,
            .total = total,
            .value = std::numeric_limits<double>::quiet_NaN()});
}

}  // namespace tessera::lab
