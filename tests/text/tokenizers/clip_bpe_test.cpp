#include "text/tokenizers/clip_bpe.h"

#include <random>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::text {
namespace {

using test::expect_error;
using Ids = std::vector<std::int32_t>;

constexpr const char* kShipped = "models/clip-bpe";

const Tokenizer& shipped() {
  static const auto tokenizer = load_clip_tokenizer(kShipped);
  return *tokenizer;
}

/// Ids of one row without its padding, which must be zeros.
Ids ids(const Tokenizer& tokenizer, const std::string& prompt, std::int64_t length = 77) {
  const std::vector<std::string> prompts{prompt};
  const Tokens rows = tokenizer.encode(prompts, length);
  EXPECT_EQ(rows.ids.size(), static_cast<std::size_t>(length));
  const auto real = rows.ids.begin() + rows.lengths.at(0);
  EXPECT_THAT(Ids(real, rows.ids.end()), ::testing::Each(0));
  return Ids(rows.ids.begin(), real);
}

TEST(ClipBpe, KnownIds) {  // published with OpenAI's tokenizer
  const auto expect = [](const std::string& prompt, const Ids& expected) {
    EXPECT_EQ(ids(shipped(), prompt), expected) << prompt;
  };
  expect("", {49406, 49407});
  expect("teddy bear playing in the pool", {49406, 11798, 4298, 1629, 530, 518, 2831, 49407});
  expect("It's 2022: don't-panic!!",
         {49406, 585, 568, 273, 271, 273, 273, 281, 847, 713, 268, 14124, 748, 49407});
  expect("caf\xC3\xA9 \xE2\x80\x94 na\xC3\xAFve", {49406, 15304, 2005, 1097, 35689, 563, 49407});
  expect("\xE7\x86\x8A", {49406, 163, 228, 488, 49407});
  expect("hello<|endoftext|>world", {49406, 3306, 49407, 1002, 49407});
  expect("&lt;b&gt; &amp;amp; x", {49406, 283, 321, 285, 261, 343, 49407});
}

TEST(ClipBpe, ToyMergesByHand) {
  const test::TemporaryFolder folder;
  // h e|h e</w> : (e,l) then (l,l</w>)? ranks decide: "lo</w>" first, then "he", then "hel"
  const auto file = folder.write("m.txt", "head\nl o</w>\nh e\nhe l\nhel lo</w>\n");
  const auto toy = load_clip_tokenizer(file, {.vocabulary = 518});
  EXPECT_EQ(toy->vocabulary_size(), 518);
  EXPECT_EQ(ids(*toy, "hello"), (Ids{516, 515, 517}));
  EXPECT_EQ(ids(*toy, "hel"), (Ids{516, 513, 256 + 'l' - '!', 517})) << "the last l ends a word";
  EXPECT_EQ(ids(*toy, "heo lo"), (Ids{516, 513, 256 + 'o' - '!', 512, 517}));
}

TEST(ClipBpe, LongPromptsAreCutWithTheEndLast) {
  std::string prompt;
  for (int i = 0; i < 100; ++i) prompt += "dog ";
  const std::vector<std::string> prompts{prompt, "a dog", "a big dog"};
  const Tokens rows = shipped().encode(prompts, 77);
  EXPECT_EQ(rows.lengths, (Ids{77, 4, 5}));
  EXPECT_EQ(rows.ids[75], 1929);
  EXPECT_EQ(rows.ids[76], 49407);
  EXPECT_EQ(rows.cut[0].size(), 25 * 4 - 1u) << "25 words";
  EXPECT_EQ(rows.cut[1], "");
  EXPECT_EQ(rows.unknown.size(), 3u);
  const Tokens tight = shipped().encode(prompts, 4);
  EXPECT_EQ(tight.cut[1], "") << "fits to the last place";
  EXPECT_EQ(tight.cut[2], "dog");
  const std::vector<std::string> half{"x antidisestablishmentarianism end"};
  EXPECT_EQ(shipped().encode(half, 5).cut[0], "antidisestablishmentarianism end")
      << "a word that was cut in two is named whole";
}

TEST(ClipBpe, HuggingFacesFaults) {
  const auto faulty = load_clip_tokenizer(kShipped, {.quirks = kHuggingFaceQuirks});
  EXPECT_EQ(ids(*faulty, "don't-panic!!"), (Ids{49406, 847, 713, 268, 14124, 0, 0, 49407}));
  EXPECT_EQ(ids(*faulty, "&lt;"), (Ids{49406, 261, 3333, 282, 49407}));
  const std::vector<std::string> prompts{"a dog a dog", "a dog a"};
  const Tokens rows = faulty->encode(prompts, 4);
  EXPECT_EQ(rows.ids, (Ids{49406, 320, 1929, 320, 49406, 320, 1929, 320})) << "no end";
  EXPECT_EQ(rows.cut, (std::vector<std::string>{"dog", ""}));
  EXPECT_EQ(rows.lengths, (Ids{4, 4}));
}

TEST(ClipBpe, Decode) {
  EXPECT_EQ(shipped().decode(ids(shipped(), "teddy bear playing in the pool", 20)),
            "teddy bear playing in the pool");
  EXPECT_EQ(shipped().decode(Ids{49406, 320, 1929, 49407, 0, 0, 0}), "a dog");
  EXPECT_EQ(shipped().decode(Ids{49406, 49407}), "");
  EXPECT_EQ(shipped().decode(Ids{163}), "\xEF\xBF\xBD") << "half a character";
  expect_error(ErrorCode::kInvalidArgument, "49408", [] { shipped().decode(Ids{49408}); });
  expect_error(ErrorCode::kInvalidArgument, "-1", [] { shipped().decode(Ids{-1}); });
}

TEST(ClipBpe, AnyBytesAreLegal) {
  EXPECT_EQ(ids(shipped(), "a \xFF\xC3 b").size(),
            ids(shipped(), "a \xEF\xBF\xBD\xEF\xBF\xBD b").size());
  EXPECT_EQ(ids(shipped(), std::string("a\0 dog", 6)), ids(shipped(), "a dog"));
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  EXPECT_EQ(ids(shipped(), every, 1000).back(), 49407);
}

TEST(ClipBpe, RandomBytesMakeRows) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    // mostly bytes of wrongly decoded text, references and escapes
    constexpr std::string_view kLikely = "&#;xa\xC3\xC2\xA2\xE2\x82\xAC\xED\xA0\xBD\x1B[m<|'\n ";
    std::string prompt(random() % 40, ' ');
    for (char& byte : prompt) {
      byte = random() % 4 == 0 ? static_cast<char>(random()) : kLikely[random() % kLikely.size()];
    }
    const Ids row = ids(shipped(), prompt, 30);
    EXPECT_EQ(row.front(), 49406);
    EXPECT_EQ(row.back(), 49407);
    EXPECT_NO_THROW(shipped().decode(row));
  }
}

TEST(ClipBpe, HugePromptsEnd) {
  std::string words;
  for (int i = 0; i < 10000; ++i) words += "word" + std::to_string(i) + " ";
  EXPECT_EQ(ids(shipped(), words).size(), 77u);
  EXPECT_EQ(ids(shipped(), std::string(200000, 'a')).size(), 77u) << "one word";
  std::string wrong;
  for (int i = 0; i < 10000; ++i) wrong += "\xC3\x83\xC2\xA9 ";
  EXPECT_EQ(ids(shipped(), wrong)[1], ids(shipped(), "\xC3\xA9")[1]);
}

TEST(ClipBpe, ABatchIsItsRows) {
  const std::vector<std::string> prompts{"a dog", "", "two cats on the moon"};
  const Tokens rows = shipped().encode(prompts, 9);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const auto row = rows.ids.begin() + static_cast<std::ptrdiff_t>(i) * 9;
    EXPECT_EQ(Ids(row, row + rows.lengths[i]), ids(shipped(), prompts[i], 9));
  }
  expect_error(ErrorCode::kInvalidArgument, "at least 2", [&] { shipped().encode(prompts, 1); });
}

TEST(ClipBpe, MissingFilesAreNamed) {
  const test::TemporaryFolder folder;
  expect_error(
      ErrorCode::kNotFound, "bpe_simple_vocab", [&] { load_clip_tokenizer(folder.path()); });
  folder.write("vocab.json", "{}");
  expect_error(ErrorCode::kCorruptFile, "startoftext", [&] { load_clip_tokenizer(folder.path()); });
}

}  // namespace
}  // namespace tessera::text
