#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::text {

/// U+2581, which stands for the space before a word.
inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

enum class PieceKind : unsigned char { kNormal, kUnk, kControl, kByte };

struct PieceEntry {
  std::string piece{};  // UTF-8; a byte piece is written "<0x0A>"
  float score = 0;      // log-probability of the unigram model, nats
  PieceKind kind = PieceKind::kNormal;
};

/// "tokens.tsv": the pieces of a unigram vocabulary in the order of their ids. Fields are parted by
/// tabs, lines end with a line feed, the last one too:
///     tessera.tokens/1  unigram  COUNT
///     ID  PIECE  SCORE  KIND          (COUNT lines; KIND: normal, unknown, control or byte)
/// Ids 0 to 3 are <pad>, <unk>, <bos> and <eos>. Byte pieces are all there, from 0x00 to 0xFF, or
/// none. Throws kNotFound, kIo, or kCorruptFile naming the line.
std::vector<PieceEntry> read_token_table(const std::filesystem::path& file);

/// Writes it atomically; read_token_table gives the same entries, scores to the last bit.
/// Throws kInvalidArgument for a piece with a tab or a line feed, kIo.
void write_token_table(const std::filesystem::path& file, const std::vector<PieceEntry>& entries);

/// The byte that a byte piece stands for, or -1: "<0x41>" -> 0x41.
int byte_of_piece(std::string_view piece);

}  // namespace tessera::text
