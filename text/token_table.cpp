#include "text/token_table.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/utf8.h"
#include "text/tokenizer.h"

namespace tessera::text {
namespace {

constexpr std::string_view kMagic = "tessera.tokens/1";
constexpr std::string_view kModel = "unigram";
constexpr std::int64_t kMostPieces = 1 << 20;

constexpr std::array<std::pair<PieceKind, std::string_view>, 4> kKinds{{
    {PieceKind::kNormal, "normal"},
    {PieceKind::kUnk, "unknown"},
    {PieceKind::kControl, "control"},
    {PieceKind::kByte, "byte"},
}};

/// Takes the text up to `end` from the front of `rest`; nothing where `end` is missing.
bool take(std::string_view& rest, char end, std::string_view& field) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) return false;
  field = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return true;
}

template <typename Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// Reads one file line by line and knows where it is, for messages.
class Reader {
 public:
  Reader(const std::filesystem::path& file, std::string_view rest) : file_(file), rest_(rest) {}

  /// The fields of the next line, which must have `count` of them.
  std::vector<std::string_view> line(std::size_t count) {
    ++line_;
    std::string_view line;
    if (!take(rest_, '\n', line)) fail("the file ends too early");
    std::vector<std::string_view> fields;
    std::string_view field;
    while (take(line, '\t', field)) fields.push_back(field);
    fields.push_back(line);
    if (fields.size() != count) {
      fail(concat("wanted ", count, " fields parted by tabs, found ", fields.size()));
    }
    return fields;
  }

  void expect_end() {
    ++line_;
    if (!rest_.empty()) fail("there is more than the first line says");
  }

  [[noreturn]] void fail(const std::string& what) const {
    TESSERA_THROW(kCorruptFile, file_.string(), ", line ", line_, ": ", what);
  }

 private:
  const std::filesystem::path& file_;
  std::string_view rest_;
  std::int64_t line_ = 0;
};

PieceEntry parse_entry(Reader& reader, std::int64_t id) {
  const auto fields = reader.line(4);
  std::int64_t stated = -1;
  if (!parse(fields[0], stated) || stated != id) {
    reader.fail(concat("wanted id ", id, ", found \"", fields[0], "\""));
  }
  PieceEntry entry;
  entry.piece = fields[1];
  if (entry.piece.empty() || !io::is_utf8(entry.piece)) {
    reader.fail("the piece is empty or not UTF-8");
  }
  if (!parse(fields[2], entry.score) || !std::isfinite(entry.score)) {
    reader.fail(concat("the score must be a finite number, found \"", fields[2], "\""));
  }
  bool known = false;
  for (const auto& [kind, name] : kKinds) {
    if (fields[3] != name) continue;
    entry.kind = kind;
    known = true;
  }
  if (!known) {
    reader.fail(
        concat("the kind must be normal, unknown, control or byte, found \"", fields[3], "\""));
  }
  if (entry.kind == PieceKind::kByte && byte_of_piece(entry.piece) < 0) {
    reader.fail(concat("a byte piece is written <0x41>, found \"", entry.piece, "\""));
  }
  const bool reserved = id == kPad || id == kBegin || id == kEnd;
  if (reserved != (entry.kind == PieceKind::kControl) ||
      (id == kUnknown) != (entry.kind == PieceKind::kUnk)) {
    reader.fail(concat("id ", id, " cannot be of kind ", fields[3]));
  }
  return entry;
}

}  // namespace

std::vector<PieceEntry> read_token_table(const std::filesystem::path& file) {
  const std::string bytes = read_file(file);
  Reader reader(file, bytes);
  const auto head = reader.line(3);
  std::int64_t count = 0;
  if (head[0] != kMagic || head[1] != kModel || !parse(head[2], count) || count <= kEnd ||
      count > kMostPieces) {
    reader.fail(concat("wanted \"", kMagic, " ", kModel, " COUNT\" with COUNT over ", kEnd));
  }
  std::vector<PieceEntry> entries;
  std::set<std::string> seen;
  std::set<int> bytes_seen;
  for (std::int64_t id = 0; id < count; ++id) {
    entries.push_back(parse_entry(reader, id));
    const PieceEntry& entry = entries.back();
    if (!seen.insert(entry.piece).second) {
      reader.fail(concat("the piece \"", entry.piece, "\" is there twice"));
    }
    if (entry.kind == PieceKind::kByte) bytes_seen.insert(byte_of_piece(entry.piece));
  }
  reader.expect_end();
  if (!bytes_seen.empty() && bytes_seen.size() != 256) {
    reader.fail(concat("wanted all 256 byte pieces or none, found ", bytes_seen.size()));
  }
  return entries;
}

void write_token_table(const std::filesystem::path& file, const std::vector<PieceEntry>& entries) {
  std::string text = concat(kMagic, '\t', kModel, '\t', entries.size(), '\n');
  for (std::size_t id = 0; id < entries.size(); ++id) {
    const PieceEntry& entry = entries[id];
    TESSERA_CHECK(entry.piece.find_first_of("\t\n") == std::string::npos,
                  kInvalidArgument,
                  "piece ",
                  id,
                  " holds a tab or a line feed, which tokens.tsv cannot");
    std::array<char, 32> score{};
    const auto end = std::to_chars(score.data(), score.data() + score.size(), entry.score).ptr;
    text += concat(id, '\t', entry.piece, '\t');
    text.append(score.data(), end);
    text += concat('\t', kKinds.at(static_cast<std::size_t>(entry.kind)).second, '\n');
  }
  write_file_atomically(file, text);
}

int byte_of_piece(std::string_view piece) {
  unsigned value = 0;
  if (piece.size() != 6 || piece.substr(0, 3) != "<0x" || piece.back() != '>') return -1;
  const auto [end, error] = std::from_chars(piece.data() + 3, piece.data() + 5, value, 16);
  return error == std::errc() && end == piece.data() + 5 ? static_cast<int>(value) : -1;
}

}  // namespace tessera::text
