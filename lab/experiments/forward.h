#pragma once

#include "lab/experiment.h"

namespace tessera::lab {

// From data to noise: steps, jumps, schedules, and what is lost on the way.
Experiment forward_strip();
Experiment iterate_or_jump();
Experiment schedules();
Experiment noise_horizon();
Experiment signal_energy();
Experiment mutual_information();
Experiment entropy_growth();
Experiment learned_schedule();

}  // namespace tessera::lab
