#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tessera::text {

/// Ids of a batch of prompts, one padded row a prompt: <bos> pieces … <eos> <pad> ….
struct Tokens {
  std::int64_t length = 0;              // L, the padded length
  std::vector<std::int32_t> ids{};      // [rows * L]
  std::vector<std::int32_t> lengths{};  // real tokens of each row, <bos> and <eos> included
  std::vector<std::string> cut{};       // the words cut from each row; "" where nothing was
  std::vector<std::vector<std::string>> unknown{};  // words of each row with no piece of their own
  std::int64_t rows() const { return static_cast<std::int64_t>(lengths.size()); }
};

/// Ids of Tessera's own vocabularies.
inline constexpr std::int32_t kPad = 0;
inline constexpr std::int32_t kUnknown = 1;
inline constexpr std::int32_t kBegin = 2;
inline constexpr std::int32_t kEnd = 3;

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// Rows of exactly `length` ids. A longer prompt is cut at a word and `cut` names the words; the
  /// row still ends with <eos>. Any bytes are legal: invalid UTF-8 becomes U+FFFD.
  virtual Tokens encode(std::span<const std::string> prompts, std::int64_t length) const = 0;
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
  virtual std::int64_t vocabulary_size() const = 0;
};

/// Pieces, scores and kinds as a text table ("tokens.tsv"), exported beside every model. The same
/// ids as SentencePiece for text that is already normalised, such as the captions of data/scenes;
/// needs no library. Throws kNotFound or kCorruptFile naming the line.
std::unique_ptr<const Tokenizer> load_table_tokenizer(const std::filesystem::path& table);

}  // namespace tessera::text
