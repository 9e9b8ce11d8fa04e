#include "io/formats/npy_header.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.h"
#include "io/in_quotes.h"

namespace tessera::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostAxes = 32;
constexpr std::size_t kLongestHeader = 65'535;

struct TypeName {
  std::string_view name{};
  c10::ScalarType type{};
};
constexpr std::array<TypeName, 9> kTypes = {{{"<f8", c10::ScalarType::Double},
                                             {"<f4", c10::ScalarType::Float},
                                             {"<f2", c10::ScalarType::Half},
                                             {"<i8", c10::ScalarType::Long},
                                             {"<i4", c10::ScalarType::Int},
                                             {"<i2", c10::ScalarType::Short},
                                             {"|i1", c10::ScalarType::Char},
                                             {"|u1", c10::ScalarType::Byte},
                                             {"|b1", c10::ScalarType::Bool}}};

/// The header is a Python dict of three known keys; only that is understood.
class DictReader {
 public:
  DictReader(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  NpyHeader read() {
    NpyHeader header;
    bool seen[3] = {};
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !seen[0]) {
        seen[0] = true;
        header.type = type_named(quoted());
      } else if (key == "fortran_order" && !seen[1]) {
        seen[1] = true;
        header.fortran_order = truth();
      } else if (key == "shape" && !seen[2]) {
        seen[2] = true;
        header.shape = shape();
      } else {
        refuse();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_spaces();
    if (at_ != text_.size() || !seen[0] || !seen[1] || !seen[2]) refuse();
    return header;
  }

 private:
  [[noreturn]] void refuse() const {
    TESSERA_THROW(kCorruptFile, what_, ": not a NumPy array header (character ", at_, " of it)");
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char wanted) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse();
  }
  std::string_view quoted() {
    expect('\'');
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) refuse();
    const std::string_view inside = text_.substr(at_, end - at_);
    at_ = end + 1;
    return inside;
  }
  bool truth() {
    skip_spaces();
    for (const std::string_view word : {std::string_view("False"), std::string_view("True")}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return word == "True";
    }
    refuse();
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> sides;
    expect('(');
    while (!accept(')')) {
      std::int64_t side = 0;
      skip_spaces();
      const auto [end, failed] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), side);
      if (failed != std::errc() || side < 0 || sides.size() == kMostAxes) refuse();
      at_ = static_cast<std::size_t>(end - text_.data());
      sides.push_back(side);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sides;
  }
  c10::ScalarType type_named(std::string_view name) const {
    for (const TypeName& known : kTypes) {
      if (known.name == name) return known.type;
    }
    TESSERA_THROW(kCorruptFile,
                  what_,
                  ": an array of type ",
                  in_quotes(name),
                  "; numbers of 8 to 64 bits in little-endian order are read");
  }

  std::string_view text_;
  const std::string& what_;
  std::size_t at_ = 0;
};

/// Bytes that the numbers take; throws where that is no size of a tensor, even beside a side of 0.
std::uint64_t bytes_of(const NpyHeader& header, const std::string& what) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  std::uint64_t bytes = c10::elementSize(header.type);
  bool empty = false;
  for (const std::int64_t side : header.shape) {
    empty = empty || side == 0;
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(side, 1));
    TESSERA_CHECK(
        factor <= kMost / bytes, kCorruptFile, what, ": an array that is larger than any memory");
    bytes *= factor;
  }
  return empty ? 0 : bytes;
}

}  // namespace

NpyHeader read_npy_header(std::string_view bytes, const std::string& what) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  TESSERA_CHECK(bytes.size() >= 10 && bytes.substr(0, kMagic.size()) == kMagic && byte(6) >= 1 &&
                    byte(6) <= 3,
                kCorruptFile,
                what,
                ": not a NumPy array");
  const bool wide = byte(6) >= 2;  // four bytes of length
  const std::size_t begin = wide ? 12 : 10;
  std::size_t length = byte(8) | static_cast<std::size_t>(byte(9)) << 8;
  if (wide && bytes.size() >= begin) {
    length |= static_cast<std::size_t>(byte(10)) << 16 | static_cast<std::size_t>(byte(11)) << 24;
  }
  TESSERA_CHECK(bytes.size() >= begin && length <= kLongestHeader && length <= bytes.size() - begin,
                kCorruptFile,
                what,
                ": the header of the NumPy array runs out of its ",
                bytes.size(),
                " bytes");
  NpyHeader header = DictReader(bytes.substr(begin, length), what).read();
  header.size = begin + length;
  const std::uint64_t wanted = bytes_of(header, what);
  TESSERA_CHECK(wanted == bytes.size() - header.size,
                kCorruptFile,
                what,
                ": the header announces ",
                wanted,
                " bytes of numbers, ",
                bytes.size() - header.size,
                " follow");
  return header;
}

std::string npy_header_text(const NpyHeader& header) {
  std::string_view name;
  for (const TypeName& known : kTypes) {
    if (known.type == header.type) name = known.name;
  }
  TESSERA_CHECK(
      !name.empty(), kInvalidArgument, "NumPy has no numbers of type ", c10::toString(header.type));
  std::string dict = concat("{'descr': '",
                            name,
                            "', 'fortran_order': ",
                            header.fortran_order ? "True" : "False",
                            ", 'shape': (");
  for (const std::int64_t side : header.shape) dict += std::to_string(side) + ", ";
  if (header.shape.size() > 1) dict.resize(dict.size() - 2);
  if (header.shape.size() == 1) dict.pop_back();
  dict += "), }";
  constexpr std::size_t kAlignment = 64;
  const std::size_t before = kMagic.size() + 4;
  const std::size_t whole = (before + dict.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  dict.append(whole - before - dict.size() - 1, ' ');
  dict += '\n';
  std::string out(kMagic);
  out += '\1';
  out += '\0';
  out += static_cast<char>(dict.size() & 0xFF);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

}  // namespace tessera::io
