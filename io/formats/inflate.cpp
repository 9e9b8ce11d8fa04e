#include "io/formats/inflate.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/error.h"

namespace tessera::io {
namespace {

constexpr int kLongestCode = 15;
constexpr int kFastBits = 10;                // codes up to here are found by one look into a table
constexpr std::uint64_t kMostGrowth = 1032;  // a match of 258 bytes takes at least two bits

/// The bits of a stream, lowest first.
class Bits {
 public:
  Bits(std::string_view bytes, const std::string& what) : bytes_(bytes), what_(what) {}

  [[noreturn]] void refuse(const char* problem) const {
    TESSERA_THROW(kCorruptFile, what_, ": compressed data ", problem, " (packed byte ", at_, ")");
  }

  /// The next `count` <= 32 bits, zeros behind the end; they stay.
  std::uint32_t peek(int count) {
    while (held_ < count && at_ < bytes_.size()) {
      waiting_ |= std::uint64_t{static_cast<unsigned char>(bytes_[at_++])} << held_;
      held_ += 8;
    }
    return static_cast<std::uint32_t>(waiting_ & ((std::uint64_t{1} << count) - 1));
  }
  void drop(int count) {
    if (count > held_) refuse("ends too early");
    waiting_ >>= count;
    held_ -= count;
  }
  std::uint32_t take(int count) {
    const std::uint32_t value = peek(count);
    drop(count);
    return value;
  }

  /// The bytes from the next whole one on.
  std::string_view take_bytes(std::size_t count) {
    drop(held_ % 8);
    at_ -= static_cast<std::size_t>(held_ / 8);
    waiting_ = 0;
    held_ = 0;
    if (count > bytes_.size() - at_) refuse("ends too early");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  /// Whether the rest is less than a byte.
  bool used_up() const { return at_ == bytes_.size() && held_ < 8; }

 private:
  std::string_view bytes_;
  const std::string& what_;
  std::size_t at_ = 0;
  std::uint64_t waiting_ = 0;
  int held_ = 0;  // bits in `waiting_`
};

/// A canonical Huffman code (RFC 1951, 3.2.2): shorter codes first, equal ones by symbol.
class Code {
 public:
  /// `lengths[s]` bits of symbol s, 0 = unused.
  Code(std::span<const std::uint8_t> lengths, const Bits& bits) {
    for (const std::uint8_t length : lengths) ++count_[length];
    const auto used = static_cast<int>(lengths.size()) - count_[0];
    count_[0] = 0;
    int left = 1;  // codes of this length that are still free
    std::array<int, kLongestCode + 2> offset{};
    for (std::size_t length = 1; length <= kLongestCode; ++length) {
      left = 2 * left - count_[length];
      if (left < 0) bits.refuse("has a code with too many words");
      offset[length + 1] = offset[length] + count_[length];
    }
    if (left > 0 && used > 1) bits.refuse("has a code with too few words");
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] == 0) continue;
      symbol_[static_cast<std::size_t>(offset[lengths[symbol]]++)] =
          static_cast<std::uint16_t>(symbol);
    }
    fill_fast();
  }

  std::uint32_t next(Bits& bits) const {
    const std::uint32_t ahead = bits.peek(kLongestCode);
    const std::uint16_t fast = fast_[ahead & ((1u << kFastBits) - 1)];
    if (fast != 0) {
      bits.drop(fast & 15);
      return fast >> 4;
    }
    int code = 0;
    int first = 0;  // the first code of this length
    int index = 0;  // and where its symbol stands
    for (int length = 1; length <= kLongestCode; ++length) {
      code |= static_cast<int>(ahead >> (length - 1)) & 1;
      const int count = count_[static_cast<std::size_t>(length)];
      if (code - first < count) {
        bits.drop(length);
        return symbol_[static_cast<std::size_t>(index + code - first)];
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    bits.refuse("has a word that is in no code");
  }

 private:
  void fill_fast() {
    int code = 0;
    std::size_t index = 0;
    for (int length = 1; length <= kFastBits; ++length, code <<= 1) {
      for (int k = 0; k < count_[static_cast<std::size_t>(length)]; ++k, ++code, ++index) {
        std::uint32_t turned = 0;  // the stream has a code's highest bit first
        for (int bit = 0; bit < length; ++bit) {
          turned |= static_cast<std::uint32_t>((code >> bit) & 1) << (length - 1 - bit);
        }
        for (std::uint32_t at = turned; at < fast_.size(); at += 1u << length) {
          fast_[at] = static_cast<std::uint16_t>((symbol_[index] << 4) | length);
        }
      }
    }
  }

  std::array<int, kLongestCode + 1> count_{};         // words of each length
  std::array<std::uint16_t, 288> symbol_{};           // in the order of their codes
  std::array<std::uint16_t, 1 << kFastBits> fast_{};  // symbol and length of short codes; 0 = none
};

// RFC 1951, 3.2.5: symbols 257 … 285 and 0 … 29, their smallest value and extra bits.
constexpr std::array<std::uint16_t, 29> kLengthBase = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                       15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                       67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, 29> kLengthBits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint16_t, 30> kDistanceBase = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr std::array<std::uint8_t, 30> kDistanceBits = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                        4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                        9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
constexpr std::uint32_t kEndOfBlock = 256;

class Inflater {
 public:
  Inflater(std::string_view packed, std::uint64_t size, const std::string& what)
      : bits_(packed, what), size_(size) {
    if (size / kMostGrowth > packed.size()) bits_.refuse("is too short for what it claims to hold");
    out_.reserve(static_cast<std::size_t>(size));
  }

  std::string run() {
    bool last = false;
    while (!last) {
      last = bits_.take(1) == 1;
      switch (bits_.take(2)) {
        case 0:
          stored_block();
          break;
        case 1:
          fixed_block();
          break;
        case 2:
          described_block();
          break;
        default:
          bits_.refuse("has a block of an unknown kind");
      }
    }
    if (out_.size() != size_) bits_.refuse("holds less than it claims");
    if (!bits_.used_up()) bits_.refuse("ends before its last byte");
    return std::move(out_);
  }

 private:
  void need(std::size_t bytes) const {
    if (bytes > size_ - out_.size()) bits_.refuse("holds more than it claims");
  }

  void stored_block() {
    const std::string_view head = bits_.take_bytes(4);
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(head[k]); };
    const auto count = static_cast<std::uint32_t>(byte(0) | (byte(1) << 8));
    const auto check = static_cast<std::uint32_t>(byte(2) | (byte(3) << 8));
    if ((count ^ check) != 0xFFFF) bits_.refuse("has a stored block of no certain length");
    need(count);
    out_ += bits_.take_bytes(count);
  }

  void fixed_block() {
    std::array<std::uint8_t, 288> lengths{};
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    }
    std::array<std::uint8_t, 32> distances{};
    distances.fill(5);
    block(Code(lengths, bits_), Code(distances, bits_));
  }

  /// RFC 1951, 3.2.7: a code for the lengths of the two codes comes first.
  void described_block() {
    constexpr std::array<std::uint8_t, 19> kOrder = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const std::size_t literals = bits_.take(5) + 257;
    const std::size_t distances = bits_.take(5) + 1;
    const std::size_t described = bits_.take(4) + 4;
    if (literals > 286 || distances > 30) bits_.refuse("has a code with too many symbols");
    std::array<std::uint8_t, 19> first{};
    for (std::size_t k = 0; k < described; ++k) {
      first[kOrder[k]] = static_cast<std::uint8_t>(bits_.take(3));
    }
    const Code code(first, bits_);
    std::array<std::uint8_t, 286 + 30> lengths{};
    for (std::size_t k = 0; k < literals + distances;) {
      const std::uint32_t symbol = code.next(bits_);
      std::uint8_t value = 0;
      std::size_t times = 1;
      if (symbol < 16) {
        value = static_cast<std::uint8_t>(symbol);
      } else if (symbol == 16) {
        if (k == 0) bits_.refuse("repeats a length before the first");
        value = lengths[k - 1];
        times = 3 + bits_.take(2);
      } else {
        times = symbol == 17 ? 3 + bits_.take(3) : 11 + bits_.take(7);
      }
      if (times > literals + distances - k) bits_.refuse("has more lengths than symbols");
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(k), times, value);
      k += times;
    }
    if (lengths[kEndOfBlock] == 0) bits_.refuse("has a block without an end");
    const std::span<const std::uint8_t> all(lengths);
    block(Code(all.first(literals), bits_), Code(all.subspan(literals, distances), bits_));
  }

  void block(const Code& literals, const Code& distances) {
    while (true) {
      const std::uint32_t symbol = literals.next(bits_);
      if (symbol < kEndOfBlock) {
        need(1);
        out_ += static_cast<char>(symbol);
      } else if (symbol == kEndOfBlock) {
        return;
      } else {
        const std::size_t length = length_of(symbol - 257);
        copy(length, distances.next(bits_));
      }
    }
  }

  std::size_t length_of(std::uint32_t symbol) {
    if (symbol >= kLengthBase.size()) bits_.refuse("has a length that does not exist");
    return kLengthBase[symbol] + bits_.take(kLengthBits[symbol]);
  }

  /// Byte by byte: a match may overlap what it makes.
  void copy(std::size_t length, std::uint32_t distance_symbol) {
    if (distance_symbol >= kDistanceBase.size()) bits_.refuse("has an impossible distance");
    const std::size_t distance =
        kDistanceBase[distance_symbol] + bits_.take(kDistanceBits[distance_symbol]);
    if (distance > out_.size()) bits_.refuse("refers to before its beginning");
    need(length);
    for (std::size_t k = 0; k < length; ++k) out_ += out_[out_.size() - distance];
  }

  Bits bits_;
  std::uint64_t size_;
  std::string out_{};
};

}  // namespace

std::string inflate(std::string_view packed, std::uint64_t size, const std::string& what) {
  return Inflater(packed, size, what).run();
}

}  // namespace tessera::io
