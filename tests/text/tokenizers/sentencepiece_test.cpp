#include "text/tokenizers/sentencepiece.h"

#include <cstdlib>
#include <sstream>

#include "core/atomic_file.h"
#include "core/philox.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::text {
namespace {

using test::expect_error;
using test::TemporaryFolder;

std::string pick(const std::vector<std::string>& words, std::uint32_t row, std::uint32_t slot) {
  const RngKey key{.seed = 7, .image = row, .purpose = Purpose::kSeed, .step = slot};
  return words[philox(key, 0).w[0] % words.size()];
}

/// Captions in the manner of the scene grammar.
std::vector<std::string> captions(std::uint32_t count) {
  const std::vector<std::string> nouns{"apple",
                                       "book",
                                       "robot",
                                       "sailboat",
                                       "tulip",
                                       "umbrella",
                                       "maple leaf",
                                       "fire truck",
                                       "heart",
                                       "balloon"};
  const std::vector<std::string> colours{"red", "blue", "green", "orange", "black", "purple"};
  const std::vector<std::string> relations{"above", "below", "to the left of", "to the right of"};
  const std::vector<std::string> on{"on", "with", "against"};
  std::vector<std::string> lines;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string line = "a " + pick(colours, i, 0) + " " + pick(nouns, i, 1);
    if (i % 3 == 0) line += " " + pick(relations, i, 2) + " a " + pick(nouns, i, 3);
    if (i % 3 == 1) line += ", a " + pick(nouns, i, 2) + " and a " + pick(nouns, i, 3);
    lines.push_back(line + " " + pick(on, i, 4) + " a " + pick(colours, i, 5) + " background");
  }
  return lines;
}

/// A folder with a model trained on 2000 captions; trained once for all tests.
const std::filesystem::path& trained() {
  static const TemporaryFolder folder;
  static const bool done = [] {
    train_sentencepiece(captions(2000), {.vocabulary = 400}, folder.path());
    return true;
  }();
  static_cast<void>(done);
  return folder.path();
}

std::vector<std::string> awkward_prompts() {
  std::vector<std::string> prompts{"",
                                   " ",
                                   "Red Apple",
                                   "A  RED\tapple\n",
                                   "a zebra!",
                                   "applebook",
                                   "!!!",
                                   "red,blue",
                                   "redapple",
                                   "\xF0\x9F\x8D\x8E apple",
                                   "caf\xC3\xA9",
                                   "a\xFFz",
                                   "two 3 robots",
                                   "umbrellaumbrella x"};
  for (const std::string& line : captions(400)) prompts.push_back(line);
  return prompts;
}

TEST(SentencePiece, TheTableGivesTheSameIds) {
  const auto model = load_sentencepiece(trained() / "tokenizer.model");
  const auto table = load_table_tokenizer(trained() / "tokens.tsv");
  EXPECT_EQ(model->vocabulary_size(), table->vocabulary_size());
  const Tokens a = model->encode(awkward_prompts(), 32);
  const Tokens b = table->encode(awkward_prompts(), 32);
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.lengths, b.lengths);
  EXPECT_EQ(a.cut, b.cut);
  EXPECT_EQ(a.unknown, b.unknown);
}

TEST(SentencePiece, EveryTrainedWordIsOnePiece) {
  const auto model = load_sentencepiece(trained() / "tokenizer.model");
  const Tokens rows = model->encode(captions(400), 32);
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    EXPECT_TRUE(rows.unknown[static_cast<std::size_t>(i)].empty())
        << rows.unknown[static_cast<std::size_t>(i)].front();
  }
  const Tokens strange = model->encode(std::vector<std::string>{"a red zebra"}, 32);
  EXPECT_THAT(strange.unknown.front(), ::testing::ElementsAre("zebra"));
}

TEST(SentencePiece, CaseIsFolded) {
  const auto model = load_sentencepiece(trained() / "tokenizer.model");
  EXPECT_EQ(model->encode(std::vector<std::string>{"Red APPLE"}, 8).ids,
            model->encode(std::vector<std::string>{"red apple"}, 8).ids);
}

TEST(SentencePiece, DecodeGivesTheTextBack) {
  const auto model = load_sentencepiece(trained() / "tokenizer.model");
  for (const std::string& line : captions(20)) {
    const Tokens row = model->encode(std::vector{line}, 40);
    EXPECT_EQ(model->decode(row.ids), line);
  }
  expect_error(ErrorCode::kInvalidArgument, "-1", [&] { model->decode(std::vector{-1}); });
}

TEST(SentencePiece, TenThousandWordsAndTheEmptyPrompt) {
  const auto model = load_sentencepiece(trained() / "tokenizer.model");
  std::string prompt;
  for (int i = 0; i < 10000; ++i) prompt += "apple ";
  const Tokens rows = model->encode(std::vector<std::string>{prompt, ""}, 24);
  EXPECT_EQ(rows.lengths, (std::vector<std::int32_t>{24, 2}));
  EXPECT_EQ(rows.cut.front().size(), (10000u - 22u) * 6u - 1u);
}

TEST(SentencePiece, TrainingIsDeterministicAndQuiet) {
  const TemporaryFolder again;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  train_sentencepiece(captions(2000), {.vocabulary = 400}, again / "deep/er");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  for (const char* name : {"tokenizer.model", "tokens.tsv"}) {
    EXPECT_EQ(read_file(again / "deep/er" / name), read_file(trained() / name)) << name;
  }
}

TEST(SentencePiece, EqualsTheProgram) {
  ASSERT_EQ(std::system("command -v spm_encode >/dev/null 2>&1"), 0)
      << "tools/bootstrap --tests installs the package sentencepiece";
  const TemporaryFolder folder;
  const std::vector<std::string> lines = captions(100);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  folder.write("lines.txt", text);
  const std::string command =
      "spm_encode --output_format=id --model=" + (trained() / "tokenizer.model").string() + " < " +
      (folder / "lines.txt").string() + " > " + (folder / "ids.txt").string() + " 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Tokens rows = load_table_tokenizer(trained() / "tokens.tsv")->encode(lines, 40);
  std::istringstream output(read_file(folder / "ids.txt"));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string expected;
    for (std::int32_t k = 1; k + 1 < rows.lengths[i]; ++k) {
      const auto at = i * 40 + static_cast<std::size_t>(k);
      expected += (k > 1 ? " " : "") + std::to_string(rows.ids[at]);
    }
    std::string line;
    std::getline(output, line);
    ASSERT_EQ(line, expected) << lines[i];
  }
}

TEST(SentencePiece, HostileModels) {
  const TemporaryFolder folder;
  const std::string good = read_file(trained() / "tokenizer.model");
  expect_error(ErrorCode::kNotFound, "none", [&] { load_sentencepiece(folder / "none"); });
  for (const std::string& bytes :
       {std::string(), std::string("hello"), std::string(5000, '\xFF'), good.substr(0, 100)}) {
    const auto file = folder.write("bad.model", bytes);
    expect_error(ErrorCode::kCorruptFile, "bad.model", [&] { load_sentencepiece(file); });
  }
}

TEST(SentencePiece, WrongTrainingIsRefused) {
  const TemporaryFolder folder;
  const auto train = [&](std::vector<std::string> lines, SentencePieceOptions options) {
    return [=, &folder] { train_sentencepiece(lines, options, folder.path()); };
  };
  expect_error(ErrorCode::kInvalidArgument, "no text", train({}, {}));
  expect_error(ErrorCode::kInvalidArgument, "no text", train({"", " \n"}, {}));
  expect_error(ErrorCode::kInvalidArgument, "vocabulary", train({"a"}, {.vocabulary = 260}));
  expect_error(ErrorCode::kInvalidArgument, "coverage", train({"a"}, {.coverage = 0.0}));
  expect_error(ErrorCode::kInvalidArgument, "262 pieces", train(captions(10), {.vocabulary = 262}));
  EXPECT_FALSE(std::filesystem::exists(folder / "tokenizer.model"));
}

}  // namespace
}  // namespace tessera::text
