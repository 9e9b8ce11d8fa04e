#include "text/table_tokenizer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "core/error.h"
#include "io/utf8.h"
#include "text/token_rows.h"

namespace tessera::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr float kUnknownPenalty = 10.0f;                   // below the least likely piece, nats

bool is_space(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  return first <= 0x20 || first == 0x7F || character == kSpaceMark || character == kReplacement;
}

/// Words, each behind the mark of a space; "" for a text without words.
std::string normalised(std::string_view prompt) {
  const std::string text = io::repaired_utf8(prompt);
  std::string out;
  bool space = true;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view character = rest.substr(0, io::utf8_length(rest));
    rest.remove_prefix(character.size());
    if (is_space(character)) {
      space = true;
      continue;
    }
    if (space) out += kSpaceMark;
    space = false;
    const bool capital = character.front() >= 'A' && character.front() <= 'Z';
    if (capital) {
      out += static_cast<char>(character.front() - 'A' + 'a');
    } else {
      out += character;
    }
  }
  return out;
}

class TableTokenizer final : public Tokenizer {
 public:
  explicit TableTokenizer(std::vector<PieceEntry> entries) : entries_(std::move(entries)) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const PieceEntry& entry = entries_[i];
      const auto id = static_cast<std::int32_t>(i);
      if (entry.kind == PieceKind::kByte) {
        byte_ids_.at(static_cast<std::size_t>(byte_of_piece(entry.piece))) = id;
        has_bytes_ = true;
      }
      if (entry.kind != PieceKind::kNormal) continue;
      ids_.emplace(entry.piece, id);
      longest_ = std::max(longest_, entry.piece.size());
      least_score_ = std::min(least_score_, entry.score);
    }
  }

  Tokens encode(std::span<const std::string> prompts, std::int64_t length) const override {
    std::vector<std::vector<Piece>> rows;
    for (const std::string& prompt : prompts) rows.push_back(best_pieces(normalised(prompt)));
    return make_rows(rows, length);
  }

  std::string decode(std::span<const std::int32_t> ids) const override;

  std::int64_t vocabulary_size() const override { return std::ssize(entries_); }

 private:
  /// The best way to write text[0, end): its last piece begins at `begin`; id -1 = no piece.
  struct Node {
    float score = 0;
    std::size_t begin = std::string::npos;
    std::int32_t id = -1;
  };

  std::vector<Piece> best_pieces(const std::string& text) const;
  void extend(std::vector<Node>& nodes, std::string_view text, std::size_t begin) const;
  void append_uncovered(std::vector<Piece>& pieces, std::string_view text) const;

  std::vector<PieceEntry> entries_;
  std::unordered_map<std::string_view, std::int32_t> ids_;  // normal pieces; keys live in entries_
  std::array<std::int32_t, 256> byte_ids_{};
  bool has_bytes_ = false;
  std::size_t longest_ = 0;  // of a normal piece, bytes
  float least_score_ = std::numeric_limits<float>::max();
};

/// Tries every piece that begins at `begin`. An equal score does not replace an earlier, longer
/// piece; sums are rounded to float32 at each position: both as SentencePiece does, so that near
/// ties fall the same way.
void TableTokenizer::extend(std::vector<Node>& nodes,
                            std::string_view text,
                            std::size_t begin) const {
  const auto offer = [&](std::size_t end, float score, std::int32_t id) {
    const double sum = static_cast<double>(score) + static_cast<double>(nodes[begin].score);
    Node& node = nodes[end];
    if (node.begin != std::string::npos && sum <= static_cast<double>(node.score)) return;
    node = {.score = static_cast<float>(sum), .begin = begin, .id = id};
  };
  const std::size_t character = io::utf8_length(text.substr(begin));
  bool covered = false;  // the character alone has a piece
  const std::size_t longest = std::min(longest_, text.size() - begin);
  for (std::size_t size = character; size <= longest;) {
    const auto found = ids_.find(text.substr(begin, size));
    if (found != ids_.end()) {
      offer(begin + size, entries_[static_cast<std::size_t>(found->second)].score, found->second);
      covered = covered || size == character;
    }
    if (begin + size == text.size()) break;
    size += io::utf8_length(text.substr(begin + size));
  }
  if (!covered) offer(begin + character, least_score_ - kUnknownPenalty, -1);
}

std::vector<Piece> TableTokenizer::best_pieces(const std::string& text) const {
  std::vector<Node> nodes(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); i += io::utf8_length(std::string_view(text).substr(i))) {
    extend(nodes, text, i);
  }
  std::vector<std::size_t> ends;
  for (std::size_t end = text.size(); end > 0; end = nodes[end].begin) ends.push_back(end);
  std::vector<Piece> pieces;
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    const Node& node = nodes[*end];
    const std::string piece = text.substr(node.begin, *end - node.begin);
    if (node.id < 0) {
      append_uncovered(pieces, piece);
    } else {
      pieces.push_back({.id = node.id, .text = piece});
    }
  }
  return pieces;
}

void TableTokenizer::append_uncovered(std::vector<Piece>& pieces, std::string_view text) const {
  if (has_bytes_) {
    for (const char c : text) {
      const std::int32_t id = byte_ids_.at(static_cast<unsigned char>(c));
      pieces.push_back({.id = id, .text = std::string(1, c), .fallback = true});
    }
  } else if (!pieces.empty() && pieces.back().id == kUnknown) {
    pieces.back().text += text;
  } else {
    pieces.push_back({.id = kUnknown, .text = std::string(text), .fallback = true});
  }
}

std::string TableTokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  for (const std::int32_t id : ids) {
    TESSERA_CHECK(id >= 0 && id < vocabulary_size(),
                  kInvalidArgument,
                  "ids are 0 to ",
                  vocabulary_size() - 1,
                  ", got ",
                  id);
    const PieceEntry& entry = entries_[static_cast<std::size_t>(id)];
    if (entry.kind == PieceKind::kNormal) text += entry.piece;
    if (entry.kind == PieceKind::kByte) text += static_cast<char>(byte_of_piece(entry.piece));
    if (entry.kind == PieceKind::kUnk) text += kReplacement;
  }
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    if (rest.starts_with(kSpaceMark)) {
      if (!out.empty()) out += ' ';
      rest.remove_prefix(kSpaceMark.size());
    } else {
      out += rest.front();
      rest.remove_prefix(1);
    }
  }
  return io::repaired_utf8(out);
}

}  // namespace

std::unique_ptr<const Tokenizer> make_table_tokenizer(std::vector<PieceEntry> entries) {
  return std::make_unique<TableTokenizer>(std::move(entries));
}

std::unique_ptr<const Tokenizer> load_table_tokenizer(const std::filesystem::path& table) {
  return make_table_tokenizer(read_token_table(table));
}

}  // namespace tessera::text
