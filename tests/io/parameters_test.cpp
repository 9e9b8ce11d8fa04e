#include "io/image/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::io {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(Parameters, AreWrittenAsOtherToolsExpectThem) {
  EXPECT_EQ(to_text({.prompt = "a red apple\non blue",
                     .negative = "blurry",
                     .fields = {{"Steps", "20"},
                                {"Seed", "7"},
                                {"Size", "64x64"},
                                {"VAE", ""},
                                {"Note", "a, b: \"c\""},
                                {"Tiling", "Tiling"}}}),
            "a red apple\non blue\nNegative prompt: blurry\n"
            "Steps: 20, Seed: 7, Size: 64x64, Note: \"a, b: \\\"c\\\"\", Tiling");
  EXPECT_EQ(to_text({.prompt = "p", .fields = {{"Steps", "1"}}}), "p\nSteps: 1");
  EXPECT_EQ(to_text({.prompt = "p"}), "p");
}

TEST(Parameters, AreReadFromTheFormOfOtherTools) {
  const Parameters found = parse_parameters(
      "two cats,\n by the sea \nNegative prompt: blurry,\nugly\n"
      "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x768, "
      "Model hash: 45dee52b, Lora hashes: \"a: 1, b: 2\", Version: v1.9");
  EXPECT_EQ(found.prompt, "two cats,\nby the sea");
  EXPECT_EQ(found.negative, "blurry,\nugly");
  EXPECT_EQ(found.fields,
            (Fields{{"Steps", "20"},
                    {"Sampler", "Euler a"},
                    {"CFG scale", "7"},
                    {"Seed", "965400086"},
                    {"Size-1", "512"},
                    {"Size-2", "768"},
                    {"Model hash", "45dee52b"},
                    {"Lora hashes", "a: 1, b: 2"},
                    {"Version", "v1.9"}}));
}

TEST(Parameters, ALastLineWithFewerThanThreeFieldsIsPrompt) {
  const Parameters found = parse_parameters("a sign\nsaying: hello, steps: 2");
  EXPECT_EQ(found.prompt, "a sign\nsaying: hello, steps: 2");
  EXPECT_TRUE(found.fields.empty());
}

TEST(Parameters, RoundTrip) {
  const Parameters wrote{.prompt = "grüße, \"x\"\n\nlast",
                         .negative = "no: thing",
                         .fields = {{"Steps", "16"},
                                    {"Sampler", "a, b"},
                                    {"Empty-ish", "\""},
                                    {"Model", "C:\\path\nnew"},
                                    {"Emoji", "🍎: ü"}}};
  const Parameters read = parse_parameters(to_text(wrote));
  EXPECT_EQ(read.prompt, wrote.prompt);
  EXPECT_EQ(read.negative, wrote.negative);
  EXPECT_EQ(read.fields, wrote.fields);
}

TEST(Parameters, AnyTextIsReadWithoutHarm) {
  EXPECT_EQ(parse_parameters("").prompt, "");
  EXPECT_EQ(parse_parameters("\n\n").prompt, "");
  EXPECT_EQ(parse_parameters("a:1,b:2,c:3").prompt,
            "a:1,b:2,c:3");  // keys have two letters or more
  EXPECT_EQ(parse_parameters("aa:,bb:,cc:").fields.size(), 3U);
  EXPECT_EQ(parse_parameters("aa: \"open, bb: 1, cc: 2, dd:").fields.size(), 4U);
  EXPECT_EQ(parse_parameters("aa: \"x\" y, bb: \"\\\", cc: 2").fields[0].second, "\"x\" y");
  const std::string words = [] {
    std::string out;
    for (int i = 0; i < 100'000; ++i) out += "word ";
    return out;
  }();
  EXPECT_EQ(parse_parameters(words).prompt.size() + 1, words.size());  // and quickly
  EXPECT_EQ(parse_parameters("\xff\xfe: \xff, \xff\xff: 1, bb: 2").fields.size(), 3U);
}

}  // namespace
}  // namespace tessera::io
