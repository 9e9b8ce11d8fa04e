#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "eval/features/feature_extractor.h"

namespace tessera::engine {

/// What the user said of the network that looks at pictures.
struct FeatureChoice {
  std::string features{};            // inception, clip, a file, or "" = the best there is
  std::string preprocess = "clean";  // of Inception
  std::string precision = "fp32";    // of Inception
  c10::Device device = c10::kCPU;
};

/// Inception's weights, which nobody may ship with a program: $TESSERA_INCEPTION, else
/// inception-2015-12-05.safetensors, pt_inception-2015-12-05-6726825d.pth or
/// weights-inception-2015-12-05-6726825d.pth in the folder inception/ of the cache.
std::optional<std::filesystem::path> find_inception();

/// Throws kNotFound with what to do where "inception" is asked for and not there,
/// kInvalidArgument for a precision that is none.
std::unique_ptr<const eval::FeatureExtractor> open_features(const FeatureChoice& choice);

/// What two files of statistics were computed with, where no picture is left to look at: `facts` of
/// the file that says it, else a name that says that none does. Asking it for features is an error.
std::unique_ptr<const eval::FeatureExtractor> recorded_features(
    const std::optional<eval::FeatureFacts>& facts, std::int64_t dims);

}  // namespace tessera::engine
