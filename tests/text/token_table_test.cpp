#include "text/token_table.h"

#include <limits>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::text {
namespace {

using test::expect_error;

const std::string kGood =
    "tessera.tokens/1\tunigram\t6\n"
    "0\t<pad>\t0\tcontrol\n"
    "1\t<unk>\t0\tunknown\n"
    "2\t<bos>\t0\tcontrol\n"
    "3\t<eos>\t0\tcontrol\n"
    "4\t\xE2\x96\x81red\t-1.5\tnormal\n"
    "5\ta\t-2.25\tnormal\n";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(TokenTable, RoundTripsToTheLastBit) {
  const test::TemporaryFolder folder;
  std::vector<PieceEntry> entries = read_token_table(folder.write("good.tsv", kGood));
  ASSERT_EQ(entries.size(), 6u);
  EXPECT_EQ(entries[4].piece, "\xE2\x96\x81red");
  EXPECT_EQ(entries[4].score, -1.5f);
  EXPECT_EQ(entries[5].kind, PieceKind::kNormal);
  entries[4].score = -1.0f / 3.0f;
  entries[5].score = -std::numeric_limits<float>::denorm_min();
  write_token_table(folder / "copy.tsv", entries);
  const std::vector<PieceEntry> copy = read_token_table(folder / "copy.tsv");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(copy[i].piece, entries[i].piece);
    EXPECT_EQ(copy[i].score, entries[i].score);
    EXPECT_EQ(copy[i].kind, entries[i].kind);
  }
}

TEST(TokenTable, EveryTruncationIsRefused) {
  const test::TemporaryFolder folder;
  for (std::size_t size = 0; size < kGood.size(); ++size) {
    const auto file = folder.write("cut.tsv", kGood.substr(0, size));
    expect_error(ErrorCode::kCorruptFile, "cut.tsv, line ", [&] { read_token_table(file); });
  }
}

TEST(TokenTable, WrongContentIsNamedWithItsLine) {
  const test::TemporaryFolder folder;
  const auto refuse = [&](const std::string& from, const std::string& to, const std::string& part) {
    const auto file = folder.write("bad.tsv", replaced(kGood, from, to));
    expect_error(ErrorCode::kCorruptFile, part, [&] { read_token_table(file); });
  };
  refuse("tessera.tokens/1", "tessera.tokens/9", "line 1");
  refuse("unigram\t6", "bpe\t6", "line 1");
  refuse("unigram\t6", "unigram\t99999999999999999999", "line 1");
  refuse("unigram\t6", "unigram\t2", "line 1");
  refuse("unigram\t6", "unigram\t5", "line 7: there is more");
  refuse("unigram\t6", "unigram\t7", "line 8: the file ends too early");
  refuse("5\ta", "4\ta", "line 7: wanted id 5");  // a duplicate id
  refuse("5\ta", "x\ta", "line 7: wanted id 5");
  refuse("-2.25", "nan", "line 7: the score");
  refuse("-2.25", "-2.25x", "line 7: the score");
  refuse("-2.25", "", "line 7: the score");
  refuse("-2.25", "-1e999", "line 7: the score");
  refuse("-2.25\tnormal", "-2.25\tnice", "line 7: the kind");
  refuse("-2.25\tnormal", "-2.25\tbyte", "line 7: a byte piece");
  refuse("-2.25\tnormal", "-2.25\tcontrol", "line 7: id 5 cannot be of kind control");
  refuse("-2.25\tnormal", "-2.25\tunknown", "line 7: id 5 cannot");
  refuse("0\tunknown", "0\tnormal", "line 3: id 1 cannot");
  refuse("5\ta\t-2.25\tnormal", "5\ta\t-2.25", "line 7: wanted 4 fields");
  refuse("5\ta\t", "5\t\t", "line 7: the piece is empty");
  refuse("5\ta\t", "5\t\xFF\t", "line 7: the piece is empty or not UTF-8");
  refuse("5\ta\t", "5\t\xE2\x96\x81red\t", "line 7: the piece \"\xE2\x96\x81red\" is there twice");
  refuse("5\ta\t-2.25\tnormal", "5\t<0x41>\t0\tbyte", "found 1");
  expect_error(ErrorCode::kNotFound, "none.tsv", [&] { read_token_table(folder / "none.tsv"); });
}

TEST(TokenTable, PiecesThatWouldBreakTheTableAreNotWritten) {
  const test::TemporaryFolder folder;
  for (const char* piece : {"a\tb", "a\nb"}) {
    expect_error(ErrorCode::kInvalidArgument, "piece 0", [&] {
      write_token_table(folder / "x.tsv", {{.piece = piece}});
    });
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "x.tsv"));
}

TEST(TokenTable, BytePieces) {
  EXPECT_EQ(byte_of_piece("<0x41>"), 0x41);
  EXPECT_EQ(byte_of_piece("<0xFF>"), 0xFF);
  for (const char* wrong : {"", "<0x4>", "<0xZZ>", "<0x4Z>", "<1x41>", "<0x410>", "a"}) {
    EXPECT_EQ(byte_of_piece(wrong), -1) << wrong;
  }
}

}  // namespace
}  // namespace tessera::text
