#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/published/codec.h"

namespace tessera::pipeline {

/// The codecs that the published denoisers were trained with, without their weights:
///   ithq           4096 codes, 32x32 of a 256-pixel picture, the authors' own EMA codebook
///   openimages-f8  2887 used of 8192, 32x32, taming's Gumbel codec; COCO, CC, CUB and LAION-human
///   imagenet-f16   974 used of 16384, 16x16, taming's codec
///   ffhq-f16       1024 codes, 16x16, taming's codec
/// Throws kNotFound for another name.
PublishedCodec known_codec(std::string_view name);
std::vector<std::string> known_codec_names();

}  // namespace tessera::pipeline
