#pragma once

#include <optional>
#include <string>

#include "io/state_dict.h"
#include "pipeline/published/name_map.h"
#include "vqvae/options.h"

namespace tessera::pipeline {

/// Where a file of the original authors, or of taming-transformers, keeps a codec: what stands
/// before "encoder.", "quant_conv." and "quantize.", and before "decoder." and "post_quant_conv.".
struct CodecPlace {
  std::string encoder{};
  std::string decoder{};
};

/// The place that `published` has: none ("encoder."), in a training checkpoint
/// ("content_codec.enc.encoder."), or in taming's transformer ("first_stage_model.encoder.").
std::optional<CodecPlace> find_codec(const io::StateDict& published);

/// Tensors below the place alone, so that what else a checkpoint holds is no misfit; a codebook
/// that is there twice once.
io::StateDict tensors_of_codec(const io::StateDict& published, const CodecPlace& place);

/// Names of a codec of architecture "vqgan" in the original authors' files. What belongs to its
/// training (loss, discriminator) is ignored.
NameMap microsoft_codec_names(const vqvae::VqVaeOptions& options, const CodecPlace& place);

/// Attention's layers are "query, key, value, proj_attn" before version 0.16 and "to_q, to_k, to_v,
/// to_out.0" since.
enum class AttentionNames { kQuery, kToQ };
AttentionNames attention_names_of(const io::StateDict& published);

/// Names in the folder "vqvae" of a diffusers model; the codebook is all there is of the quantiser.
NameMap diffusers_codec_names(const vqvae::VqVaeOptions& options, AttentionNames attention);

}  // namespace tessera::pipeline
