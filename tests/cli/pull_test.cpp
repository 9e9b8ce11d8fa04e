// `tessera pull` and `tessera models`, the real program against an endpoint on the loopback.

#include <atomic>
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "io/json_fields.h"
#include "tests/hub/fake_hub.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera {
namespace {

using io::Json;
using test::Answer;
using test::FakeHub;
using test::lines_of;
using test::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
namespace fs = std::filesystem;

/// The tiny model, published as "org/model".
class CliPull : public ::testing::Test {
 protected:
  CliPull() {
    test::write_tiny_model(folder_ / "published");
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "published")) {
      if (!entry.is_regular_file()) continue;
      const std::string path = entry.path().lexically_relative(folder_ / "published").string();
      hub_.add(path, read_file(entry.path()), path.ends_with(".safetensors"));
    }
    hub_.add("README.md", "# A tiny model\n", false);
    variables_ = {{"HF_ENDPOINT", hub_.endpoint.url()},
                  {"HF_HUB_CACHE", (folder_ / "cache").string()},
                  {"HF_HOME", (folder_ / "hf").string()},
                  {"HF_TOKEN", ""},
                  {"HF_TOKEN_PATH", ""},
                  {"HF_HUB_OFFLINE", ""},
                  {"XDG_CONFIG_HOME", (folder_ / "config").string()},
                  {"XDG_DATA_HOME", (folder_ / "data").string()},
                  {"TESSERA_MODEL", (folder_ / "published").string()},
                  {"no_proxy", "127.0.0.1"},
                  {"OMP_NUM_THREADS", "1"}};
  }
  Answer run(std::vector<std::string> arguments) {
    return test::run_program({.program = TESSERA_BINARY_DIR "/bin/tessera",
                              .arguments = std::move(arguments),
                              .folder = folder_.path(),
                              .variables = variables_,
                              .started = [this](int child) { child_ = child; }});
  }
  void expect_refusal(const Answer& answer, int code, const std::string& part) {
    EXPECT_EQ(answer.code, code) << answer.err;
    EXPECT_EQ(answer.out, "");
    ASSERT_EQ(lines_of(answer.err).size(), 1u) << answer.err;
    EXPECT_THAT(answer.err, StartsWith("tessera: error: "));
    EXPECT_THAT(answer.err, HasSubstr(part));
  }
  fs::path snapshot() const {
    return folder_ / "cache/models--org--model/snapshots" / FakeHub::kCommit;
  }

  TemporaryFolder folder_{};
  FakeHub hub_{};
  std::map<std::string, std::string> variables_{};
  std::atomic<int> child_ = 0;
};

TEST_F(CliPull, APulledModelDrawsByItsName) {
  expect_refusal(run({"generate", "a fish", "--model", "org/model"}),
                 3,
                 "get it with: tessera pull org/model");
  const Answer pulled = run({"pull", "org/model"});
  EXPECT_EQ(pulled.code, 0) << pulled.err;
  EXPECT_EQ(pulled.out, snapshot().string() + "\n");
  EXPECT_THAT(pulled.err, HasSubstr("org/model, revision main (0123456): "));
  EXPECT_THAT(pulled.err, Not(HasSubstr("\r"))) << "no redrawing where there is no terminal";
  EXPECT_FALSE(fs::exists(snapshot() / "README.md"));
  for (const char* name : {"org/model", "org/model@main"}) {
    const Answer drawn = run({"generate", "a fish", "-q", "--model", name, "--seed", "1"});
    EXPECT_EQ(drawn.code, 0) << drawn.err;
  }
  EXPECT_EQ(run({"info", "org/model", "--check"}).code, 0);
  const Answer again = run({"pull", "org/model", "--quiet"});
  EXPECT_EQ(again.out, pulled.out);
  EXPECT_EQ(again.err, "");
}

TEST_F(CliPull, ADryRunListsAndFetchesNothing) {
  const Answer listed = run({"pull", "org/model", "--dry-run", "--all"});
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_EQ(lines_of(listed.out).size(), hub_.files.size());
  EXPECT_THAT(listed.out, HasSubstr("    15 B  missing  README.md\n"));
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
  const Json json = Json::parse(run({"pull", "org/model", "--dry-run", "--json"}).out);
  EXPECT_EQ(json["commit"], FakeHub::kCommit);
  EXPECT_EQ(json["files"].size(), hub_.files.size() - 1);
  EXPECT_EQ(json["missing"], json["bytes"]);
}

TEST_F(CliPull, MistakesAndRefusalsHaveTheirCodes) {
  expect_refusal(run({"pull", "org/model/x"}), 2, "must look like ORG/NAME");
  expect_refusal(run({"pull"}), 2, "MODEL");
  expect_refusal(run({"pull", "org/other"}), 3, "org/other: not found at 127.0.0.1");
  expect_refusal(run({"pull", "org/model", "--revision", "v9"}), 3, "revision v9");
  hub_.tamper = [](const test::HttpCall& call, test::HttpAnswer& answer) {
    if (call.target.ends_with("vqvae/model.safetensors")) answer.body[9] ^= 1;
  };
  const Answer damaged = run({"pull", "org/model", "-q"});
  expect_refusal(damaged, 3, "org/model: vqvae/model.safetensors: wrong sha256: expected ");
  hub_.tamper = [](const test::HttpCall&, test::HttpAnswer& answer) { answer = {.status = 418}; };
  expect_refusal(run({"pull", "org/model"}), 1, "answers 418");
  variables_["HF_HUB_OFFLINE"] = "1";
  expect_refusal(run({"pull", "org/model"}), 3, "HF_HUB_OFFLINE");
}

TEST_F(CliPull, CtrlCKeepsWhatIsThere) {
  const std::string weights = "transformer/model.safetensors";
  const auto size = hub_.files.at(weights).content.size();
  hub_.tamper = [&, first = true](const test::HttpCall& call, test::HttpAnswer& answer) mutable {
    if (call.target != "/storage/" + weights || !first) return;
    first = false;
    answer.piece = size / 8;
    answer.pause = std::chrono::milliseconds(200);
    ::kill(child_, SIGINT);
  };
  const Answer stopped = run({"pull", "org/model", "-q"});
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_EQ(stopped.out, "");
  EXPECT_FALSE(fs::exists(snapshot() / weights));
  const Answer rest = run({"pull", "org/model", "-q"});
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_TRUE(read_file(snapshot() / weights) == hub_.files.at(weights).content);
}

TEST_F(CliPull, ModelsListsWhatIsHere) {
  EXPECT_EQ(run({"pull", "org/model", "-q"}).code, 0);
  fs::create_directories(folder_ / "data/tessera/models");
  fs::copy(
      folder_ / "published", folder_ / "data/tessera/models/mine", fs::copy_options::recursive);
  fs::create_directories(folder_ / "cache/models--other--program/snapshots/" / FakeHub::kCommit);
  const auto lines = lines_of(run({"models"}).out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], StartsWith("(default)  shipped"));
  EXPECT_THAT(lines[1], StartsWith("mine       own"));
  EXPECT_THAT(lines[2], StartsWith("org/model  published"));
  EXPECT_THAT(lines[2], HasSubstr(snapshot().string()));
  const Json json = Json::parse(run({"models", "--json"}).out);
  EXPECT_EQ(json[2]["name"], "org/model");
  EXPECT_EQ(json[1]["bytes"], json[2]["bytes"]);
  EXPECT_EQ(run({"generate", "a fish", "-q", "-m", "mine", "-o", "m.png"}).code, 0);
}

}  // namespace
}  // namespace tessera
