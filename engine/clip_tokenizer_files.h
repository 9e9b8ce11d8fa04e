#pragma once

#include <filesystem>

#include "pipeline/model_writer.h"

namespace tessera::engine {

/// Where a model that is written gets CLIP's tokenizer from: the folder "tokenizer" of `model`,
/// where there is one, else the shipped vocabulary. Tessera's layout takes the files as they are,
/// and diffusers' the four that transformers reads; a vocabulary of another size than the file's is
/// cut and written in the form of Hugging Face in both.
pipeline::ClipTokenizerSource clip_tokenizer_of(const std::filesystem::path& model);

}  // namespace tessera::engine
