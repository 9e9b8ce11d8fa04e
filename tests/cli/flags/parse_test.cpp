#include "cli/flags/parse.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/flags/train_flags.h"
#include "tests/support/expect_error.h"

namespace tessera::cli {
namespace {

struct Said {
  std::optional<int> code;
  std::string out, err;
};

Said parsed(CLI::App& app, std::vector<const char*> words) {
  words.insert(words.begin(), "program");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Said said;
  said.code = parse(app, static_cast<int>(words.size()), words.data());
  said.out = ::testing::internal::GetCapturedStdout();
  said.err = ::testing::internal::GetCapturedStderr();
  return said;
}

TEST(Parse, HelpIsAResultAndAMistakeIsNot) {
  CLI::App app("does things", "program");
  int number = 0;
  app.add_option("--number", number);
  const Said help = parsed(app, {"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, ::testing::HasSubstr("--number"));
  EXPECT_EQ(help.err, "");
  for (const auto& words : {std::vector<const char*>{"--nmuber", "3"}, {"--number", "three"}}) {
    const Said mistake = parsed(app, words);
    EXPECT_EQ(mistake.code, 2);
    EXPECT_EQ(mistake.out, "");
    EXPECT_THAT(mistake.err, ::testing::StartsWith("tessera: error: "));
    EXPECT_THAT(mistake.err, ::testing::HasSubstr("program --help"));
    EXPECT_EQ(std::count(mistake.err.begin(), mistake.err.end(), '\n'), 1);
  }
  EXPECT_FALSE(parsed(app, {"--number", "3"}).code.has_value());
  EXPECT_EQ(number, 3);
}

TEST(FieldFlags, ComeFromTheOptionsOwnFields) {
  CLI::App app("samples", "program");
  SampleOptions options{.steps = 7};
  add_field_flags(app, options, "Sampling");
  EXPECT_FALSE(parsed(app, {"--guidance", "2.5", "--truncation", "top0.86r"}).code.has_value());
  EXPECT_EQ(options.steps, 7);
  EXPECT_DOUBLE_EQ(options.guidance, 2.5);
  EXPECT_EQ(options.truncation, "top0.86r");
}

TEST(TrainFlags, TakeTheStageAndRepeatedOverrides) {
  CLI::App app("trains", "program");
  TrainFlags flags;
  add_train_flags(app, flags);
  const Said said = parsed(
      app, {"--set", "train.steps=5", "vqvae", "--set", "name=a=b", "--out", "runs/x", "--resume"});
  EXPECT_FALSE(said.code.has_value()) << said.err;
  EXPECT_EQ(flags.stage, "vqvae");
  EXPECT_TRUE(flags.resume);
  const auto overrides = parse_overrides(flags.set);
  EXPECT_EQ(overrides.at("train.steps"), "5");
  EXPECT_EQ(overrides.at("name"), "a=b");
  EXPECT_EQ(parsed(app, {"--config", "x"}).code, 2);  // no --out
}

TEST(ParseOverrides, NamesWhatIsNotKeyAndValue) {
  test::expect_error(ErrorCode::kInvalidArgument, "section.key=value, got \"train.steps\"", [] {
    parse_overrides({"train.steps"});
  });
}

}  // namespace
}  // namespace tessera::cli
