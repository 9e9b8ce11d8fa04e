#pragma once

#include <filesystem>

#include "pipeline/load_options.h"
#include "pipeline/model_writer.h"
#include "pipeline/published/layout.h"

namespace tessera::pipeline {

struct ConvertOptions {
  ModelLayout layout = ModelLayout::kTessera;  // of what is written; kMicrosoft is not
  LoadOptions reading{};                       // its `type` is that of the new files
  ClipTokenizerSource clip_tokenizer{};  // asked where a model of CLIP's text is laid out anew
  std::filesystem::path with{};     // a second folder of ours, whose parts are added; "" = none
  std::filesystem::path decoder{};  // of a codec with the same codes, its run or folder; "" = none
};

/// Writes the model `from`, of any layout, to `to`; it appears whole or not at all, and must not be
/// there before.
///   From a model folder of ours to another: weights in the new number type; what is no weight
///   (options, tokenizer) is copied as it is; the averages behind an EMA codebook are left out; the
///   card gets the hashes of the new files.
///   `with` adds the parts that `from` lacks, such as the other path's, with the card's words about
///   them; a part that both have must be the same files in both.
///   `decoder` puts the decoder of another codec in place of the model's own. Encoder and codebook
///   must be the same, to rounding: the run of stage vqvae with objective.parts = decoder. Depth is
///   the decoder's own.
///   at::kChar stores matrices in int8 (io/int8_rows.h), in our own layout alone.
///   Between layouts: the parts are loaded, checked, and written with the options and names of the
///   new layout. A card is made up where there was none; diffusers' layout has no place for one.
/// bf16 halves a model; the codec computes in float32 whatever the files hold. Throws
/// kInvalidArgument where `to` exists, the layout cannot hold the model or two models do not share
/// a part that both have, and what reading throws.
void convert_model(const std::filesystem::path& from,
                   const std::filesystem::path& to,
                   const ConvertOptions& options);

}  // namespace tessera::pipeline
