#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "lab/experiment.h"

namespace tessera::lab {

/// Runs the experiments and writes NAME.png of each into `folder`, small enough for a page, and
/// README.md: a section an experiment with its sentence, its paragraph, the command, the figure and
/// the table. Returns the names of experiments that failed or whose rows do not all hold. Throws
/// kIo, kNotFound where gnuplot is missing, and kCancelled.
std::vector<std::string> write_gallery(const std::filesystem::path& folder,
                                       std::span<const Experiment> experiments,
                                       const Run& run);

}  // namespace tessera::lab
