#pragma once

#include <memory>

#include "eval/clip/clip_files.h"
#include "eval/features/feature_extractor.h"

namespace tessera::eval {

/// A CLIP's projected picture features, not divided by their norms, as clean-fid's "clip_vit_b_32":
/// distances between sets of pictures that see what pictures mean rather than texture. Pictures are
/// brought to the tower as CLIP-scores bring them. The extractor keeps the model.
std::unique_ptr<const FeatureExtractor> make_clip_features(const LoadedClip& clip);

}  // namespace tessera::eval
