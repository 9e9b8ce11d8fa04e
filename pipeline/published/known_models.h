#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/options.h"
#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/transition.h"
#include "pipeline/published/codec.h"
#include "text/clip_encoder.h"

namespace tessera::pipeline {

/// Everything about a published model but its weights.
struct KnownModel {
  diffusion::TransformerOptions transformer{};
  diffusion::TransitionOptions chain{};
  PublishedCodec codec{};
  std::optional<text::ClipTextOptions> clip{};  // of a model of texts
  SampleOptions sampling{};                     // as its authors recommend
};

/// The published models, by name:
///   ithq                large, 4096 codes, with a learned null condition
///   coco                base: COCO, Conceptual Captions, CUB-200 and LAION-human
///   cub-s               small, with convolutions
///   imagenet            of 1000 classes
///   imagenet-learnable  the same with a learned null class
///   ffhq                of faces, without a condition
/// and "tiny", which nobody published: the kind of ithq, of a size for tests. Throws kNotFound for
/// another name.
KnownModel known_model(std::string_view name);
std::vector<std::string> known_model_names();

}  // namespace tessera::pipeline
