#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/parts.h"

namespace tessera::test {

/// Sizes of a model that is built in milliseconds; its weights are random but always the same.
struct TinySizes {
  std::int64_t resolution = 16;
  std::int64_t codes = 16;
  std::int64_t width = 16;
  std::int64_t layers = 1;
  std::int64_t heads = 2;
  std::int64_t steps = 10;  // T
  std::int64_t text_length = 8;
  std::uint64_t seed = 1;
};

/// Words that the tiny model's tokenizer knows, one piece each.
const std::vector<std::string>& tiny_words();

/// One piece a known word, kUnknown for the others; enough for tests of the pipeline.
std::unique_ptr<const text::Tokenizer> make_word_tokenizer();

pipeline::Parts make_tiny_parts(const TinySizes& sizes = {});
pipeline::ModelCard tiny_card();

/// A model folder like those that training exports: card, parts, tokens.tsv; weights in `type` on
/// disk.
enum class TinyType : unsigned char { kFloat32, kBFloat16 };
void write_tiny_model(const std::filesystem::path& folder,
                      const TinySizes& sizes = {},
                      TinyType type = TinyType::kFloat32);

/// Every parameter and floating-point buffer from `seed`, at a scale that keeps signals alive.
void randomise(torch::nn::Module& module, std::uint64_t seed);

}  // namespace tessera::test
