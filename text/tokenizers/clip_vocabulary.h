#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "text/tokenizers/byte_pairs.h"

namespace tessera::text {

/// CLIP's vocabulary: symbols of the 256 bytes, the same as the last of a word, what merges make of
/// them, and two special tokens.
struct ClipVocabulary {
  std::array<std::int32_t, 256> byte{};       // ids of bytes inside a word
  std::array<std::int32_t, 256> last_byte{};  // and at its end
  BytePairs pairs{};
  std::vector<std::string> bytes{};  // what each id stands for; "" of the special tokens
  std::vector<bool> ends_word{};
  std::int32_t start = 0;
  std::int32_t end = 0;
  std::int64_t size() const { return static_cast<std::int64_t>(bytes.size()); }
};

/// Two ids that become one symbol.
struct ClipMerge {
  std::int32_t left = 0;
  std::int32_t right = 0;
};

/// The symbols of a vocabulary as files write them, by their ids, and its merges in their order.
struct ClipSymbols {
  std::vector<std::string> names{};
  std::vector<ClipMerge> merges{};
};

/// OpenAI's text file of merges, gzip or plain: a head line, then two symbols a line. The first
/// `size` - 514 merges are used (49408 pieces: 48,894), ids count from 0: bytes, last bytes,
/// merges, start, end. Throws kNotFound, kCorruptFile naming the line.
ClipSymbols read_openai_symbols(const std::filesystem::path& file, std::int64_t size);
ClipVocabulary read_openai_vocabulary(const std::filesystem::path& file, std::int64_t size);

/// Hugging Face's vocab.json (symbol -> id) and merges.txt. Throws kNotFound, kCorruptFile.
ClipVocabulary read_hugging_face_vocabulary(const std::filesystem::path& vocabulary,
                                            const std::filesystem::path& merges);

}  // namespace tessera::text
