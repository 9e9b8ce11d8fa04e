#include "text/tokenizers/clip_vocabulary.h"

#include <array>
#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::text {
namespace {

using test::expect_error;
using test::TemporaryFolder;

constexpr const char* kShipped = "models/clip-bpe/bpe_simple_vocab_16e6.txt.gz";
const std::string kHead = "#version: 0.2\n";

TEST(ClipVocabulary, BytesMergesAndSpecialTokens) {
  const TemporaryFolder folder;
  const auto v = read_openai_vocabulary(folder.write("m.txt", kHead + "t h\nth e</w>\n"), 516);
  EXPECT_EQ(v.size(), 516);
  EXPECT_EQ(v.byte['!'], 0);
  EXPECT_EQ(v.byte['a'], 'a' - '!');
  EXPECT_EQ(v.byte[0], 188) << "68 bytes are not printable and come behind the 188 others";
  EXPECT_EQ(v.last_byte['!'], 256);
  EXPECT_EQ(v.bytes[512], "th");
  EXPECT_EQ(v.bytes[513], "the");
  EXPECT_TRUE(v.ends_word[513] && !v.ends_word[512]);
  EXPECT_EQ(v.start, 514);
  EXPECT_EQ(v.end, 515);
}

TEST(ClipVocabulary, TheShippedFile) {
  const auto v = read_openai_vocabulary(kShipped, 49408);
  EXPECT_EQ(v.size(), 49408);
  EXPECT_EQ(v.start, 49406);
  EXPECT_EQ(v.end, 49407);
  EXPECT_EQ(v.bytes[320], "a");
  EXPECT_EQ(v.bytes[1929], "dog");
}

TEST(ClipVocabulary, DamagedTextFiles) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& bytes) {
    const auto file = folder.write("m.txt", bytes);
    return [file] { read_openai_vocabulary(file, 516); };
  };
  expect_error(ErrorCode::kCorruptFile, "line 2: wanted 2 merges", read(kHead + "t h\n"));
  expect_error(ErrorCode::kCorruptFile, "line 2: wanted two", read(kHead + "th\nth e\n"));
  expect_error(ErrorCode::kCorruptFile, "line 3: wanted two", read(kHead + "t h\nt h e\n"));
  expect_error(ErrorCode::kCorruptFile, "line 2: the symbol \"xy\"", read(kHead + "xy z\nt h\n"));
  expect_error(ErrorCode::kCorruptFile, "made twice", read(kHead + "t h\nt h\n"));
  expect_error(ErrorCode::kCorruptFile, "gzip", read("\x1F\x8B\x08 not gzip"));
  expect_error(ErrorCode::kCorruptFile, "wanted 2 merges", read(""));
  expect_error(ErrorCode::kNotFound, "absent", [] { read_openai_vocabulary("absent.gz", 516); });
  expect_error(ErrorCode::kInvalidArgument, "514", [] { read_openai_vocabulary(kShipped, 513); });
}

TEST(ClipVocabulary, EveryTruncatedGzipIsRefused) {
  std::ifstream in(kShipped, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(whole.size(), 1000000u);
  const TemporaryFolder folder;
  for (const std::size_t size :
       {std::size_t{3}, std::size_t{20}, whole.size() / 2, whole.size() - 1}) {
    const auto file = folder.write("m.gz", whole.substr(0, size));
    expect_error(ErrorCode::kCorruptFile, "gzip", [&] { read_openai_vocabulary(file, 49408); });
  }
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 0x10;
  const auto file = folder.write("m.gz", flipped);
  expect_error(ErrorCode::kCorruptFile, "gzip", [&] { read_openai_vocabulary(file, 49408); });
}

/// vocab.json of the bytes, "th" and the special tokens, then `more`.
std::string json_of_bytes(const std::string& more = "") {
  std::string json = "{";
  for (int id = 0; id < 512; ++id) {
    // printable bytes stand for themselves, the 68 others for U+0100 and on
    const int place = id % 256;
    int c = place < 94 ? 33 + place : place < 106 ? 161 + place - 94 : 174 + place - 106;
    if (place >= 188) c = 0x100 + place - 188;
    std::array<char, 16> hex{};
    std::snprintf(hex.data(), hex.size(), "\\u%04x", c);
    json += "\"" + std::string(hex.data()) + (id < 256 ? "" : "</w>") + "\":" + std::to_string(id) +
            ",";
  }
  return json + "\"th\":512,\"<|startoftext|>\":513,\"<|endoftext|>\":514" + more + "}";
}

TEST(ClipVocabulary, HuggingFaceFilesSayTheSame) {
  const TemporaryFolder folder;
  const auto v = read_hugging_face_vocabulary(folder.write("vocab.json", json_of_bytes()),
                                              folder.write("merges.txt", kHead + "t h\n"));
  const auto text = read_openai_vocabulary(folder.write("m.txt", kHead + "t h\n"), 515);
  EXPECT_EQ(v.bytes, text.bytes);
  EXPECT_EQ(v.ends_word, text.ends_word);
  EXPECT_EQ(v.byte, text.byte);
  EXPECT_EQ(v.last_byte, text.last_byte);
  EXPECT_EQ(v.start, text.start);
  const std::vector<std::int32_t> th{v.byte['t'], v.byte['h'], v.last_byte['e']};
  EXPECT_EQ(v.pairs.merge(th), text.pairs.merge(th));
  EXPECT_EQ(v.pairs.merge(th).front(), 512);
}

TEST(ClipVocabulary, DamagedHuggingFaceFiles) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& json, const std::string& merges = kHead) {
    const auto vocabulary = folder.write("vocab.json", json);
    const auto lines = folder.write("merges.txt", merges);
    return [=] { read_hugging_face_vocabulary(vocabulary, lines); };
  };
  constexpr auto kCorrupt = ErrorCode::kCorruptFile;
  expect_error(kCorrupt, "no JSON at byte", read("{\"a\":"));
  expect_error(kCorrupt, "found an array", read("[1]"));
  expect_error(kCorrupt, "found an object", read("{\"a\":{}}"));
  expect_error(kCorrupt, "found a text", read("{\"a\":\"b\"}"));
  expect_error(kCorrupt, "wanted an object", read("3"));
  expect_error(kCorrupt, "no legal id", read("{\"a\":-1}"));
  expect_error(kCorrupt, "no legal id", read("{\"a\\nb\":99999999999}"));  // told on one line
  expect_error(kCorrupt, "is there twice", read("{\"a\":0,\"a\":1}"));
  expect_error(kCorrupt, "each once", read("{\"a\":0,\"b\":7}"));
  expect_error(kCorrupt, "each once", read("{\"a\":0,\"b\":0}"));
  expect_error(kCorrupt, "has no id", read("{\"a\":0}"));
  expect_error(kCorrupt, "stands for no byte", read(json_of_bytes(",\"\\u4e00\":515")));
  expect_error(kCorrupt, "line 2: the symbol \"an\"", read(json_of_bytes(), kHead + "a n\n"));
}

}  // namespace
}  // namespace tessera::text
