#pragma once

#include "lab/experiment.h"

// From words to pictures: the parts of the starter model, and learning to compare both.
namespace tessera::lab {

Experiment text_as_matrix();
Experiment pictures_as_codes();
Experiment captions_to_pictures();
Experiment contrastive_pair();

}  // namespace tessera::lab
