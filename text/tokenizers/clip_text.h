#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera::text {

/// What other tokenizers than OpenAI's own do to a prompt before they cut it into pieces.
enum class ClipCleaning {
  kOpenAi,           // repair_text, HTML references twice more, white space, lower case
  kLowerCaseBefore,  // Microsoft's VQ-Diffusion: lower case first, then the same
  kHuggingFace,      // NFC, white space, lower case that knows no final sigma; nothing repaired
};

/// A prompt as clean text: one space between words, lower case.
std::u32string clean_clip_text(std::string_view prompt, ClipCleaning cleaning);

/// One match of CLIP's pattern, which is an own word for the byte pairs.
struct ClipPiece {
  std::size_t begin = 0;  // in the clean text
  std::u32string_view text{};
  bool special = false;  // "<|startoftext|>" or "<|endoftext|>", for which there is an id
};

inline constexpr std::u32string_view kClipStart = U"<|startoftext|>";
inline constexpr std::u32string_view kClipEnd = U"<|endoftext|>";

/// Special tokens; 's 't 're 've 'm 'll 'd; runs of letters; single numbers; runs of anything else
/// but white space. Views of `text`.
std::vector<ClipPiece> split_clip_text(std::u32string_view text);

}  // namespace tessera::text
