#include "io/image/png_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <zlib.h>

#include "core/error.h"
#include "io/utf8.h"

namespace tessera::io {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr std::size_t kMaxText = std::size_t{16} << 20;

/// One chunk: length, type, data, checksum of type and data.
struct Chunk {
  std::size_t place = 0;  // of its length
  std::string_view type{};
  std::string_view data{};
  std::string_view whole{};
  std::uint32_t crc = 0;
};

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string big_endian(std::uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFFu);
  return out;
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// The chunks up to and with IEND; what follows it is no part of the picture.
std::vector<Chunk> chunks_of(std::string_view png, const std::string& what) {
  TESSERA_CHECK(png.substr(0, 8) == kSignature, kCorruptFile, what, ": not a PNG file (byte 0)");
  std::vector<Chunk> chunks;
  std::size_t place = 8;
  while (chunks.empty() || chunks.back().type != "IEND") {
    const std::size_t left = png.size() - place;
    const std::size_t size = left < 12 ? 0 : big_endian(png.substr(place));
    TESSERA_CHECK(left >= 12 && size <= left - 12,
                  kCorruptFile,
                  what,
                  ": cut short in a chunk of ",
                  size,
                  " bytes (byte ",
                  place,
                  ")");
    const std::string_view whole = png.substr(place, size + 12);
    chunks.push_back({place,
                      whole.substr(4, 4),
                      whole.substr(8, size),
                      whole,
                      big_endian(whole.substr(8 + size))});
    place += size + 12;
  }
  return chunks;
}

bool is_text(const Chunk& chunk) {
  return chunk.type == "tEXt" || chunk.type == "zTXt" || chunk.type == "iTXt";
}

std::string_view keyword_of(const Chunk& chunk) {
  return chunk.data.substr(0, chunk.data.find('\0'));
}

std::string chunk_of(const char* type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(checksum(body));
}

/// Takes the bytes up to the next NUL off the front of `rest`; nothing where there is none.
std::optional<std::string_view> until_nul(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view found = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return found;
}

/// A zlib stream, or nothing where it is damaged or longer than `limit`.
std::optional<std::string> inflated(std::string_view bytes, std::size_t limit) {
  z_stream stream{};
  if (::inflateInit(&stream) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // read only
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::array<char, 16384> block{};
  int state = Z_OK;
  while (state == Z_OK && out.size() <= limit) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = block.size();
    state = ::inflate(&stream, Z_NO_FLUSH);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  ::inflateEnd(&stream);
  if (state != Z_STREAM_END || out.size() > limit) return std::nullopt;
  return out;
}

/// Layout: keyword NUL text | keyword NUL method stream | keyword NUL flag method language NUL
/// translated-keyword NUL text-or-stream. Nothing where the chunk does not follow it.
std::optional<PngText> parse_text(const Chunk& chunk, std::size_t limit) {
  std::string_view rest = chunk.data;
  const auto keyword = until_nul(rest);
  if (!keyword || keyword->empty() || keyword->size() > 79) return std::nullopt;
  PngText out{utf8_from_latin1(*keyword), ""};
  if (chunk.type == "tEXt") {
    if (rest.size() > limit) return std::nullopt;
    out.text = is_utf8(rest) ? std::string(rest) : utf8_from_latin1(rest);
    return out;
  }
  bool packed = true;
  if (chunk.type == "iTXt") {
    if (rest.size() < 2 || rest[0] < 0 || rest[0] > 1) return std::nullopt;
    packed = rest[0] == 1;
    rest.remove_prefix(1);
  }
  if (rest.empty() || (packed && rest[0] != 0)) return std::nullopt;  // method 0 is zlib
  rest.remove_prefix(1);
  if (chunk.type == "iTXt" && (!until_nul(rest) || !until_nul(rest))) return std::nullopt;
  std::optional<std::string> text =
      packed ? inflated(rest, limit)
             : (rest.size() > limit ? std::nullopt : std::optional<std::string>(rest));
  if (!text) return std::nullopt;
  out.text =
      chunk.type == "zTXt" && !is_utf8(*text) ? utf8_from_latin1(*text) : repaired_utf8(*text);
  return out;
}

std::string text_chunk(const PngText& text) {
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7F; };
  TESSERA_CHECK(!text.keyword.empty() && text.keyword.size() <= 79 && text.keyword.front() != ' ' &&
                    text.keyword.back() != ' ' &&
                    std::all_of(text.keyword.begin(), text.keyword.end(), printable),
                kInvalidArgument,
                "a PNG keyword must be 1 to 79 printable ASCII characters without outer spaces");
  TESSERA_CHECK(text.text.find('\0') == std::string::npos && text.text.size() <= kMaxText,
                kInvalidArgument,
                "the text \"",
                text.keyword,
                "\" of ",
                text.text.size(),
                " bytes has no place in a PNG file");
  const std::string utf8 = repaired_utf8(text.text);
  const auto latin1 = latin1_from_utf8(utf8);
  const bool ascii = latin1 && latin1->size() == utf8.size();
  if (ascii || (latin1 && !is_utf8(*latin1))) {
    return chunk_of("tEXt", text.keyword + std::string(1, '\0') + *latin1);
  }
  return chunk_of("iTXt", text.keyword + std::string(5, '\0') + utf8);
}

}  // namespace

std::string with_png_texts(std::string_view png, const std::vector<PngText>& texts) {
  std::string inserted;
  for (const PngText& text : texts) inserted += text_chunk(text);
  std::string out(kSignature);
  bool done = false;
  for (const Chunk& chunk : chunks_of(png, "picture")) {
    if (!done && (chunk.type == "IDAT" || chunk.type == "IEND")) {
      out += inserted;
      done = true;
    }
    const bool replaced = is_text(chunk) && find_png_text(texts, keyword_of(chunk)).has_value();
    if (!replaced) out += chunk.whole;
  }
  return out;
}

std::vector<PngText> read_png_texts(std::string_view png, const std::string& what) {
  std::vector<PngText> texts;
  std::size_t total = 0;
  for (const Chunk& chunk : chunks_of(png, what)) {
    if (!is_text(chunk)) continue;
    TESSERA_CHECK(checksum(chunk.whole.substr(4, chunk.data.size() + 4)) == chunk.crc,
                  kCorruptFile,
                  what,
                  ": checksum of a ",
                  chunk.type,
                  " chunk is wrong (byte ",
                  chunk.place,
                  ")");
    const auto text = parse_text(chunk, kMaxText - total);
    TESSERA_CHECK(text,
                  kCorruptFile,
                  what,
                  ": a ",
                  chunk.type,
                  " chunk is damaged or holds more than 16 MiB of text (byte ",
                  chunk.place,
                  ")");
    total += text->text.size();
    texts.push_back(*text);
  }
  return texts;
}

std::optional<std::string> find_png_text(const std::vector<PngText>& texts,
                                         std::string_view keyword) {
  for (const PngText& text : texts) {
    if (text.keyword == keyword) return text.text;
  }
  return std::nullopt;
}

}  // namespace tessera::io
