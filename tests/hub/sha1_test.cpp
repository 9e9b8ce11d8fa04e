#include "hub/sha1.h"

#include <gtest/gtest.h>

#include "hub/content_hash.h"

namespace tessera::hub {
namespace {

std::string sha1(const std::string& bytes) {
  Sha1 sum;
  sum.update(bytes.data(), bytes.size());
  return sum.hex();
}

TEST(Sha1, AgreesWithTheStandard) {  // FIPS 180-4's examples
  EXPECT_EQ(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(sha1(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  EXPECT_EQ(sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(Sha1, PiecesMakeNoDifference) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 37);
  for (const std::size_t piece : {1u, 7u, 63u, 64u, 65u, 200u}) {
    Sha1 sum;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      sum.update(bytes.data() + i, std::min(piece, bytes.size() - i));
    }
    EXPECT_EQ(sum.hex(), sha1(bytes)) << piece;
  }
}

TEST(ContentHash, SmallFilesAreNamedAsGitDoes) {  // git hash-object
  const auto hash_of = [](const std::string& text) {
    ContentHash hash(std::string(40, '0'), text.size());
    hash.update(text.data(), text.size());
    return hash.hex();
  };
  EXPECT_EQ(hash_of("hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(hash_of(""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST(ContentHash, LargeFilesAreNamedBySha256) {
  ContentHash hash(std::string(64, '0'), 3);
  hash.update("abc", 3);
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ContentHash, OnlyTwoKindsOfEtagPromiseAHash) {
  EXPECT_EQ(hash_kind(std::string(64, 'a')), "sha256");
  EXPECT_EQ(hash_kind(std::string(40, '9')), "git sha1");
  EXPECT_EQ(hash_kind(std::string(40, 'A')), "");
  EXPECT_EQ(hash_kind(std::string(39, 'a')), "");
  EXPECT_EQ(hash_kind("../" + std::string(37, 'a')), "");
  EXPECT_EQ(hash_kind(""), "");
}

}  // namespace
}  // namespace tessera::hub
