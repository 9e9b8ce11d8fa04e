// `tessera eval` by the real program: reports, records, several processes, and what it refuses.

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

class EvalProgramTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    tiny_ = new test::TemporaryFolder;
    test::write_tiny_model(tiny_->path());
  }
  static void TearDownTestSuite() { delete tiny_; }

  Answer eval(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "eval");
    std::map<std::string, std::string> variables = {
        {"OMP_NUM_THREADS", "1"},
        {"XDG_CACHE_HOME", (folder_ / "cache").string()},
        {"XDG_CONFIG_HOME", (folder_ / "config").string()}};
    variables.insert(variables_.begin(), variables_.end());
    return test::run_program({.program = TESSERA_BINARY_DIR "/bin/tessera",
                              .arguments = std::move(arguments),
                              .folder = folder_.path(),
                              .variables = variables});
  }
  /// Scenes as they are drawn, judged: quick, since no network runs.
  Answer truth(std::vector<std::string> arguments) {
    const std::vector<std::string> first = {
        "compositional", "--source", "truth", "--count", "9", "--batch", "2", "-m", kShipped};
    arguments.insert(arguments.begin(), first.begin(), first.end());
    return eval(std::move(arguments));
  }
  void expect_refusal(const Answer& answer, int code, const std::string& part) {
    EXPECT_EQ(answer.code, code) << answer.err;
    EXPECT_EQ(answer.out, "");
    EXPECT_THAT(answer.err, HasSubstr("tessera: error: "));
    EXPECT_THAT(answer.err, HasSubstr(part));
  }
  Json json_of(const Answer& answer) {
    EXPECT_EQ(answer.code, 0) << answer.err;
    Json json = io::parse_json(answer.out, "answer");
    json.erase("seconds");
    return json;
  }
  /// Three pictures of 20x16 with captions, and a damaged one.
  void make_pictures(const fs::path& folder) {
    fs::create_directories(folder);
    for (int k = 0; k < 3; ++k) {
      std::vector<std::uint8_t> pixels(3 * 20 * 16);
      for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = static_cast<std::uint8_t>((i * static_cast<std::size_t>(3 + k) + i / 60) % 256);
      }
      const std::string name = "p" + std::to_string(k);
      engine::write_png(folder / (name + ".png"), {.width = 20, .height = 16, .pixels = pixels});
      write_file_atomically(folder / (name + ".txt"), "a red car\n");
    }
    write_file_atomically(folder / "zz.png", "no picture");
    write_file_atomically(folder / "zz.txt", "a red car\n");
  }

  static constexpr const char* kShipped = TESSERA_SOURCE_DIR "/models/default";
  static test::TemporaryFolder* tiny_;
  test::TemporaryFolder folder_{};
  std::map<std::string, std::string> variables_{};
};
test::TemporaryFolder* EvalProgramTest::tiny_ = nullptr;

TEST_F(EvalProgramTest, CompositionalPrintsATableOrJson) {
  const Answer table = truth({});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("whole scene"));
  EXPECT_THAT(table.out, HasSubstr("95 % interval"));
  EXPECT_THAT(table.out, Not(HasSubstr("{")));
  const Json json = json_of(truth({"--json"}));
  EXPECT_EQ(json["samples"], 9);
  EXPECT_TRUE(json["whole_scene"].is_number());
  EXPECT_TRUE(json["intervals"]["whole_scene"]["high"].is_number());
  EXPECT_EQ(json["settings"]["split"], "heldout");
}

TEST_F(EvalProgramTest, CompositionalTakesKindsOfTheModelsOwn) {
  const Json json = json_of(truth({"--json", "--kinds", "single,colour", "--seed", "4"}));
  EXPECT_EQ(json["settings"]["kinds"], Json::array({"single", "colour"}));
  const Json& kinds = json["kinds"];
  EXPECT_EQ(kinds["single"]["samples"].get<int>() + kinds["colour"]["samples"].get<int>(), 9);
  EXPECT_EQ(kinds.size(), 2u);
  expect_refusal(truth({"--kinds", "single,three"}),
                 2,
                 "the model knows no scenes of the kind \"three\"; it knows single, colour, size,");
}

TEST_F(EvalProgramTest, SeveralProcessesGiveTheReportOfOne) {
  const Json alone = json_of(truth({"--json", "--records", "alone.jsonl", "-q"}));
  const Answer several = truth({"--json", "--records", "several.jsonl", "--processes", "3"});
  EXPECT_EQ(json_of(several), alone);
  EXPECT_EQ(read_file(folder_ / "several.jsonl"), read_file(folder_ / "alone.jsonl"));
  EXPECT_FALSE(fs::exists(folder_ / "several.jsonl.partial"));

  variables_ = {{"RANK", "0"}, {"WORLD_SIZE", "2"}};
  const Answer first = truth({"--json", "--records", "ranks.jsonl"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, "");
  EXPECT_THAT(first.err, HasSubstr("process 0 of 2: 5 pictures"));
  variables_["RANK"] = "1";
  EXPECT_EQ(json_of(truth({"--json", "--records", "ranks.jsonl"})), alone);
  EXPECT_EQ(read_file(folder_ / "ranks.jsonl"), read_file(folder_ / "alone.jsonl"));
}

TEST_F(EvalProgramTest, RecordsAreGoneOnWithAndNotWrittenOver) {
  const Json whole = json_of(truth({"--json", "--records", "a.jsonl", "--pictures", "shots"}));
  EXPECT_EQ(engine::read_image(folder_ / "shots/000008.png").width, 128);
  expect_refusal(truth({"--records", "a.jsonl"}), 2, "--resume goes on");
  // What a killed run leaves: the header, four pictures and a piece of a line.
  const std::string text = read_file(folder_ / "a.jsonl");
  std::size_t cut = 0;
  for (int line = 0; line < 5; ++line) cut = text.find('\n', cut) + 1;
  fs::create_directory(folder_ / "b.jsonl.partial");
  folder_.write("b.jsonl.partial/0-of-1.jsonl", text.substr(0, cut + 20));
  expect_refusal(truth({"--records", "b.jsonl", "--pictures", "shots"}), 2, "unfinished run");
  EXPECT_EQ(json_of(truth({"--json", "--records", "b.jsonl", "--pictures", "shots", "--resume"})),
            whole);
  EXPECT_EQ(read_file(folder_ / "b.jsonl"), text);
  expect_refusal(truth({"--records", "b.jsonl", "--seed", "3", "--resume"}), 2, "of another run");
  expect_refusal(truth({"--processes", "2"}), 2, "--processes needs --records");
  expect_refusal(truth({"--resume", "--records", "b.jsonl", "--sheet", "s.png"}), 2, "a sheet is");
  variables_ = {{"RANK", "2"}};
  expect_refusal(truth({}), 2, "RANK and WORLD_SIZE");
}

TEST_F(EvalProgramTest, ReconstructionMeasuresAFolderAndNamesWhatItCannotRead) {
  make_pictures(folder_ / "my pictures");
  const std::vector<std::string> base = {
      "reconstruction", "my pictures", "-m", tiny_->path().string()};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return eval(std::move(more));
  };
  const Answer some = with({"--records", "r.jsonl", "--pictures", "back"});
  EXPECT_EQ(some.code, 4) << some.err;
  EXPECT_THAT(some.out, HasSubstr("SSIM"));
  EXPECT_THAT(some.out, HasSubstr("perplexity"));
  EXPECT_THAT(some.err, HasSubstr("zz.png"));
  EXPECT_THAT(some.err, HasSubstr("1 of 4 pictures could not be read"));
  EXPECT_THAT(some.err, HasSubstr("LPIPS was not measured"));
  EXPECT_EQ(engine::read_image(folder_ / "back/000002.png").width, 16);
  fs::remove(folder_ / "my pictures/zz.png");
  const Json json = json_of(with({"--json"}));
  EXPECT_EQ(json["pictures"], 3);
  EXPECT_EQ(json["codes"]["codebook"], 16);
  EXPECT_EQ(json["codes"]["tokens"], 3 * 64);
  EXPECT_GT(json["psnr"]["mean"].get<double>(), 0);
  EXPECT_TRUE(json["lpips"].is_null());
  EXPECT_THAT(json["unreadable"], IsEmpty());
  expect_refusal(with({"--records", "r.jsonl"}), 2, "--overwrite replaces it");
  expect_refusal(with({"--lpips-heads", "x.pth"}), 2, "LPIPS needs two files");
  expect_refusal(with({"--resolution", "15"}), 2, "multiple of 2");
  expect_refusal(eval({"reconstruction", "nowhere", "-m", tiny_->path().string()}), 3, "nowhere");
}

TEST_F(EvalProgramTest, BitsAreThoseOfTheCodes) {
  make_pictures(folder_ / "p");
  fs::remove(folder_ / "p/zz.png");
  const std::string tiny = tiny_->path().string();
  const Json json = json_of(eval({"bpd", "p", "-m", tiny, "--times", "0", "--json"}));
  EXPECT_EQ(json["pictures"], 3);
  EXPECT_EQ(json["tokens"], 64);
  EXPECT_EQ(json["times"].size(), 10U);
  EXPECT_EQ(json["uniform_bits_per_token"], 4.0);
  const double bits = json["bits_per_token"]["mean"].get<double>();
  EXPECT_GT(bits, 1);
  EXPECT_NEAR(json["bits_per_dimension"]["mean"].get<double>(), bits * 64 / (3 * 16 * 16), 1e-9);
  const Answer table = eval({"bpd", "p", "-m", tiny, "--times", "3", "--captions", "none"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("a dimension"));
  expect_refusal(eval({"bpd", "p", "-m", tiny, "--times", "1"}), 2, "times must be in 2..10");
  expect_refusal(eval({"bpd", "p", "-m", tiny, "--path", "gaussian"}), 3, "gaussian");
}

TEST_F(EvalProgramTest, ComparesRecordsAndWritesAPage) {
  truth({"--records", "a.jsonl", "--pictures", "shots", "-q"});
  const std::string model = kShipped;
  const Answer codec = eval({"compositional",
                             "--source",
                             "codec",
                             "--count",
                             "9",
                             "-m",
                             model,
                             "--records",
                             "b.jsonl",
                             "-q"});
  ASSERT_EQ(codec.code, 0) << codec.err;
  const Answer done = eval({"compare", "a.jsonl", "b.jsonl", "--html", "c.html", "--csv", "c.csv"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("A = a\nB = b\n"));
  EXPECT_THAT(done.out, HasSubstr("whole scene, %"));
  const std::string page = read_file(folder_ / "c.html");
  EXPECT_THAT(page, HasSubstr("data:image/png;base64,iVBOR"));
  EXPECT_THAT(read_file(folder_ / "c.csv"), HasSubstr("whole_scene,higher,9,"));
  expect_refusal(eval({"compare", "a.jsonl", "b.jsonl", "--csv", "c.csv"}), 2, "--overwrite");
  const Json json = json_of(eval({"compare", "a.jsonl", "a.jsonl", "--json"}));
  EXPECT_EQ(json["metrics"][0]["difference"]["mean"], 0);
  EXPECT_EQ(json["metrics"][0]["difference"]["doubt"], 1);
  expect_refusal(eval({"compare", "a.jsonl", "none.jsonl"}), 3, "none.jsonl");
  expect_refusal(eval({"compare", "a.jsonl"}), 2, "B is required");
}

TEST_F(EvalProgramTest, ComparesModelsOnTheSameCaptions) {
  const Json json = json_of(eval({"compare",
                                  kShipped,
                                  kShipped,
                                  "--count",
                                  "3",
                                  "--steps",
                                  "2",
                                  "--resamples",
                                  "100",
                                  "--name-b",
                                  "the same",
                                  "--json",
                                  "-q"}));
  EXPECT_EQ(json["a"]["name"], "default");
  EXPECT_EQ(json["b"]["name"], "the same");
  EXPECT_EQ(json["pairs"], 3);
  for (const Json& metric : json["metrics"]) EXPECT_EQ(metric["difference"]["mean"], 0);
}

}  // namespace
}  // namespace tessera
