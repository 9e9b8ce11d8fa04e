#pragma once

#include "tests/golden/conformance.h"

namespace tessera::golden {

/// Optimisation steps that go on from a recorded checkpoint, with the recorded times and noise:
/// losses, gradients, the history of the loss, learning rates, final weights and averages.
void run_training(const Recorded& recorded, Report& report);

}  // namespace tessera::golden
