// `tessera lab` as a user meets it.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "io/json_fields.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"

namespace tessera {
namespace {

using test::Answer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LabCommand : public ::testing::Test {
 protected:
  Answer lab(std::vector<std::string> arguments,
             std::map<std::string, std::string> variables = {}) {
    arguments.insert(arguments.begin(), "lab");
    variables.insert({"OMP_NUM_THREADS", "1"});
    variables.insert({"XDG_CONFIG_HOME", (folder_ / "config").string()});
    return test::run_program({.program = TESSERA_BINARY_DIR "/bin/tessera",
                              .arguments = std::move(arguments),
                              .folder = folder_.path(),
                              .variables = std::move(variables)});
  }
  test::TemporaryFolder folder_{};
};

TEST_F(LabCommand, ListsExperimentsWithTheirSettings) {
  const Answer answer = lab({"list"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("kl-divergence"));
  EXPECT_THAT(answer.out, HasSubstr("--set correlation=0.7"));
  const io::Json list = io::parse_json(lab({"list", "--json"}).out, "list");
  EXPECT_EQ(list[0]["name"], "gaussian-densities");
  EXPECT_FALSE(list[0]["shows"].empty());
}

TEST_F(LabCommand, RunsOneAndKeepsItsFiles) {
  const Answer answer = lab({"run", "entropy-bounds", "--set", "schedule=cosine", "--out", "kept"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("quantity"));
  for (const char* ending : {".csv", ".json", ".png", ".svg"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / ("kept/entropy-bounds" + std::string(ending))))
        << ending;
  }
  const io::Json json = io::read_json(folder_ / "kept/entropy-bounds.json");
  EXPECT_EQ(json["settings"]["schedule"], "cosine");
  EXPECT_EQ(json["holds"], true);
}

TEST_F(LabCommand, WithoutGnuplotTheNumbersAreKept) {
  const Answer answer = lab({"run", "entropy-bounds", "--out", "kept"}, {{"PATH", "/nonexistent"}});
  EXPECT_EQ(answer.code, 3);
  EXPECT_THAT(answer.err, HasSubstr("gnuplot-nox"));
  EXPECT_THAT(answer.out, HasSubstr("quantity"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "kept/entropy-bounds.csv"));
}

TEST_F(LabCommand, RefusesUnknownNamesAndSettings) {
  const Answer name = lab({"run", "kl-divergense"});
  EXPECT_EQ(name.code, 2);
  EXPECT_THAT(name.err, HasSubstr("did you mean kl-divergence?"));
  EXPECT_THAT(name.out, IsEmpty());
  const Answer key = lab({"run", "kl-divergence", "--set", "drawz=5"});
  EXPECT_EQ(key.code, 2);
  EXPECT_THAT(key.err, HasSubstr("did you mean draws?"));
  EXPECT_EQ(lab({"run", "kl-divergence", "--set", "draws"}).code, 2);
}

TEST_F(LabCommand, AnswersOneWhereAValueLeavesItsTolerance) {
  // A hundred tiny steps cannot reach the best network.
  const Answer answer =
      lab({"run", "training-loop", "--set", "iterations=100", "--set", "rate=0.00001"});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.err, HasSubstr("is more than"));
  EXPECT_THAT(answer.out, HasSubstr("NO"));
}

}  // namespace
}  // namespace tessera
