// From nothing to a picture by the real program: tokenizer, codec, denoiser, pictures, and back.

#include <filesystem>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/image_files.h"
#include "io/json_fields.h"
#include "tests/support/run_program.h"
#include "tests/support/temporary_folder.h"

namespace tessera {
namespace {

using io::Json;
using test::Answer;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kWorld =
    R"("kind": "scenes", "resolution": 64, "nouns": ["apple", "car", "fish", "bird", "star", "boot", "key", "book"], "kinds": ["single", "colour"])";

class EndToEnd : public ::testing::Test {
 protected:
  Answer run(std::vector<std::string> arguments, const std::string& threads = "1") {
    return test::run_program({.program = TESSERA_BINARY_DIR "/bin/tessera",
                              .arguments = std::move(arguments),
                              .folder = folder_.path(),
                              .variables = {{"OMP_NUM_THREADS", threads},
                                            {"XDG_CONFIG_HOME", (folder_ / "config").string()}}});
  }
  /// What follows needs what the call has made, so a failure ends the test.
  static void expect_done(const Answer& answer) {
    if (answer.code != 0) throw std::runtime_error(answer.out + answer.err);
  }

  test::TemporaryFolder folder_{};
};

TEST_F(EndToEnd, TrainDrawTellVerify) {
  folder_.write("tokenizer.json",
                std::string(R"({"stage": "tokenizer", "data": {)") + kWorld +
                    R"(}, "model": {"vocabulary": 400}, "train": {"captions": 2000}})");
  folder_.write("vqvae.json",
                std::string(R"({"stage": "vqvae", "name": "tiny", "seed": 1, "data": {)") + kWorld +
                    R"(}, "model": {"resolution": 64, "unshuffle": 4, "base_channels": 16,
      "channel_multipliers": [1, 2], "residual_blocks": 1, "decoder_blocks": 1, "codebook_size": 32, "code_dim": 8},
      "objective": {"autoencoder_steps": 8},
      "train": {"steps": 16, "batch": 8, "warmup": 2, "samples": 2, "validation_samples": 8, "checkpoint_every": 8, "log_every": 4}})");
  folder_.write("diffusion.json",
                std::string(R"({"stage": "diffusion", "name": "tiny", "seed": 1, "data": {)") +
                    kWorld +
                    R"(}, "model": {"vqvae": "codec", "tokenizer": "tokenizer",
      "transformer": {"width": 32, "layers": 1, "heads": 2, "mlp_ratio": 2},
      "text_encoder": {"length": 20, "width": 32, "layers": 1, "heads": 2}, "transition": {"steps": 20}},
      "sampling": {"steps": 6, "sampler": "ancestral", "guidance": 2, "truncation": "1"},
      "train": {"steps": 16, "batch": 8, "warmup": 2, "samples": 2, "validation_samples": 8, "checkpoint_every": 8, "log_every": 4}})");

  const Answer tokenizer =
      run({"train", "tokenizer", "--config", "tokenizer.json", "--out", "tokenizer"});
  expect_done(tokenizer);
  EXPECT_EQ(tokenizer.out, "tokenizer\n");
  const Answer codec = run({"train", "vqvae", "--config", "vqvae.json", "--out", "codec"});
  expect_done(codec);
  EXPECT_THAT(codec.err, HasSubstr("done: step 16"));
  const Answer again = run({"train", "vqvae", "--config", "vqvae.json", "--out", "codec"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("already holds a run"));
  const Answer denoiser = run({"train", "diffusion", "--config", "diffusion.json", "--out", "run"});
  expect_done(denoiser);
  EXPECT_EQ(denoiser.out, "run/model\n");
  for (const char* file : {"run/log.jsonl", "run/config.json", "run/checkpoints", "run/samples"}) {
    EXPECT_TRUE(fs::exists(folder_ / file)) << file;
  }
  EXPECT_EQ(Json::parse(run({"info", "--json", "run"}).out)["kind"], "run");
  expect_done(run({"info", "run/model", "--check"}));

  const Answer drawn = run({"generate",
                            "a red apple",
                            "--model",
                            "run/model",
                            "--seed",
                            "3",
                            "--count",
                            "8",
                            "--batch",
                            "8",
                            "--jsonl",
                            "-o",
                            "a/%d.png"});
  expect_done(drawn);
  EXPECT_EQ(test::lines_of(drawn.out).size(), 8u);
  expect_done(run({"verify", "a/0.png", "a/7.png", "--model", "run/model"}));
  expect_done(run({"generate",
                   "a red apple",
                   "--model",
                   "run/model",
                   "--seed",
                   "3",
                   "--count",
                   "8",
                   "--batch",
                   "1",
                   "--threads",
                   "2",
                   "-o",
                   "b/%d.png"},
                  "2"));
  // One picture a pass on two threads, eight on one: the same pixels. (The files name their
  // threads.)
  const Answer other = run({"verify", "b/0.png", "b/7.png", "--model", "run/model", "-q"});
  EXPECT_EQ(other.code, 0) << other.out;
  const auto pixels = [&](const std::string& file) { return engine::read_image(folder_ / file); };
  for (int k = 0; k < 8; ++k) {
    const std::string name = std::to_string(k) + ".png";
    EXPECT_EQ(pixels("a/" + name), pixels("b/" + name)) << k;
  }
  EXPECT_EQ(pixels("a/0.png").width, 64);
  folder_.write("p.jsonl",
                "{\"prompt\": \"a blue car\", \"seed\": 4, \"tag\": \"colour\"}\n{\"prompt\": \"a "
                "fish\", \"steps\": 3}\n");
  const Answer lines =
      run({"generate", "--prompts", "p.jsonl", "--model", "run/model", "--json", "-o", "c/"});
  expect_done(lines);
  EXPECT_EQ(Json::parse(lines.out)["images"][0]["tag"], "colour");
  EXPECT_EQ(Json::parse(lines.out)["images"][1]["steps"], 3);
  const Answer strange = run({"generate", "a red unicorn", "--model", "run/model"});
  expect_done(strange);
  EXPECT_THAT(strange.err, HasSubstr("never taught \"unicorn\""));

  const Answer judged = run({"eval",
                             "compositional",
                             "--model",
                             "run/model",
                             "--count",
                             "12",
                             "--batch",
                             "6",
                             "--sheet",
                             "sheet.png",
                             "--json",
                             "-q"});
  expect_done(judged);
  const Json report = Json::parse(judged.out);
  EXPECT_EQ(report["samples"], 12);
  for (const char* key : {"object", "colour", "count", "position", "background", "whole_scene"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
  EXPECT_TRUE(fs::exists(folder_ / "sheet.png"));
  const Answer truth = run({"eval",
                            "compositional",
                            "--model",
                            "run/model",
                            "--count",
                            "12",
                            "--source",
                            "truth",
                            "--json",
                            "-q"});
  EXPECT_GE(Json::parse(truth.out)["whole_scene"].get<double>(), 0.8) << truth.out;

  expect_done(
      run({"data", "preview", "--world", "run/model", "--count", "4", "--out", "world.png"}));
  expect_done(run({"data", "export", "--count", "12", "--kinds", "single", "--out", "mine"}));
  const Answer own = run({"train",
                          "vqvae",
                          "--config",
                          "vqvae.json",
                          "--data",
                          "mine",
                          "--out",
                          "own",
                          "--set",
                          "train.steps=4",
                          "--set",
                          "train.checkpoint_every=0"});
  expect_done(own);
}

}  // namespace
}  // namespace tessera
