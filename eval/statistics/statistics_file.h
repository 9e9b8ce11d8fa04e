#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "eval/features/feature_extractor.h"
#include "eval/statistics/gaussian.h"

namespace tessera::eval {

/// The statistics of a set of pictures, as FID tools exchange them.
struct PictureStatistics {
  Gaussian pooled{};
  std::optional<Gaussian> spatial{};       // of the features with places (sFID)
  std::optional<FeatureFacts> features{};  // what they were computed with, where the file says so
};

/// A NumPy archive with `mu` [D] and `sigma` [D, D], as pytorch-fid and clean-fid keep it, or with
/// `mu_s` and `sigma_s` beside them, as the reference batches of guided-diffusion. Ours also say
/// how many pictures there were and what the features are. Throws kNotFound, kIo, or kCorruptFile
/// naming the file: no such arrays, shapes that do not fit, values that are not numbers.
PictureStatistics read_statistics(const std::filesystem::path& file);

/// Written so that NumPy and the tools named above read it: float64, stored.
void write_statistics(const std::filesystem::path& file, const PictureStatistics& statistics);

}  // namespace tessera::eval
