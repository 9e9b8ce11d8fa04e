#include "text/table_tokenizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/philox.h"
#include "tests/support/expect_error.h"

namespace tessera::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kMark(kSpaceMark);

std::vector<PieceEntry> entries(const std::vector<std::pair<std::string, float>>& pieces,
                                bool bytes) {
  std::vector<PieceEntry> all{{.piece = "<pad>", .kind = PieceKind::kControl},
                              {.piece = "<unk>", .kind = PieceKind::kUnk},
                              {.piece = "<bos>", .kind = PieceKind::kControl},
                              {.piece = "<eos>", .kind = PieceKind::kControl}};
  for (int b = 0; bytes && b < 256; ++b) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    const std::string piece = {'<', '0', 'x', kDigits[b / 16], kDigits[b % 16], '>'};
    all.push_back({.piece = piece, .kind = PieceKind::kByte});
  }
  for (const auto& [piece, score] : pieces) all.push_back({.piece = piece, .score = score});
  return all;
}

/// Ids 4: ▁red, 5: ▁apple, 6: ▁, 7: a, 8: p, 9: ple, 10: , and 11: e.
std::unique_ptr<const Tokenizer> small(bool bytes = false) {
  return make_table_tokenizer(entries({{kMark + "red", -1},
                                       {kMark + "apple", -2},
                                       {kMark, -3},
                                       {"a", -3},
                                       {"p", -3},
                                       {"ple", -2.5},
                                       {",", -4},
                                       {"e", -3}},
                                      bytes));
}

std::vector<std::int32_t> ids(const Tokenizer& tokenizer,
                              const std::string& prompt,
                              std::int64_t length = 40) {
  const Tokens rows = tokenizer.encode(std::vector{prompt}, length);
  const auto count = rows.lengths.front();
  EXPECT_EQ(std::ssize(rows.ids), length);
  EXPECT_TRUE(
      std::all_of(rows.ids.begin() + count, rows.ids.end(), [](auto i) { return i == kPad; }));
  return {rows.ids.begin(), rows.ids.begin() + count};
}

TEST(TableTokenizer, WordsAndCase) {
  const auto t = small();
  EXPECT_THAT(ids(*t, "red apple"), ElementsAre(kBegin, 4, 5, kEnd));
  EXPECT_THAT(ids(*t, " \t Red\n\nAPPLE\r "), ElementsAre(kBegin, 4, 5, kEnd));
  EXPECT_THAT(ids(*t, "red,"), ElementsAre(kBegin, 4, 10, kEnd));
  EXPECT_THAT(ids(*t, ""), ElementsAre(kBegin, kEnd));
  EXPECT_THAT(ids(*t, " \x01\x7F "), ElementsAre(kBegin, kEnd));
  EXPECT_EQ(t->vocabulary_size(), 12);
}

TEST(TableTokenizer, WhatNoPieceCoversIsOneUnknownARun) {
  EXPECT_THAT(ids(*small(), "zzap"), ElementsAre(kBegin, 6, kUnknown, 7, 8, kEnd));
}

TEST(TableTokenizer, OrItsBytes) {
  const auto t = small(true);
  const auto byte = [](int b) { return 4 + b; };
  EXPECT_THAT(ids(*t, "z\xC3\xA9"),
              ElementsAre(kBegin, 4 + 256 + 2, byte('z'), byte(0xC3), byte(0xA9), kEnd));
  EXPECT_EQ(t->decode(ids(*t, "red z\xC3\xA9 apple")), "red z\xC3\xA9 apple");
}

/// Against the best of all segmentations, enumerated.
TEST(TableTokenizer, FindsTheBestOfAllSegmentations) {
  const std::vector<std::pair<std::string, float>> pieces = {{kMark, -2.0f},
                                                             {"a", -2.5f},
                                                             {"b", -2.6f},
                                                             {"ab", -3.9f},
                                                             {"ba", -4.3f},
                                                             {"aab", -6.1f},
                                                             {kMark + "a", -3.1f},
                                                             {kMark + "ab", -5.2f},
                                                             {"bb", -6.0f},
                                                             {"abab", -7.0f}};
  const auto t = make_table_tokenizer(entries(pieces, false));
  std::map<std::string, double> score;
  for (const auto& [piece, value] : pieces) score[piece] = static_cast<double>(value);
  const std::function<double(const std::string&)> best = [&](const std::string& rest) {
    if (rest.empty()) return 0.0;
    double most = -std::numeric_limits<double>::infinity();
    for (const auto& [piece, value] : score) {
      if (rest.starts_with(piece)) most = std::max(most, value + best(rest.substr(piece.size())));
    }
    return most;
  };
  for (std::uint32_t word = 0; word < 512; ++word) {
    std::string text;
    for (std::uint32_t i = 0; i < 9; ++i) text += (word >> i & 1u) != 0 ? 'a' : 'b';
    double found = 0;
    std::string spelled;
    for (const std::int32_t id : ids(*t, text)) {
      if (id < 4) continue;
      const auto& piece = pieces.at(static_cast<std::size_t>(id - 4));
      found += static_cast<double>(piece.second);
      spelled += piece.first;
    }
    EXPECT_EQ(spelled, kMark + text);
    EXPECT_NEAR(found, best(kMark + text), 1e-5) << text;
  }
}

TEST(TableTokenizer, LongPromptsAreCutAtAWord) {
  const auto t = small();
  const Tokens rows = t->encode(std::vector<std::string>{"red apple red apple red", "red"}, 5);
  EXPECT_EQ(rows.rows(), 2);
  EXPECT_THAT(rows.ids, ElementsAre(kBegin, 4, 5, 4, kEnd, kBegin, 4, kEnd, kPad, kPad));
  EXPECT_THAT(rows.lengths, ElementsAre(5, 3));
  EXPECT_THAT(rows.cut, ElementsAre("apple red", ""));
  // a word of several pieces goes as a whole, and nothing behind it is kept
  const Tokens whole = t->encode(std::vector<std::string>{"red appa red"}, 5);
  EXPECT_THAT(whole.ids, ElementsAre(kBegin, 4, kEnd, kPad, kPad));
  EXPECT_THAT(whole.cut, ElementsAre("appa red"));
  // the shortest legal row
  EXPECT_THAT(t->encode(std::vector<std::string>{"red"}, 2).ids, ElementsAre(kBegin, kEnd));
  test::expect_error(ErrorCode::kInvalidArgument, "at least 2", [&] {
    t->encode(std::vector<std::string>{"red"}, 1);
  });
}

TEST(TableTokenizer, TenThousandWords) {
  std::string prompt;
  std::string cut;
  for (int i = 0; i < 10000; ++i) {
    prompt += "apple ";
    if (i >= 22) cut += i == 22 ? "apple" : " apple";
  }
  const Tokens rows = small()->encode(std::vector{prompt}, 24);
  EXPECT_EQ(rows.lengths.front(), 24);
  EXPECT_EQ(rows.cut.front(), cut);
}

TEST(TableTokenizer, UnknownNamesWordsWithoutAPieceOfTheirOwn) {
  const auto t = small(true);
  const auto unknown = [&](const std::string& prompt) {
    return t->encode(std::vector{prompt}, 30).unknown.front();
  };
  EXPECT_THAT(unknown("red apple, red!"), IsEmpty());
  EXPECT_THAT(unknown("a Pear and apple, pear"), ElementsAre("a", "pear", "and"));
  EXPECT_THAT(unknown("caf\xC3\xA9 red"), ElementsAre("caf\xC3\xA9"));
  EXPECT_THAT(unknown(""), IsEmpty());
}

TEST(TableTokenizer, AnyBytesAreLegal) {
  for (const bool bytes : {false, true}) {
    const auto t = small(bytes);
    EXPECT_THAT(ids(*t, "\xFFred\xC3 apple\xF0\x9F"), ids(*t, "red apple"));
    for (std::uint32_t row = 0; row < 200; ++row) {
      std::string prompt;
      for (std::uint32_t i = 0; i < 8; ++i) {
        const Word4 bits = philox({.seed = 1, .image = row, .purpose = Purpose::kSeed}, i);
        for (const std::uint32_t w : bits.w) prompt += static_cast<char>(w & 0xFFu);
      }
      const Tokens rows = t->encode(std::vector{prompt}, 16);
      EXPECT_EQ(rows.ids.front(), kBegin);
      EXPECT_EQ(rows.ids[static_cast<std::size_t>(rows.lengths.front() - 1)], kEnd);
      t->decode(rows.ids);
    }
  }
}

TEST(TableTokenizer, Decode) {
  const auto t = small();
  EXPECT_EQ(t->decode(ids(*t, "Red  apple, red")), "red apple, red");
  EXPECT_EQ(t->decode(ids(*t, "z")), "\xEF\xBF\xBD");
  EXPECT_EQ(t->decode({}), "");
  for (const std::int32_t id : {-1, 12}) {
    test::expect_error(ErrorCode::kInvalidArgument, "0 to 11", [&] { t->decode(std::vector{id}); });
  }
}

}  // namespace
}  // namespace tessera::text
