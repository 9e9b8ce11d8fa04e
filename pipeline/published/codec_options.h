#pragma once

#include <string>

#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/published/codec_names.h"
#include "vqvae/options.h"

namespace tessera::pipeline {

// The options of a published codec, architecture "vqgan", from what comes with its weights.
// `where` names the file in errors: kCorruptFile for a value that is missing or of another kind,
// kInvalidArgument for a network that Tessera does not have. None of the sources tells the size of
// the pictures dependably: `resolution` is that of a token grid whose side its caller knows.

/// "vqvae/config.json" of a diffusers model. Its quantiser keeps no averages: straight-through.
vqvae::VqVaeOptions codec_options_of_diffusers(const io::Json& config, const std::string& where);

/// What a diffusers "vqvae/config.json" says of these options; throws kInvalidArgument where that
/// format cannot.
io::Json diffusers_codec_config(const vqvae::VqVaeOptions& options);

/// The original authors' or taming's YAML: PatchVQGAN, GumbelVQ, VQModel, or the first stage of a
/// Net2NetTransformer.
vqvae::VqVaeOptions codec_options_of_yaml(const io::Json& config, const std::string& where);

/// The shapes of the original authors' or taming's weights alone. Normalisation has 32 groups
/// there.
vqvae::VqVaeOptions codec_options_of_weights(const io::StateDict& published,
                                             const CodecPlace& place,
                                             const std::string& where);

}  // namespace tessera::pipeline
