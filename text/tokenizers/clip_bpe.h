#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "text/tokenizer.h"
#include "text/tokenizers/clip_text.h"

namespace tessera::text {

/// What other programs than OpenAI's do with the same vocabulary. Each is a fault that a model may
/// have been trained or measured with.
struct ClipQuirks {
  ClipCleaning cleaning = ClipCleaning::kOpenAi;
  bool pad_is_exclamation = false;  // every "!" of the prompt becomes the pad, id 0
  bool cut_end = false;             // too long a row loses its end token too
};

/// The tokenizer of Microsoft's VQ-Diffusion code.
inline constexpr ClipQuirks kMicrosoftQuirks{.cleaning = ClipCleaning::kLowerCaseBefore};

/// transformers' tokenizer in the pipeline of diffusers, whose pad token is "!".
inline constexpr ClipQuirks kHuggingFaceQuirks{
    .cleaning = ClipCleaning::kHuggingFace, .pad_is_exclamation = true, .cut_end = true};

struct ClipTokenizerOptions {
  std::int64_t vocabulary =
      49408;  // pieces taken from OpenAI's file, the two special ones included
  ClipQuirks quirks{};
};

/// CLIP's byte-pair tokenizer (docs/formats/clip-bpe.md). `files` is OpenAI's
/// bpe_simple_vocab_16e6.txt.gz (or unpacked), or a folder with that file or with Hugging Face's
/// vocab.json and merges.txt. A row is start, pieces, end, then 0; `Tokens::cut` names the words of
/// which a piece was cut, `Tokens::unknown` stays empty: every byte has its piece.
/// Throws kNotFound, kCorruptFile naming file and line.
std::unique_ptr<const Tokenizer> load_clip_tokenizer(const std::filesystem::path& files,
                                                     const ClipTokenizerOptions& options = {});

}  // namespace tessera::text
