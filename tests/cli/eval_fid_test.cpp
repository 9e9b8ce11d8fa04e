// `tessera eval fid` as a user runs it, with weights of the published names and random values.

#include <cmath>
#include <filesystem>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "engine/image_files.h"
#include "eval/inception/layers.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera {
namespace {

using io::Json;
using test::Answer;
using test::lines_of;
using test::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace fs = std::filesystem;

/// Waves of different lengths, so that no two tensors are equal and none is small.
at::Tensor waves(at::IntArrayRef sizes, double length, double reach) {
  std::int64_t count = 1;
  for (const std::int64_t side : sizes) count *= side;
  return (at::arange(count, at::kFloat) * length).sin().mul_(reach).view(sizes);
}

void write_weights(const fs::path& file) {
  io::StateDict state;
  double length = 0.37;
  for (const eval::InceptionLayer& l : eval::inception_layers()) {
    length += 0.011;
    const auto fan_in = static_cast<double>(l.in * l.kernel.height * l.kernel.width);
    state.tensors[l.name + ".conv.weight"] =
        waves({l.out, l.in, l.kernel.height, l.kernel.width}, length, 2 / std::sqrt(fan_in));
    state.tensors[l.name + ".bn.weight"] = at::ones({l.out});
    state.tensors[l.name + ".bn.bias"] = waves({l.out}, length, 0.1);
    state.tensors[l.name + ".bn.running_mean"] = at::zeros({l.out});
    state.tensors[l.name + ".bn.running_var"] = at::ones({l.out});
  }
  state.tensors["fc.weight"] =
      waves({eval::kInceptionClasses, eval::kInceptionFeatures}, 0.7, 0.05);
  state.tensors["fc.bias"] = at::zeros({eval::kInceptionClasses});
  io::write_safetensors(file, state);
}

void write_pictures(const fs::path& folder, int count, int tint) {
  fs::create_directories(folder);
  for (int k = 0; k < count; ++k) {
    engine::Image image{.width = 20 + k, .height = 30};
    for (int i = 0; i < image.width * image.height * 3; ++i) {
      image.pixels.push_back(static_cast<std::uint8_t>((i * (7 + 2 * k) + tint * (i % 3)) % 256));
    }
    engine::write_png(folder / (std::to_string(k) + ".png"), image);
  }
}

class EvalFid : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder;
    write_weights(*shared_ / "weights.safetensors");
    write_pictures(*shared_ / "a", 4, 10);
    write_pictures(*shared_ / "b", 3, 90);
  }
  static void TearDownTestSuite() { delete shared_; }

  Answer run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"eval", "fid"});
    return test::run_program({.program = TESSERA_BINARY_DIR "/bin/tessera",
                              .arguments = std::move(arguments),
                              .folder = folder_.path(),
                              .variables = {{"OMP_NUM_THREADS", "1"},
                                            {"TESSERA_INCEPTION", weights()},
                                            {"XDG_CACHE_HOME", (folder_ / "cache").string()},
                                            {"XDG_CONFIG_HOME", (folder_ / "config").string()}}});
  }
  static std::string weights() { return (*shared_ / "weights.safetensors").string(); }
  static std::string a() { return (*shared_ / "a").string(); }
  static std::string b() { return (*shared_ / "b").string(); }

  static TemporaryFolder* shared_;
  TemporaryFolder folder_{};
};
TemporaryFolder* EvalFid::shared_ = nullptr;

TEST_F(EvalFid, FoldersAndProcessesAgreeAndStatisticsAreEnough) {
  const Answer direct = run({a(), b(), "--save-stats", "a.npz", "--metrics", "kid", "--json"});
  ASSERT_EQ(direct.code, 0) << direct.err;
  const Json json = Json::parse(direct.out);
  EXPECT_EQ(json["definition"]["features"], "inception-2015-12-05");
  EXPECT_EQ(json["definition"]["preprocessing"], "clean");
  EXPECT_EQ(json["judged"]["count"], 4);
  EXPECT_EQ(json["reference"]["count"], 3);
  const double kid = json["metrics"]["kid"]["mean"];

  const Answer shared = run({a(),
                             b(),
                             "--processes",
                             "2",
                             "--shard",
                             "2",
                             "--resume",
                             "features",
                             "--metrics",
                             "kid",
                             "--json"});
  ASSERT_EQ(shared.code, 0) << shared.err;
  EXPECT_NEAR(
      Json::parse(shared.out)["metrics"]["kid"]["mean"].get<double>(), kid, 1e-3 * std::abs(kid));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "features"), fs::directory_iterator()),
            4);

  const Answer saved = run({b(), "--save-stats", "b.npz"});
  ASSERT_EQ(saved.code, 0) << saved.err;
  EXPECT_EQ(saved.out, "");
  const Answer files = run({"a.npz", "b.npz"});
  ASSERT_EQ(files.code, 0) << files.err;
  EXPECT_THAT(files.err, HasSubstr("4 pictures for 2048 features"));
  const std::vector<std::string> lines = lines_of(files.out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], StartsWith("fid       "));
  EXPECT_THAT(lines[0], HasSubstr("inception-2015-12-05 (weights "));
  EXPECT_THAT(lines[0], HasSubstr("), clean, fp32, N = 4 and 3"));
  EXPECT_GT(std::stod(lines[0].substr(10)), 0) << lines[0];
}

TEST_F(EvalFid, UnreadablePicturesAreNamedAndLeftOut) {
  fs::copy(b(), folder_ / "b");
  folder_.write("b/9.png", "not a picture");
  const Answer answer = run({"b", "--metrics", "is", "--splits", "1", "--json"});
  EXPECT_EQ(answer.code, 4);
  EXPECT_THAT(answer.err, HasSubstr("9.png"));
  EXPECT_THAT(answer.err, HasSubstr("1 pictures could not be read and were left out"));
  const Json json = Json::parse(answer.out);
  EXPECT_EQ(json["judged"]["count"], 3);
  EXPECT_THAT(json["unreadable"][0]["name"].get<std::string>(), HasSubstr("9.png"));
  EXPECT_GE(json["metrics"]["inception_score"]["mean"], 1.0);
}

TEST_F(EvalFid, AModelPaintsTheCaptions) {
  test::write_tiny_model(folder_ / "tiny");
  folder_.write("prompts.txt", "a red car\na blue key\na dog\n");
  const Answer answer = run({"tiny",
                             b(),
                             "--captions",
                             "prompts.txt",
                             "--metrics",
                             "kid",
                             "--preprocess",
                             "legacy-pytorch",
                             "--json"});
  ASSERT_EQ(answer.code, 0) << answer.err;
  const Json json = Json::parse(answer.out);
  EXPECT_EQ(json["judged"]["count"], 3);
  EXPECT_EQ(json["definition"]["preprocessing"], "legacy-pytorch");
  EXPECT_EQ(json["metrics"]["kid"]["subset_size"], 3);
}

TEST_F(EvalFid, MistakesAreOneLine) {
  const auto refused = [&](std::vector<std::string> arguments, int code, const std::string& part) {
    const Answer answer = run(std::move(arguments));
    EXPECT_EQ(answer.code, code) << answer.err;
    EXPECT_EQ(answer.out, "");
    const std::vector<std::string> lines = lines_of(answer.err);
    ASSERT_EQ(lines.size(), 1u) << answer.err;
    EXPECT_THAT(lines[0], HasSubstr(part));
  };
  refused({a()}, 2, "nothing to do");
  refused({a(), "--metrics", "fid,kid"}, 2, "need a second set");
  refused({a(), b(), "--metrics", "fud"}, 2, "known: fid, kid, is, prdc, sfid, fid-inf");
  refused({a(), b(), "--preprocess", "best"}, 2, "known: legacy-tensorflow");
  refused({a(), "none"}, 3, "none: no such folder or list");
  refused({a(), b(), "--features", "none.pth"}, 3, "none.pth");
  refused({a(), "scenes"}, 2, "--count");
  folder_.write("wrong.npz", "PK");
  refused({a(), "wrong.npz"}, 3, "wrong.npz");
}

}  // namespace
}  // namespace tessera
