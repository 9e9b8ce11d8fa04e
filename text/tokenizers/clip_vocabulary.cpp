#include "text/tokenizers/clip_vocabulary.h"

#include <string_view>
#include <unordered_map>

#include <nlohmann/json.hpp>
#include <zlib.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/in_quotes.h"
#include "text/tokenizers/clip_text.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kEndOfWord = "</w>";
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::int64_t kMostPieces = 10'000'000;
constexpr std::int64_t kFixed = 514;  // bytes, last bytes and the special tokens

/// Symbols as they are written in the files -> ids.
using Ids = std::unordered_map<std::string, std::int32_t>;

/// The printable character that stands for a byte in the files. Bytes that are printable in Latin-1
/// stand for themselves, the others are U+0100, U+0101, … in their order.
std::array<std::string, 256> symbols_of_bytes() {
  std::array<std::string, 256> symbols;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const char32_t written = printable ? byte : next++;
    symbols.at(byte) = utf8({&written, 1});
  }
  return symbols;
}

/// The bytes 0…255 in the order of their ids: the printable ones first.
std::vector<unsigned> bytes_in_order() {
  std::vector<unsigned> printable;
  std::vector<unsigned> others;
  const std::array<std::string, 256> symbols = symbols_of_bytes();
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool other = code_points(symbols.at(byte)).front() >= 0x100;
    (other ? others : printable).push_back(byte);
  }
  printable.insert(printable.end(), others.begin(), others.end());
  return printable;
}

std::string gunzip(const std::string& packed, const std::string& name) {
  constexpr int kGzipWindow = 16 + MAX_WBITS;
  z_stream stream{};
  TESSERA_CHECK(inflateInit2(&stream, kGzipWindow) == Z_OK, kInternal, "zlib cannot begin");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK && out.size() < kMostBytes) {
    constexpr std::size_t kBlock = std::size_t{1} << 20;
    const std::size_t have = out.size();
    out.resize(have + kBlock);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = kBlock;
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(have + kBlock - stream.avail_out);
  }
  const uLong read = stream.total_in;
  inflateEnd(&stream);
  TESSERA_CHECK(status == Z_STREAM_END,
                kCorruptFile,
                name,
                ": the gzip stream is damaged, ends early or is too large, at byte ",
                read);
  return out;
}

/// The file's lines, unpacked where it is packed.
std::string read_text(const fs::path& file) {
  std::string bytes = read_file(file, kMostBytes);
  return bytes.starts_with("\x1F\x8B") ? gunzip(bytes, file.string()) : bytes;
}

/// The two symbols of each line behind the head, `most` lines at most.
class MergeLines {
 public:
  MergeLines(const fs::path& file, std::string_view text) : name_(file.string()), rest_(text) {
    take_line();  // the head, "#version: …"
  }

  bool done() const { return rest_.empty(); }

  std::pair<std::string, std::string> next() {
    const std::string_view line = take_line();
    const std::size_t space = line.find(' ');
    if (space == 0 || space >= line.size() - 1 || line.find(' ', space + 1) != line.npos) {
      fail("wanted two symbols with a space between");
    }
    return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
  }

  [[noreturn]] void fail(const std::string& why) const {
    TESSERA_THROW(kCorruptFile, name_, ": line ", number_, ": ", why);
  }

 private:
  std::string_view take_line() {
    const std::size_t size = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, size);
    rest_.remove_prefix(std::min(size + 1, rest_.size()));
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  std::string name_;
  std::string_view rest_;
  int number_ = 0;
};

std::int32_t id_of(const Ids& ids, const std::string& symbol, const MergeLines& lines) {
  const auto found = ids.find(symbol);
  if (found == ids.end()) lines.fail(concat("the symbol ", io::in_quotes(symbol), " has no id"));
  return found->second;
}

std::int32_t id_of(const Ids& ids, const std::string& symbol, const std::string& name) {
  const auto found = ids.find(symbol);
  TESSERA_CHECK(
      found != ids.end(), kCorruptFile, name, ": the symbol ", io::in_quotes(symbol), " has no id");
  return found->second;
}

/// Everything but the merges; `count` ids are known to be 0 … count - 1.
ClipVocabulary vocabulary_of(const Ids& ids, std::size_t count, const std::string& name) {
  ClipVocabulary made{.bytes = std::vector<std::string>(count),
                      .ends_word = std::vector<bool>(count)};
  made.start = id_of(ids, utf8(kClipStart), name);
  made.end = id_of(ids, utf8(kClipEnd), name);
  constexpr std::size_t kWritten = 0x200;  // the characters that stand for bytes lie below
  std::array<int, kWritten> byte_of{};
  byte_of.fill(-1);
  const std::array<std::string, 256> symbols = symbols_of_bytes();
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string& symbol = symbols.at(byte);
    made.byte.at(byte) = id_of(ids, symbol, name);
    made.last_byte.at(byte) = id_of(ids, symbol + std::string(kEndOfWord), name);
    byte_of.at(code_points(symbol).front()) = static_cast<int>(byte);
  }
  for (const auto& [symbol, id] : ids) {
    if (id == made.start || id == made.end) continue;
    const auto index = static_cast<std::size_t>(id);
    std::string_view written = symbol;
    const bool ends = written.size() > kEndOfWord.size() && written.ends_with(kEndOfWord);
    if (ends) written.remove_suffix(kEndOfWord.size());
    made.ends_word[index] = ends;
    for (const char32_t c : code_points(written)) {
      const int byte = c < kWritten ? byte_of.at(c) : -1;
      TESSERA_CHECK(byte >= 0,
                    kCorruptFile,
                    name,
                    ": ",
                    io::in_quotes(symbol),
                    " holds a character that stands for no byte");
      made.bytes[index] += static_cast<char>(byte);
    }
  }
  return made;
}

/// Takes the pairs of vocab.json without building its 49,408 values.
class IdReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Ids ids{};
  std::string error{};

  bool key(std::string& symbol) override {
    symbol_ = symbol;
    return true;
  }
  bool number_integer(std::int64_t id) override { return add(id); }
  bool number_unsigned(std::uint64_t id) override {
    return add(id > static_cast<std::uint64_t>(kMostPieces) ? -1 : static_cast<std::int64_t>(id));
  }
  bool start_object(std::size_t /*elements*/) override {
    return ++depth_ == 1 || refuse("wanted numbers, found an object");
  }
  bool end_object() override { return true; }
  bool null() override { return refuse("wanted numbers, found null"); }
  bool boolean(bool /*value*/) override { return refuse("wanted numbers, found a boolean"); }
  bool number_float(double /*value*/, const std::string& text) override {
    return refuse(concat("wanted whole numbers, found ", text));
  }
  bool string(std::string& /*value*/) override { return refuse("wanted numbers, found a text"); }
  bool binary(nlohmann::json::binary_t& /*value*/) override { return refuse("wanted numbers"); }
  bool start_array(std::size_t /*elements*/) override {
    return refuse("wanted an object of numbers, found an array");
  }
  bool end_array() override { return true; }
  bool parse_error(std::size_t at,
                   const std::string& /*token*/,
                   const nlohmann::json::exception& /*why*/) override {
    return refuse(concat("no JSON at byte ", at));
  }

 private:
  bool add(std::int64_t id) {
    if (depth_ != 1) return refuse("wanted an object of numbers");
    if (id < 0 || id >= kMostPieces)
      return refuse(concat(io::in_quotes(symbol_), " has no legal id"));
    if (!ids.emplace(symbol_, static_cast<std::int32_t>(id)).second) {
      return refuse(concat(io::in_quotes(symbol_), " is there twice"));
    }
    return true;
  }
  bool refuse(const std::string& why) {
    if (error.empty()) error = why;
    return false;
  }

  std::string symbol_;
  int depth_ = 0;
};

/// Symbols and ids of vocab.json, whose ids are 0 … count - 1, each once.
Ids read_ids(const fs::path& file) {
  IdReader reader;
  const std::string text = read_file(file, kMostBytes);
  const bool read = nlohmann::json::sax_parse(text, &reader);
  TESSERA_CHECK(read, kCorruptFile, file.string(), ": ", reader.error);
  std::vector<bool> seen(reader.ids.size());
  for (const auto& [symbol, id] : reader.ids) {
    const auto index = static_cast<std::size_t>(id);
    TESSERA_CHECK(index < seen.size() && !seen[index],
                  kCorruptFile,
                  file.string(),
                  ": the ids must be 0 to ",
                  seen.size() - 1,
                  ", each once, got ",
                  id,
                  " for ",
                  io::in_quotes(symbol));
    seen[index] = true;
  }
  return std::move(reader.ids);
}

}  // namespace

ClipSymbols read_openai_symbols(const fs::path& file, std::int64_t size) {
  TESSERA_CHECK(size >= kFixed && size <= kMostPieces,
                kInvalidArgument,
                "a vocabulary has at least ",
                kFixed,
                " pieces, got ",
                size);
  const std::string text = read_text(file);
  MergeLines lines(file, text);
  ClipSymbols symbols;
  Ids ids;
  ids.reserve(static_cast<std::size_t>(size));
  const auto add = [&](std::string symbol) {
    symbols.names.push_back(std::move(symbol));
    return ids.emplace(symbols.names.back(), static_cast<std::int32_t>(ids.size())).second;
  };
  const std::array<std::string, 256> bytes = symbols_of_bytes();
  const std::vector<unsigned> order = bytes_in_order();
  for (const std::string_view tail : {std::string_view(), kEndOfWord}) {
    for (const unsigned byte : order) add(bytes.at(byte) + std::string(tail));
  }
  for (std::int64_t rank = 0; rank < size - kFixed; ++rank) {
    if (lines.done()) lines.fail(concat("wanted ", size - kFixed, " merges, found ", rank));
    const auto [left, right] = lines.next();
    symbols.merges.push_back({.left = id_of(ids, left, lines), .right = id_of(ids, right, lines)});
    if (!add(left + right)) lines.fail(concat(io::in_quotes(left + right), " is made twice"));
  }
  add(utf8(kClipStart));
  add(utf8(kClipEnd));
  return symbols;
}

ClipVocabulary read_openai_vocabulary(const fs::path& file, std::int64_t size) {
  const ClipSymbols symbols = read_openai_symbols(file, size);
  Ids ids;
  ids.reserve(symbols.names.size());
  for (const std::string& name : symbols.names) {
    ids.emplace(name, static_cast<std::int32_t>(ids.size()));
  }
  ClipVocabulary made = vocabulary_of(ids, symbols.names.size(), file.string());
  std::int32_t rank = 0;
  for (const ClipMerge& merge : symbols.merges) {
    constexpr auto kFirst = static_cast<std::int32_t>(kFixed - 2);  // behind the bytes
    made.pairs.add(merge.left, merge.right, rank, kFirst + rank);
    ++rank;
  }
  return made;
}

ClipVocabulary read_hugging_face_vocabulary(const fs::path& vocabulary, const fs::path& merges) {
  const Ids ids = read_ids(vocabulary);
  ClipVocabulary made = vocabulary_of(ids, ids.size(), vocabulary.string());
  const std::string text = read_text(merges);
  MergeLines lines(merges, text);
  for (std::int32_t rank = 0; !lines.done(); ++rank) {
    const auto [left, right] = lines.next();
    made.pairs.add(
        id_of(ids, left, lines), id_of(ids, right, lines), rank, id_of(ids, left + right, lines));
  }
  return made;
}

}  // namespace tessera::text
