#include "io/formats/zip_archive.h"

#include <gtest/gtest.h>

#include "io/crc32.h"
#include "tests/io/zip_bytes.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

using test::little;
using test::zip64_field;
using test::zip_descriptor;
using test::zip_end;
using test::zip_entry;
using test::zip_local;
using test::zip_of;
using test::ZipPart;

constexpr std::uint32_t kFull = 0xFFFFFFFFu;

class Zip : public ::testing::Test {
 protected:
  ZipArchive open(const std::string& bytes) {
    const std::filesystem::path file = folder_.write("x", bytes);
    return ZipArchive::open(MappedFile::open(file), file.string());
  }
  void expect_corrupt(const std::string& bytes, const std::string& part) {
    for (const std::string& wanted : {part, (folder_ / "x").string(), std::string("(byte ")}) {
      tessera::test::expect_error(ErrorCode::kCorruptFile, wanted, [&] { open(bytes); });
    }
  }
  tessera::test::TemporaryFolder folder_{};
};

TEST_F(Zip, KnownChecksum) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);  // the check value of the standard's catalogue
  EXPECT_EQ(crc32(""), 0u);
}

TEST_F(Zip, FindsStoredMembers) {
  const ZipArchive archive = open(zip_of({{.name = "a/b", .data = "hello", .padding = 30},
                                          {.name = "empty"},
                                          {.name = "c", .data = std::string("\0\1", 2)}}));
  EXPECT_EQ(archive.members().size(), 3U);
  EXPECT_EQ(archive.bytes(*archive.find("a/b")), "hello");
  EXPECT_EQ(archive.find("a/b")->begin, 30U + 3U + 30U);
  EXPECT_EQ(archive.bytes(*archive.find("empty")), "");
  EXPECT_EQ(archive.bytes(*archive.find("c")), std::string("\0\1", 2));
  EXPECT_EQ(archive.find("a"), nullptr);
}

TEST_F(Zip, AnEmptyArchiveAndACommentAreFine) {
  EXPECT_TRUE(open(zip_of({})).members().empty());
  const std::string comment = "words, even PK\5\6 and more than twenty-two of them";
  EXPECT_EQ(open(zip_of({{.name = "a", .data = "x"}}, {.comment = comment})).members().size(), 1U);
  EXPECT_EQ(open(zip_of({{.name = "a"}}, {.zip64 = true, .comment = "c"})).members().size(), 1U);
}

// Bytes written out from the format's description, by hand.
TEST_F(Zip, ReadsKnownBytesOfZip64) {
  const std::string local(
      "PK\3\4\x2d\0\0\0\0\0\0\0\0\0\x83\x16\xdc\x8c\xff\xff\xff\xff\xff\xff\xff\xff\1\0\x14\0"
      "a\1\0\x10\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0",
      30 + 1 + 20);
  const std::string entry(
      "PK\1\2\x2d\0\x2d\0\0\0\0\0\0\0\0\0\x83\x16\xdc\x8c\xff\xff\xff\xff\xff\xff\xff\xff\1\0\x1c\0"
      "\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff"
      "a\1\0\x18\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
      46 + 1 + 28);
  const std::string end64(
      "PK\6\6\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
      "\x4b\0\0\0\0\0\0\0\x34\0\0\0\0\0\0\0",
      56);
  const std::string locator("PK\6\7\0\0\0\0\x7f\0\0\0\0\0\0\0\1\0\0\0", 20);
  const std::string end("PK\5\6\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0", 22);
  const ZipArchive archive = open(local + "x" + entry + end64 + locator + end);
  const ZipMember* a = archive.find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->begin, 51U);
  EXPECT_EQ(archive.bytes(*a), "x");
  archive.check_sum("a", *a);
}

TEST_F(Zip, Zip64TakesOnlyTheNumbersThatAreFull) {
  const std::string other = little(std::uint16_t{0x7007}) + little(std::uint16_t{1}) + "z";
  const ZipArchive archive =
      open(zip_of({{.name = "first", .data = "1"},
                   {.name = "a",
                    .data = "xyz",
                    .size = kFull,
                    .packed_size = kFull,
                    .extra = other + zip64_field({3, 3})},
                   {.name = "b", .data = "uv", .begin = kFull, .extra = zip64_field({52 + 50})}},
                  {.zip64 = true}));
  EXPECT_EQ(archive.bytes(*archive.find("first")), "1");
  EXPECT_EQ(archive.bytes(*archive.find("a")), "xyz");
  EXPECT_EQ(archive.bytes(*archive.find("b")), "uv");
}

TEST_F(Zip, Zip64NumbersThatLie) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 63;
  const auto claiming = [](std::uint64_t size, std::uint64_t packed, std::uint64_t begin) {
    return zip_of({{.name = "a",
                    .data = "x",
                    .size = kFull,
                    .packed_size = kFull,
                    .begin = kFull,
                    .extra = zip64_field({size, packed, begin})}},
                  {.zip64 = true});
  };
  EXPECT_NO_THROW(open(claiming(1, 1, 0)));
  expect_corrupt(claiming(kHuge, kHuge, 0), "member \"a\" claims 9223372036854775808 bytes");
  expect_corrupt(claiming(~std::uint64_t{0}, ~std::uint64_t{0}, 0), "claims 18446744073709551615");
  expect_corrupt(claiming(200, 200, 0), "claims 200 bytes, 17 are left");
  expect_corrupt(claiming(1, kHuge, 0), "is stored in 9223372036854775808 bytes");
  expect_corrupt(claiming(1, 1, kHuge), "claims to begin at byte 9223372036854775808");
  expect_corrupt(claiming(1, 1, ~std::uint64_t{0}), "claims to begin");
  expect_corrupt(zip_of({{.name = "a", .data = "x", .size = kFull, .packed_size = kFull}}),
                 "claims");
  expect_corrupt(zip_of({{.name = "a",
                          .data = "x",
                          .size = kFull,
                          .packed_size = kFull,
                          .extra = zip64_field({1})}}),
                 "lacks its 64-bit numbers");
  expect_corrupt(zip_of({{.name = "a", .data = "x", .extra = zip64_field({1}).substr(0, 9)}}),
                 "extra field that is cut");
  for (const std::uint64_t lie : {kHuge, ~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{3}}) {
    const std::vector<ZipPart> parts = {{.name = "a", .data = "x"}, {.name = "b"}};
    expect_corrupt(zip_of(parts, {.zip64 = true, .entries = lie}), "director");
    expect_corrupt(zip_of(parts, {.zip64 = true, .begin = lie}), "director");
    expect_corrupt(zip_of(parts, {.zip64 = true, .size = lie}), "director");
    expect_corrupt(zip_of(parts, {.entries = lie & 0xFFFF}), "director");
    expect_corrupt(zip_of(parts, {.begin = lie & kFull}), "director");
    expect_corrupt(zip_of(parts, {.size = lie & kFull}), "director");
  }
}

TEST_F(Zip, MembersThatAreNotPlainlyStoredAreRefused) {
  expect_corrupt(zip_of({{.name = "a", .data = "x"}, {.name = "zipped", .data = "y", .method = 8}}),
                 "member \"zipped\" is compressed (method 8)");
  expect_corrupt(zip_of({{.name = "a", .flags = 1}}), "member \"a\" is encrypted");
  expect_corrupt(zip_of({{.name = "a", .flags = 1u << 13}}), "is encrypted");
  expect_corrupt(zip_of({{.name = "a", .data = "xy", .packed_size = 1}}), "in 1 bytes but has 2");
}

TEST_F(Zip, MembersThatLieAboutTheirPlaceAreRefused) {
  expect_corrupt(zip_of({{.name = "a"}, {.name = "a"}}), "member \"a\" is listed twice");
  expect_corrupt(zip_of({{.name = "a", .data = "x", .size = 99, .packed_size = 99}}),
                 "claims 99 bytes");
  expect_corrupt(zip_of({{.name = "a", .data = "x", .begin = 1}}), "another header in front");
  expect_corrupt(zip_of({{.name = "a", .data = "x", .begin = 99}}), "claims to begin at byte 99");
  expect_corrupt(zip_of({{.name = "a", .local_name = "b"}}), "another header in front");
  expect_corrupt(zip_of({{.name = "one\nline\x01", .data = "x", .method = 8}}),
                 "\"one\\x0aline\\x01\"");
  // The first claims the second's bytes as well.
  const std::vector<ZipPart> parts = {{.name = "a", .size = 47, .packed_size = 47}, {.name = "b"}};
  expect_corrupt(zip_of(parts), "member \"a\" overlaps another one");
  // Two lines of the directory for one stretch of the file.
  const ZipPart a{.name = "a", .data = "x"};
  const std::string data = zip_local(a) + a.data + zip_descriptor(a);
  ZipPart b = a;
  b.name = "b";
  expect_corrupt(data + zip_end(zip_entry(a, 0) + zip_entry(b, 0), 2, data.size(), {}),
                 "member \"b\" has another header");
}

// As other writers have it: no descriptor behind the data.
TEST_F(Zip, SizesInFrontOfTheDataMustAgree) {
  const ZipPart part{.name = "a", .data = "x"};
  const auto saying = [&](char size, const std::string& gap) {
    std::string bytes = zip_local(part) + part.data + gap;
    bytes[6] = 0;
    bytes[22] = size;
    return bytes + zip_end(zip_entry(part, 0), 1, bytes.size(), {});
  };
  EXPECT_EQ(open(saying(1, "")).members().size(), 1U);
  expect_corrupt(saying(0, ""), "has 0 bytes by the header in front of its data");
  expect_corrupt(saying(1, "gap"), "member \"a\" does not end where its data does (byte 35)");
}

TEST_F(Zip, VolumesAndRubbishAreRefused) {
  const std::string bytes = zip_of({{.name = "a", .data = "x"}});
  std::string volume = bytes;
  volume[bytes.size() - 22 + 4] = 1;
  expect_corrupt(volume, "several volumes");
  volume = bytes;
  volume[bytes.size() - 22 - 47 + 34] = 1;
  expect_corrupt(volume, "lies in another volume");
  expect_corrupt("", "not a zip archive");
  expect_corrupt(std::string(100'000, 'x'), "not a zip archive");
  expect_corrupt(bytes + "x", "not a zip archive");
  const std::string large = zip_of({{.name = "a", .data = "x"}}, {.zip64 = true});
  const std::size_t locator = large.size() - 22 - 20;
  for (const auto& [at, what] : {std::pair{locator + 16, "volumes"},       // number of volumes
                                 std::pair{locator + 8, "zip64 record"},   // where the record is
                                 std::pair{locator + 15, "zip64 record"},  // … its highest byte
                                 std::pair{locator - 56 + 4, "zip64 record"},  // its size
                                 std::pair{locator - 56, "zip64 record"}}) {
    std::string lie = large;
    lie[at] = static_cast<char>(lie[at] ^ 0x40);
    expect_corrupt(lie, what);
  }
}

TEST_F(Zip, ChecksumsAreComparedWhereThereAreAny) {
  const ZipPart part{.name = "a", .data = "some data"};
  const auto check = [&](const std::string& bytes) {
    const ZipArchive archive = open(bytes);
    archive.check_sum("a", *archive.find("a"));
  };
  EXPECT_NO_THROW(check(zip_of({part})));
  ZipPart unknown = part;
  unknown.crc = 0;
  EXPECT_NO_THROW(check(zip_of({unknown})));
  std::string bytes = zip_of({part});
  bytes[31] = 'S';
  tessera::test::expect_error(
      ErrorCode::kCorruptFile, "\"a\" does not fit its checksum (byte 31)", [&] { check(bytes); });
}

TEST_F(Zip, TruncationAtEveryByteIsRefused) {
  for (const bool zip64 : {false, true}) {
    const std::string bytes =
        zip_of({{.name = "a", .data = "hello"}, {.name = "b"}}, {.zip64 = zip64});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      expect_corrupt(bytes.substr(0, size), "not a zip archive");
    }
  }
}

TEST_F(Zip, AFlippedBitIsRefusedOrChangesNoMember) {
  int refused = 0;
  for (const bool zip64 : {false, true}) {
    const std::string bytes =
        zip_of({{.name = "a", .data = "hello"}, {.name = "b"}}, {.zip64 = zip64});
    const std::size_t data = bytes.find("hello");
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      if (bit / 8 >= data && bit / 8 < data + 5) continue;
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      try {
        const ZipArchive archive = open(flipped);
        EXPECT_EQ(archive.members().size(), 2U) << bit;
        ASSERT_NE(archive.find("a"), nullptr) << bit;
        EXPECT_EQ(archive.bytes(*archive.find("a")), "hello") << bit;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptFile) << error.what();
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace tessera::io
