#pragma once

#include <string>
#include <vector>

#include "pipeline/model_card.h"

namespace tessera::pipeline {

/// `wanted`, or the card's first path where that is empty; kDiscretePath for a codec alone. Throws
/// kInvalidArgument for no path at all, kNotFound, naming what the model has, where its card lacks
/// it.
std::string path_of(const ModelCard& card, const std::string& wanted);

/// Names of the samplers of one path. Throws kInvalidArgument for another.
std::vector<std::string> sampler_names(const std::string& path);

/// Throws kInvalidArgument, with the nearest name and all that are known, where the path has no
/// such sampler.
void check_sampler(const std::string& name, const std::string& path);

}  // namespace tessera::pipeline
