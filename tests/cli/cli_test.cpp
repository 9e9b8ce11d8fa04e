// The real program on a tiny model: what it prints where, what it writes, what it answers.

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "engine/image_files.h"
#include "io/json_fields.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera {
namespace {

using io::Json;
using test::Answer;
using test::lines_of;
using test::TemporaryFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
namespace fs = std::filesystem;

class CliTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    model_ = new TemporaryFolder;
    test::write_tiny_model(model_->path());
  }
  static void TearDownTestSuite() { delete model_; }

  /// Runs tessera in this test's own folder, with the tiny model as the default one.
  Answer run(std::vector<std::string> arguments, const std::string& input = {}, int interrupt = 0) {
    std::map<std::string, std::string> variables = {
        {"TESSERA_MODEL", model_->path().string()},
        {"OMP_NUM_THREADS", "1"},
        {"XDG_CONFIG_HOME", (folder_ / "config").string()}};
    variables.insert(variables_.begin(), variables_.end());
    return test::run_program({.program = TESSERA_BINARY_DIR "/bin/tessera",
                              .arguments = std::move(arguments),
                              .input = input,
                              .folder = folder_.path(),
                              .variables = variables,
                              .interrupt_after_lines = interrupt});
  }
  Answer generate(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), "generate");
    return run(std::move(arguments), input);
  }
  /// One line "tessera: error: …" with `part` in it, nothing on stdout, and the code.
  void expect_refusal(const Answer& answer, int code, const std::string& part) {
    EXPECT_EQ(answer.code, code) << answer.err;
    EXPECT_EQ(answer.out, "");
    const auto lines = lines_of(answer.err);
    ASSERT_FALSE(lines.empty());
    EXPECT_THAT(lines.back(), StartsWith("tessera: error: "));
    EXPECT_THAT(lines.back(), HasSubstr(part));
    int errors = 0;
    for (const std::string& line : lines) errors += line.find("error") != std::string::npos ? 1 : 0;
    EXPECT_EQ(errors, 1) << answer.err;
  }

  static TemporaryFolder* model_;
  TemporaryFolder folder_{};
  std::map<std::string, std::string> variables_{};
};
TemporaryFolder* CliTest::model_ = nullptr;

TEST_F(CliTest, OneCommandOnePicture) {
  const Answer first = generate({"a red apple"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, "output.png\n") << "results and nothing else on stdout";
  EXPECT_THAT(first.err, HasSubstr("\"a red apple\": seed "));
  EXPECT_THAT(first.err, HasSubstr("1 picture in "));
  EXPECT_THAT(first.err, Not(HasSubstr("\r"))) << "no redrawing where there is no terminal";
  EXPECT_THAT(first.err, Not(HasSubstr("\033")));
  EXPECT_EQ(engine::read_image(folder_ / "output.png").width, 16);
  EXPECT_EQ(generate({"a red apple"}).out, "output-2.png\n");
}

TEST_F(CliTest, WordsWithoutQuotesAreOnePrompt) {
  const Answer answer = generate({"a", "red", "apple", "--jsonl", "--seed", "3", "--quiet"});
  EXPECT_EQ(Json::parse(answer.out)["prompt"], "a red apple");
  EXPECT_EQ(answer.err, "") << "quiet";
}

TEST_F(CliTest, APresetIsAShareOfTheModelsOwnSteps) {
  const auto steps = [&](const char* preset) {
    return Json::parse(generate({"a fish", "--jsonl", "--preset", preset}).out)["steps"];
  };
  EXPECT_EQ(steps("balanced"), 5);
  EXPECT_EQ(steps("fast"), 3);
  EXPECT_EQ(steps("fine"), 10);
  variables_["TESSERA_STEPS"] = "8";
  EXPECT_EQ(steps("fast"), 3) << "a preset stands for --steps, wherever that comes from";
}

TEST_F(CliTest, ASeedIsRepeatedADrawnOneIsReported) {
  generate({"a fish", "--seed", "7", "-o", "a.png"});
  generate({"a fish", "-s", "7", "-o", "b.png", "-b", "1"});
  EXPECT_EQ(read_file(folder_ / "a.png"), read_file(folder_ / "b.png")) << "the same bytes";
  const Json drawn = Json::parse(generate({"a fish", "--jsonl", "-o", "c.png"}).out);
  const auto seed = std::to_string(drawn["seed"].get<std::uint64_t>());
  generate({"a fish", "--seed", seed, "-o", "d.png"});
  EXPECT_EQ(read_file(folder_ / "c.png"), read_file(folder_ / "d.png"));
}

TEST_F(CliTest, CountBatchAndThreadsDoNotChangePictures) {
  generate(
      {"a fish", "--seed", "7", "--count", "8", "--batch", "8", "-o", "many.png", "--no-metadata"});
  generate(
      {"a fish", "--seed", "7", "--count", "8", "--batch", "1", "-o", "one.png", "--no-metadata"});
  variables_["OMP_NUM_THREADS"] = "2";
  generate({"a fish",
            "--seed",
            "7",
            "--count",
            "8",
            "--batch",
            "3",
            "-t",
            "2",
            "-o",
            "two.png",
            "--no-metadata"});
  generate({"a fish", "--seed", "12", "-o", "fifth.png", "--no-metadata"});
  for (int k = 0; k < 8; ++k) {
    const std::string number = "_" + std::to_string(k) + ".png";
    const std::string bytes = read_file(folder_ / ("many" + number));
    EXPECT_EQ(read_file(folder_ / ("one" + number)), bytes) << k;
    EXPECT_EQ(read_file(folder_ / ("two" + number)), bytes) << k;
  }
  EXPECT_EQ(read_file(folder_ / "fifth.png"), read_file(folder_ / "many_5.png"));
}

TEST_F(CliTest, PromptsFromAFileWithTheirOwnSettings) {
  folder_.write(
      "p.txt",
      "# fruit\na red apple --d 3 --s 4\n\n--prompt \"a blue fish\" --seed 9 --cfg_scale 1.5\n");
  const Answer answer =
      generate({"--prompts", "p.txt", "-o", "out/%02d.png", "--jsonl", "--grid", "grid.png"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  const auto lines = lines_of(answer.out);
  ASSERT_EQ(lines.size(), 2u);
  const Json first = Json::parse(lines[0]);
  EXPECT_EQ(first["path"], "out/00.png");
  EXPECT_EQ(first["seed"], 3);
  EXPECT_EQ(first["steps"], 4);
  EXPECT_EQ(first["line"], 2);
  EXPECT_EQ(Json::parse(lines[1])["guidance"], 1.5);
  EXPECT_TRUE(fs::exists(folder_ / "out/01.png"));
  EXPECT_TRUE(fs::exists(folder_ / "grid.png"));
}

TEST_F(CliTest, JsonLinesKeepTheirOwnKeys) {
  folder_.write("p.jsonl", "{\"tag\": \"single\", \"prompt\": \"a car\", \"seed\": 2}\n");
  const Answer answer = generate({"--prompts", "p.jsonl", "--json"});
  const Json json = Json::parse(answer.out);
  EXPECT_EQ(json["written"], 1);
  EXPECT_EQ(json["failed"], 0);
  EXPECT_EQ(json["images"][0]["tag"], "single");
  EXPECT_EQ(json["images"][0]["status"], "completed");
  EXPECT_EQ(json["images"][0]["path"], "output.png");
}

TEST_F(CliTest, PromptsFromStandardInput) {
  const Answer answer = generate({"-", "--out", "x%d.png"}, "a car\na fish --d 4\n");
  EXPECT_EQ(answer.out, "x0.png\nx1.png\n") << answer.err;
}

TEST_F(CliTest, SomeFailingPromptsLeaveTheRest) {
  folder_.write("p.txt", "a car\na fish --s 99\nthe bird\n");
  const Answer answer = generate({"--prompts", "p.txt", "-o", "x%d.png"});
  EXPECT_EQ(answer.code, 4);
  EXPECT_EQ(answer.out, "x0.png\nx1.png\n");
  EXPECT_THAT(answer.err, HasSubstr("steps must be in 1..10"));
  folder_.write("q.txt", "a fish --s 99\nthe bird --s 98\n");
  EXPECT_EQ(generate({"--prompts", "q.txt", "-o", "y%d.png"}).code, 2) << "all of them";
}

TEST_F(CliTest, MetadataIsReadBackAndVerified) {
  ASSERT_EQ(generate({"a red apple",
                      "--seed",
                      "5",
                      "--steps",
                      "3",
                      "--guidance",
                      "1.5",
                      "-n",
                      "a car",
                      "--sampler",
                      "confidence",
                      "--truncation",
                      "0.9",
                      "-o",
                      "x.png"})
                .code,
            0);
  const Answer info = run({"info", "x.png"});
  EXPECT_EQ(info.code, 0);
  for (const char* part : {"a red apple", "a car", "seed: 5", "steps: 3", "confidence", "0.9"}) {
    EXPECT_THAT(info.out, HasSubstr(part));
  }
  const Json json = Json::parse(run({"info", "--json", "x.png"}).out);
  EXPECT_EQ(json["tessera"]["schema"], "tessera.image/1");
  EXPECT_EQ(json["tessera"]["guidance"], 1.5);
  EXPECT_EQ(json["parameters"]["CFG scale"], "1.5");
  const Answer verified = run({"verify", "x.png", "-q"});
  EXPECT_EQ(verified.code, 0) << verified.err;
  EXPECT_EQ(verified.out, "x.png: the same pixels\n");
  ASSERT_EQ(generate({"a red apple", "--no-metadata", "-o", "bare.png"}).code, 0);
  expect_refusal(run({"verify", "bare.png", "-q"}), 2, "no Tessera settings");
}

TEST_F(CliTest, StartsFromAPictureAndAMask) {
  ASSERT_EQ(generate({"a red apple", "--seed", "1", "-o", "start.png"}).code, 0);
  engine::Image mask{.width = 16, .height = 16, .pixels = std::vector<std::uint8_t>(768, 0)};
  std::fill_n(mask.pixels.begin(), 384, 255);
  engine::write_png(folder_ / "mask.png", mask);
  const Answer answer =
      generate({"a fish", "-i", "start.png", "--mask", "mask.png", "-o", "x.png", "-s", "2"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  const auto start = engine::read_image(folder_ / "start.png").pixels;
  const auto drawn = engine::read_image(folder_ / "x.png").pixels;
  EXPECT_TRUE(std::equal(start.begin() + 384, start.end(), drawn.begin() + 384));
  EXPECT_EQ(run({"verify", "x.png", "-q"}).code, 0) << "start and mask are found again";
  engine::write_png(folder_ / "large.png",
                    {.width = 40, .height = 30, .pixels = std::vector<std::uint8_t>(3600, 9)});
  const Answer resized =
      generate({"a fish", "-i", "large.png", "--strength", "0.5", "-o", "y.png"});
  EXPECT_EQ(resized.code, 0);
  EXPECT_THAT(resized.err, HasSubstr("40x30 was cropped and resized to 16x16"));
  expect_refusal(generate({"a fish", "-i", "none.png", "-o", "z.png"}), 3, "none.png");
  expect_refusal(generate({"a fish", "-i", "large.png", "--mask", "mask.png", "-o", "z.png"}),
                 2,
                 "the mask is 16x16, the picture 40x30");
}

TEST_F(CliTest, ThePictureItselfCanGoToStandardOutput) {
  generate({"a fish", "-s", "4", "-o", "x.png"});
  const Answer piped = generate({"a fish", "-s", "4", "-o", "-"});
  EXPECT_EQ(piped.out, read_file(folder_ / "x.png"));
}

TEST_F(CliTest, PreviewsAreKeptUpToDate) {
  EXPECT_EQ(
      generate(
          {"a fish", "--preview", "vae", "--preview-interval", "2", "--preview-path", "now.png"})
          .code,
      0);
  EXPECT_EQ(engine::read_image(folder_ / "now.png").width, 16);
}

TEST_F(CliTest, FlagsAlsoComeFromVariablesAndTheSettingsFile) {
  fs::create_directories(folder_ / "config/tessera");
  folder_.write("config/tessera/config.toml", "[generate]\nseed = 11\nsteps = 3\ncount = 2\n");
  variables_["TESSERA_STEPS"] = "4";
  const auto lines = lines_of(generate({"a car", "--jsonl", "--count", "1"}).out);
  ASSERT_EQ(lines.size(), 1u) << "the command line wins";
  EXPECT_EQ(Json::parse(lines[0])["seed"], 11) << "the settings file";
}

TEST_F(CliTest, WrongUsageIsOneLineAndCodeTwo) {
  expect_refusal(generate({}), 2, "say what to draw");
  expect_refusal(generate({"x", "--sed", "4"}), 2, "did you mean --seed?");
  expect_refusal(generate({"x", "--steps", "many"}), 2, "--steps");
  expect_refusal(
      generate({"x", "--steps", "11"}), 2, "steps must be in 1..10 for this model, got 11");
  expect_refusal(generate({"x", "--preset", "quick"}),
                 2,
                 "presets are balanced, fast and fine, got \"quick\"");
  expect_refusal(generate({"x", "--count", "0"}), 2, "count must be in");
  expect_refusal(generate({"x", "--sampler", "ancestrall"}), 2, "did you mean \"ancestral\"?");
  expect_refusal(generate({"x", "--seed", "abc"}), 2, "--seed must be a whole number");
  expect_refusal(generate({"x", "-W", "512", "-H", "512"}), 2, "pictures of 16x16 only");
  expect_refusal(generate({"x", "--device", "tpu"}), 2, "tpu");
  expect_refusal(run({}), 2, "subcommand");
  expect_refusal(run({"generat", "x"}), 2, "did you mean generate?");
}

TEST_F(CliTest, MissingAndDamagedModelsAreCodeThree) {
  expect_refusal(generate({"x", "--model", "nowhere"}), 3, "nowhere: no such model folder");
  expect_refusal(generate({"x", "--model", folder_.path().string()}), 3, "model_index.json");
  const fs::path damaged = folder_ / "damaged";
  fs::copy(model_->path(), damaged, fs::copy_options::recursive);
  const std::string bytes = read_file(damaged / "vqvae/model.safetensors");
  folder_.write("damaged/vqvae/model.safetensors", bytes.substr(0, bytes.size() - 1));
  expect_refusal(generate({"x", "-m", damaged.string()}), 3, "vqvae/model.safetensors: damaged");
  folder_.write("damaged/model_index.json", "{");
  expect_refusal(generate({"x", "-m", damaged.string()}), 3, "model_index.json");
  if (!fs::exists("/dev/nvidia0")) {
    expect_refusal(generate({"x", "--device", "cuda"}), 5, "cuda");
  }
}

TEST_F(CliTest, UnreadablePromptsAreOneLine) {
  expect_refusal(generate({"--prompts", "none.txt"}), 3, "none.txt: no such file");
  expect_refusal(generate({"--prompts", folder_.path().string()}), 2, "is a folder");
  folder_.write("p.txt", "a car\na fish --hires 2\n");
  expect_refusal(generate({"--prompts", "p.txt"}), 2, "p.txt:2: unknown option --hires");
  folder_.write("empty.txt", "\n# nothing\n");
  expect_refusal(generate({"--prompts", "empty.txt"}), 2, "holds no prompt");
  expect_refusal(generate({"-"}, ""), 2, "standard input: holds no prompt");
  if (::geteuid() != 0) {
    folder_.write("locked.txt", "a car");
    fs::permissions(folder_ / "locked.txt", fs::perms::none);
    expect_refusal(generate({"--prompts", "locked.txt"}), 1, "cannot read");
  }
}

TEST_F(CliTest, OddPromptsAreLegal) {
  const Answer empty = generate({"", "--seed", "1", "-o", "empty.png"});
  EXPECT_EQ(empty.code, 0) << empty.err;
  EXPECT_THAT(empty.err, HasSubstr("warning: the prompt is empty"));
  const Answer bytes = generate({"a red \xFF apple", "-o", "bytes.png"});
  EXPECT_EQ(bytes.code, 0);
  EXPECT_THAT(bytes.err, HasSubstr("not valid UTF-8"));
  EXPECT_THAT(run({"info", "bytes.png"}).out, HasSubstr("a red \xEF\xBF\xBD apple"));
  std::string words = "a red apple";
  for (int i = 0; i < 10'000; ++i) words += " apple";
  folder_.write("long.txt", words);
  const Answer many = generate({"--prompts", "long.txt", "-o", "long.png"});
  EXPECT_EQ(many.code, 0) << many.err;
  EXPECT_THAT(many.err, HasSubstr("9997 words were cut"));
  for (const std::string& line : lines_of(many.err)) EXPECT_LT(line.size(), 400u);
  const Answer strange = generate({"a red unicorn", "-o", "u.png"});
  EXPECT_EQ(strange.code, 0);
  EXPECT_THAT(strange.err, HasSubstr("unicorn"));
}

TEST_F(CliTest, OutputThatCannotBeWrittenIsToldBeforeDrawing) {
  folder_.write("taken.png", "mine");
  expect_refusal(generate({"x", "-o", "taken.png", "-q"}), 2, "taken.png exists; say --overwrite");
  EXPECT_EQ(read_file(folder_ / "taken.png"), "mine");
  EXPECT_EQ(generate({"a car", "-o", "taken.png", "--overwrite", "-q"}).code, 0);
  expect_refusal(generate({"x", "-o", "taken.png/x.png", "-q"}), 1, "taken.png");
  expect_refusal(
      generate({"x", "-o", std::string(300, 'n') + ".png", "-q"}), 1, "File name too long");
  if (fs::exists("/dev/full")) {
    expect_refusal(generate({"x", "-o", "/dev/full", "-q"}), 1, "No space left on device");
  }
  if (::geteuid() != 0)
    expect_refusal(generate({"x", "-o", "/x.png", "-q"}), 1, "cannot write here");
}

TEST_F(CliTest, CtrlCKeepsFinishedPictures) {
  std::string prompts;
  for (int i = 0; i < 4000; ++i) prompts += "a car\n";
  folder_.write("q.txt", prompts);
  const Answer answer = run({"generate", "--prompts", "q.txt", "-o", "x%d.png"}, "", 3);
  EXPECT_EQ(answer.code, 130) << answer.err;
  const auto written = lines_of(answer.out);
  ASSERT_GE(written.size(), 3u);
  EXPECT_LT(written.size(), 4000u);
  EXPECT_TRUE(fs::exists(folder_ / written.back()));
  EXPECT_THAT(answer.err, HasSubstr("stopped: "));
}

TEST_F(CliTest, HelpIsEverywhere) {
  const Answer help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* command :
       {"generate", "train", "eval", "reconstruct", "data", "info", "verify", "pull", "models"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
  }
  for (const char* command : {"generate", "train"}) {
    const Answer own = run({command, "--help"});
    EXPECT_EQ(own.code, 0) << command;
    EXPECT_THAT(own.out, HasSubstr("Example")) << command;
    for (const std::string& line : lines_of(own.out)) EXPECT_LE(line.size(), 120u) << line;
  }
  EXPECT_THAT(run({"--version"}).out,
              ::testing::MatchesRegex("tessera [0-9.]+\nLibTorch 2.*threads\n"));
}

TEST_F(CliTest, ReconstructsPictures) {
  engine::write_png(folder_ / "p.png",
                    {.width = 21, .height = 16, .pixels = std::vector<std::uint8_t>(1008, 90)});
  const Answer answer = run({"reconstruct", "p.png"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_EQ(answer.out, "p-reconstructed.png\n");
  EXPECT_EQ(engine::read_image(folder_ / "p-reconstructed.png").width, 20) << "cut to whole cells";
  EXPECT_THAT(answer.err, HasSubstr("PSNR"));
  const Answer some = run({"reconstruct", "p.png", "none.png", "-o", "out/", "--json", "-q"});
  EXPECT_EQ(some.code, 4);
  const auto lines = lines_of(some.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_GT(Json::parse(lines[0])["psnr"].get<double>(), 0);
  EXPECT_EQ(Json::parse(lines[1])["status"], "failed");
}

TEST_F(CliTest, InfoTellsModelsAndWeights) {
  const Answer model = run({"info", model_->path().string(), "--check"});
  EXPECT_EQ(model.code, 0) << model.err;
  EXPECT_THAT(model.out, HasSubstr("name: tiny"));
  EXPECT_THAT(model.err, HasSubstr("as the card says"));
  EXPECT_EQ(
      Json::parse(run({"info", "--json", (model_->path() / "vqvae/model.safetensors").string()})
                      .out)["kind"],
      "weights");
  expect_refusal(run({"info", "none.png"}), 3, "none.png");
}

TEST_F(CliTest, ANewModelIsConvertedAndDraws) {
  const Answer made = run({"new-model", "--config", "tiny", "--random", "-o", "new"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.out, "new\n");
  const Json info = Json::parse(run({"info", "--json", "new"}).out);
  const Json& parts = info["parts"];
  // Counted by hand: 48 codes and a mask, 4 rows and columns, of width 32; two blocks; the head;
  // the null condition of 77 x 16.
  constexpr int kTime = 10 * 32 + 64 * 32 + 64;
  constexpr int kAttention = 4 * (32 * 32 + 32);
  constexpr int kCross = 2 * (32 * 32 + 32) + 2 * (32 * 16 + 32);
  constexpr int kMlp = 64 + 32 * 128 + 128 + 128 * 32 + 32;
  EXPECT_EQ(parts["transformer"]["values"],
            49 * 32 + 8 * 32 + 2 * (2 * kTime + kAttention + kCross + kMlp) + 64 + 48 * 32 + 48 +
                77 * 16);
  EXPECT_EQ(parts["text_encoder"]["options"]["kind"], "clip");
  EXPECT_EQ(
      parts["text_encoder"]["values"].get<int>(),
      49408 * 16 + 77 * 16 + 2 * (4 * 16 + 4 * (16 * 16 + 16) + 16 * 32 + 32 + 32 * 16 + 16) + 32);

  const Answer moved =
      run({"convert", "new", "-o", "moved", "--layout", "diffusers", "--type", "fp32"});
  EXPECT_EQ(moved.code, 0) << moved.err;
  EXPECT_EQ(Json::parse(run({"info", "--json", "moved"}).out)["loads"], true);
  EXPECT_TRUE(fs::exists(folder_ / "moved/tokenizer/special_tokens_map.json"));
  const auto drawn = [&](const char* model, const char* file) {
    const Answer answer = generate(
        {"a red apple", "--model", model, "-o", file, "--seed", "3", "--guidance", "2", "-q"});
    EXPECT_EQ(answer.code, 0) << answer.err;
    return engine::read_image(folder_ / file);
  };
  const engine::Image picture = drawn("new", "a.png");
  EXPECT_EQ(picture.width, 8);
  EXPECT_EQ(drawn("moved", "b.png"), picture);

  expect_refusal(run({"convert", "new", "-o", "moved"}), 2, "exists already");
  expect_refusal(run({"new-model", "--config", "tiny", "-o", "x"}), 2, "say --random");
  expect_refusal(run({"new-model", "--config", "huge", "--random", "-o", "x"}), 3, "ithq, coco");
}

}  // namespace
}  // namespace tessera
