#include "engine/prompt_file.h"

#include "tests/support/expect_error.h"

namespace tessera::engine {
namespace {

using test::expect_error;

std::vector<PromptItem> items_of(const std::string& text) {
  return parse_prompts(text, "p.txt").items;
}
PromptItem item_of(const std::string& line) {
  return items_of(line).at(0);
}

TEST(PromptFile, OnePromptALine) {
  const auto items = items_of("a red apple\n\n  # a remark\r\n  a blue fish \r\n\t\n");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].prompt, "a red apple");
  EXPECT_EQ(items[0].line, 1);
  EXPECT_EQ(items[1].prompt, "a blue fish");
  EXPECT_EQ(items[1].line, 4);
}

TEST(PromptFile, OptionsBehindTheWords) {
  const PromptItem item =
      item_of("a red apple --w 64 --h 64 --d 7 --s 20 --l 2.5 --n bad, worse --ss confidence");
  EXPECT_EQ(item.prompt, "a red apple");
  EXPECT_EQ(item.width, 64);
  EXPECT_EQ(item.height, 64);
  EXPECT_EQ(item.seed, 7);
  EXPECT_EQ(item.steps, 20);
  EXPECT_EQ(item.guidance, 2.5);
  EXPECT_EQ(item.negative, "bad, worse");
  EXPECT_EQ(item.sampler, "confidence");
  EXPECT_EQ(item_of("an apple -- on a table").prompt, "an apple -- on a table");
  EXPECT_EQ(item_of("a fish --seed -1 --truncation top0.9r").truncation, "top0.9r");
}

TEST(PromptFile, OptionsAlone) {
  const PromptItem item = item_of(
      R"(--prompt "a \"red\" apple" --negative_prompt 'it''s bad' --seed=9 --steps 30 --cfg_scale 5 --sampler_name strided --batch_size 2 --n_iter 3 --width 64)");
  EXPECT_EQ(item.prompt, "a \"red\" apple");
  EXPECT_EQ(item.negative, "its bad");
  EXPECT_EQ(item.seed, 9);
  EXPECT_EQ(item.steps, 30);
  EXPECT_EQ(item.guidance, 5.0);
  EXPECT_EQ(item.sampler, "strided");
  EXPECT_EQ(item.width, 64);
  const GenerateRequest request = with_item({}, item, 64);
  EXPECT_EQ(request.count, 6) << "two a pass, three passes";
  EXPECT_EQ(request.batch, 2);
}

TEST(PromptFile, JsonLinesKeepWhatTheyDoNotKnow) {
  const auto items = items_of(
      "{\"tag\": \"single\", \"include\": [{\"class\": \"apple\"}], \"prompt\": \"a red apple\"}\n"
      "{\"prompt\": \"a fish\", \"seed\": 3, \"steps\": 4, \"guidance\": 1.5, \"n\": 5}\n");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].extra, R"({"tag":"single","include":[{"class":"apple"}]})");
  EXPECT_EQ(items[1].seed, 3);
  EXPECT_EQ(items[1].steps, 4);
  EXPECT_EQ(items[1].guidance, 1.5);
  EXPECT_EQ(items[1].negative, std::nullopt) << "\"n\" is the data set's own";
  EXPECT_EQ(items[1].extra, R"({"n":5})");
}

TEST(PromptFile, MistakesNameTheirLine) {
  const auto refuses = [](const std::string& text, const std::string& message) {
    expect_error(ErrorCode::kInvalidArgument, message, [&] { parse_prompts(text, "p.txt"); });
  };
  refuses("a cat\na dog --speed 9", "p.txt:2: unknown option --speed; known: --prompt");
  refuses("--prompt x --hires 1", "p.txt:1: unknown option --hires");
  refuses("a dog --s many", "p.txt:1: --s must be a number, got \"many\"");
  refuses("a dog --s", "p.txt:1: --s must be a number, got \"\"");
  refuses("a dog --d 99999999999999999999999", "p.txt:1: --d must be a number");
  refuses("--prompt \"a dog", "p.txt:1: a quotation mark is never closed");
  refuses("--prompt a dog", "p.txt:1: expected an option, found \"dog\"");
  refuses("--seed", "p.txt:1: --seed needs a value");
  refuses("{\"text\": \"a\"}", "p.txt:1: needs a \"prompt\"");
  refuses("{\"prompt\": \"a\"}\nnot json", "p.txt:2: not a JSON object");
  refuses("{\"prompt\": 4}", "p.txt:1: needs a \"prompt\" that is a string");
  refuses("\n# nothing\n", "p.txt: holds no prompt");
  refuses("", "p.txt: holds no prompt");
}

TEST(PromptFile, InvalidTextIsRepairedWithAWarning) {
  const PromptFile file = parse_prompts("a r\xC3 apple\n\xEF\xBB\xBF", "p.txt");
  EXPECT_EQ(file.items.at(0).prompt, "a r\xEF\xBF\xBD apple");
  EXPECT_THAT(file.warnings, ::testing::ElementsAre(::testing::HasSubstr("U+FFFD")));
  EXPECT_EQ(parse_prompts("\xEF\xBB\xBFthe apple", "p.txt").items.at(0).prompt, "the apple");
}

TEST(PromptFile, ItemsGoOverTheFlags) {
  GenerateRequest base;
  base.seed = 5;
  base.negative = "dull";
  base.sampling.steps = 8;
  base.count = 2;
  const GenerateRequest same = with_item(base, item_of("an apple"), 64);
  EXPECT_EQ(same.prompt, "an apple");
  EXPECT_EQ(same.seed, 5u);
  EXPECT_EQ(same.negative, "dull");
  EXPECT_EQ(same.count, 2);
  const GenerateRequest own = with_item(base, item_of("an apple --d -1 --s 3 --n x --count 4"), 64);
  EXPECT_EQ(own.seed, std::nullopt) << "drawn";
  EXPECT_EQ(own.sampling.steps, 3);
  EXPECT_EQ(own.negative, "x");
  EXPECT_EQ(own.count, 4);
  expect_error(ErrorCode::kInvalidArgument, "line 1: this model draws pictures of 64x64 only", [&] {
    with_item(base, item_of("an apple --w 128"), 64);
  });
}

}  // namespace
}  // namespace tessera::engine
