#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace tessera::text {

/// One piece of a normalised prompt.
struct Piece {
  std::int32_t id = 0;
  std::string text{};  // what it covers, the mark of a space included; one raw byte of a byte piece
  bool fallback = false;  // a byte piece or <unk>: no piece of the vocabulary covers the text
};

/// Padded rows <bos> pieces <eos> <pad> … of `length` ids, one a prompt. A word begins at a piece
/// with the mark of a space. Where a prompt is too long the first words that fit are kept, whole,
/// and `cut` names the others. `unknown` names, once each, the kept words that are not a single
/// piece of the vocabulary, punctuation behind them apart. Throws kInvalidArgument for a length
/// below 2.
Tokens make_rows(std::span<const std::vector<Piece>> prompts, std::int64_t length);

}  // namespace tessera::text
