#pragma once

#include "lab/experiment.h"

namespace tessera::lab {

// What is minimised: the likelihood of trajectories, its bound, and what training makes of it.
Experiment trajectory_likelihood();
Experiment quasi_static();
Experiment bound_forms();
Experiment bound_terms();
Experiment rao_blackwell();
Experiment loss_weights();
Experiment time_sampling();
Experiment target_scales();
Experiment variance_choices();
Experiment training_loop();
Experiment targets_and_losses();

}  // namespace tessera::lab
