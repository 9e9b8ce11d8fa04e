#include "io/formats/inflate.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::io {
namespace {

std::string hex(const std::string& digits) {
  std::string out;
  for (std::size_t k = 0; k < digits.size(); k += 2) {
    out += static_cast<char>(std::stoi(digits.substr(k, 2), nullptr, 16));
  }
  return out;
}

// Made by zlib: one stream of each kind of block.
const std::string kStored = hex("010500faff68656c6c6f");
const std::string kFixed = hex("cb48cdc9c95728cf2fca490100");
const std::string kText = "hello world";

/// "abcabcabc…" of 1,000 letters: matches that overlap themselves.
const std::string kOverlapping = hex("4b4c4a4e1c45a368140d6f0400");

/// 600 letters of a skewed alphabet, so that a code is described.
std::string skewed_text() {
  std::string out;
  unsigned state = 1;
  for (int k = 0; k < 600; ++k) {
    state = state * 1103515245u + 12345u;
    const unsigned r = (state >> 16) % 100;
    out += static_cast<char>(r < 50 ? 'a' : r < 75 ? 'b' : r < 90 ? 'c' : 'd' + r % 10);
  }
  return out;
}
const std::string kDescribed =
    hex("3d525b12c430083a2b92cdabd3fbffaea0bb9936c6a888b40088c35c080288c80dc7969876f3bd57093e"
        "860fe304c8c8e5bb0107124127e565e40156de299ff934f6829033e5590ce7b9d6fd574632f5611408e3"
        "4db3e5905b0483daaf13a8864d4a789128abf8605717d6042ad36cc103274c8c88378a59eec5df5c066f"
        "de3f283db2c184d43912249a7be9e0a186685c8f417c144e7f0202586c5962977c7bd9bc05319bbd0552"
        "19ac47f38d8a943e454519ef9fa82bdab8c843c3645cb16bee87d22c82ad54a4caf6e0c1525faebc3ea3"
        "7bcdeaf7effbfb29ca2f8a9256a671aa7d4fe3eff505");

TEST(Inflate, EveryKindOfBlock) {
  EXPECT_EQ(inflate(kStored, 5, "x"), "hello");
  EXPECT_EQ(inflate(kFixed, kText.size(), "x"), kText);
  EXPECT_EQ(inflate(kDescribed, 600, "x"), skewed_text());
  std::string letters;
  for (int k = 0; k < 1000; ++k) letters += "abc"[k % 3];
  EXPECT_EQ(inflate(kOverlapping, 1000, "x"), letters);
  EXPECT_EQ(inflate(hex("0300"), 0, "x"), "");
}

TEST(Inflate, RefusesEveryCutAndEveryWrongSize) {
  for (const std::string& packed : {kStored, kFixed, kDescribed}) {
    const std::uint64_t size = packed == kStored ? 5 : packed == kFixed ? 11 : 600;
    for (std::size_t length = 0; length < packed.size(); ++length) {
      tessera::test::expect_error(ErrorCode::kCorruptFile, "x: compressed data", [&] {
        inflate(packed.substr(0, length), size, "x");
      });
    }
    for (const std::uint64_t other : {size - 1, size + 1, std::uint64_t{1} << 50}) {
      tessera::test::expect_error(
          ErrorCode::kCorruptFile, "(packed byte ", [&] { inflate(packed, other, "x"); });
    }
    tessera::test::expect_error(ErrorCode::kCorruptFile, "ends before its last byte", [&] {
      inflate(packed + std::string(2, '\0'), size, "x");
    });
  }
}

TEST(Inflate, FlippedBitsAreReadOrRefused) {
  for (const std::string& packed : {kFixed, kDescribed, kOverlapping}) {
    for (std::size_t bit = 0; bit < 8 * packed.size(); ++bit) {
      std::string wrong = packed;
      wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
      try {
        inflate(wrong, 600, "x");
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
      }
    }
  }
}

TEST(Inflate, NamesWhatIsWrong) {
  const auto refused = [](const std::string& packed, const std::string& part) {
    tessera::test::expect_error(
        ErrorCode::kCorruptFile, part, [&] { inflate(packed, 100, "file.npz"); });
  };
  refused(hex("07"), "unknown kind");
  refused(hex("010500fbff68656c6c6f"), "no certain length");
  refused(hex("0302"), "refers to before its beginning");  // fixed: a match first
}

}  // namespace
}  // namespace tessera::io
