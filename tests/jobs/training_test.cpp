#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "jobs/jobs.h"
#include "jobs/shipped_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::jobs {
namespace {
namespace fs = std::filesystem;

/// Seconds of training: a codec of two levels on 16 scenes at a time.
constexpr const char* kCodec = R"({
  "stage": "vqvae", "seed": 1,
  "data": {"kinds": ["single"], "pool": 32},
  "model": {"unshuffle": 4, "base_channels": 8, "channel_multipliers": [1, 1],
            "residual_blocks": 0, "decoder_blocks": 0, "codebook_size": 16, "code_dim": 4},
  "objective": {"autoencoder_steps": 2},
  "train": {"steps": 6, "batch": 4, "warmup": 1, "log_every": 1, "checkpoint_every": 3,
            "samples": 2, "validation_samples": 2}
})";

constexpr const char* kDenoiser = R"({
  "stage": "diffusion", "seed": 2, "name": "tiny",
  "data": {"kinds": ["single"], "pool": 8},
  "model": {"vqvae": "VQVAE", "tokenizer": "TOKENIZER", "code_cache": "CACHE",
            "transformer": {"width": 16, "layers": 1, "heads": 2},
            "text_encoder": {"length": 16, "width": 8, "layers": 1, "heads": 2},
            "transition": {"steps": 10}},
  "sampling": {"steps": 2},
  "train": {"steps": 4, "batch": 4, "warmup": 1, "log_every": 1, "samples": 2,
            "validation_samples": 2}
})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

TrainRequest request_of(const test::TemporaryFolder& folder, const char* config = kCodec) {
  return {
      .config = folder.write("config.json", config), .out = folder.path() / "run", .device = "cpu"};
}

std::size_t lines_with(const fs::path& file, const std::string& part) {
  std::ifstream in(file);
  std::size_t count = 0;
  for (std::string line; std::getline(in, line);) count += line.find(part) != std::string::npos;
  return count;
}

TEST(RunTraining, BothStagesLeaveCompleteFolders) {
  const test::TemporaryFolder folder;
  TrainRequest codec = request_of(folder);
  codec.stage = "vqvae";
  std::vector<std::string> pictures;
  codec.write_picture = [&](const fs::path& file,
                            std::int64_t width,
                            std::int64_t height,
                            std::span<const std::uint8_t> rgb) {
    EXPECT_EQ(width, 2 * 64 + 2);
    EXPECT_EQ(height, 2 * 64);  // the scene, below it its reconstruction
    EXPECT_EQ(rgb.size(), static_cast<std::size_t>(3 * width * height));
    pictures.push_back(file.filename());
    std::ofstream(file) << "\x89PNG\r\n\x1a\n" + std::string(40, 'x');
  };
  std::int64_t last = 0;
  const TrainSummary summary =
      run_training(codec, [&](const Progress& progress) { last = progress.step; }, {});
  EXPECT_EQ(summary.steps, 6);
  EXPECT_EQ(last, 6);
  EXPECT_FALSE(summary.stopped);
  EXPECT_EQ(pictures.size(), 2u);
  for (const char* file : {"config.json",
                           "log.jsonl",
                           "checkpoints/step-00000006/checkpoint.json",
                           "model/vqvae/config.json",
                           "model/vqvae/model.safetensors"}) {
    EXPECT_TRUE(fs::exists(codec.out / file)) << file;
  }
  EXPECT_EQ(lines_with(codec.out / "log.jsonl", "\"loss\""), 6u);

  // Pieces for a few of the captions' words; the others are unknown, which only warns.
  fs::create_directories(folder.path() / "tok");
  std::string table =
      "tessera.tokens/1\tunigram\t6\n0\t<pad>\t0\tcontrol\n1\t<unk>\t0\tunknown\n"
      "2\t<bos>\t0\tcontrol\n3\t<eos>\t0\tcontrol\n4\t\xE2\x96\x81"
      "a\t-1\tnormal\n"
      "5\t\xE2\x96\x81"
      "apple\t-1\tnormal\n";
  folder.write("tok/tokens.tsv", table);
  std::string text = replaced(kDenoiser, "VQVAE", codec.out);
  text = replaced(text, "TOKENIZER", folder.path() / "tok");
  text = replaced(text, "CACHE", folder.path() / "cache");
  TrainRequest denoiser = request_of(folder, text.c_str());
  denoiser.out = folder.path() / "run2";
  EXPECT_EQ(run_training(denoiser, {}, {}).steps, 4);
  for (const char* file : {"model/model_index.json",
                           "model/transformer/model.safetensors",
                           "model/text_encoder/model.safetensors",
                           "model/scheduler/config.json",
                           "model/vqvae/model.safetensors",
                           "model/tokenizer/tokens.tsv"}) {
    EXPECT_TRUE(fs::exists(denoiser.out / file)) << file;
  }
}

TEST(RunTraining, StoppedItSavesAndResumedItEnds) {
  const test::TemporaryFolder folder;
  TrainRequest request = request_of(folder);
  std::stop_source source;
  const TrainSummary stopped = run_training(
      request,
      [&](const Progress& progress) {
        if (progress.step == 1) source.request_stop();
      },
      source.get_token());
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.steps, 2);
  EXPECT_TRUE(fs::exists(request.out / "checkpoints" / "step-00000002"));

  request.resume = true;
  request.config.clear();
  request.overrides = {{"train.steps", "5"}};
  EXPECT_EQ(run_training(request, {}, {}).steps, 5);
  EXPECT_EQ(lines_with(request.out / "log.jsonl", "\"loss\""), 5u);
}

TEST(RunTraining, RefusesWhatCannotBeBeforeItWritesAnything) {
  const test::TemporaryFolder folder;
  TrainRequest request = request_of(folder);
  request.resume = true;
  test::expect_error(
      ErrorCode::kNotFound, "holds no run to resume", [&] { run_training(request, {}, {}); });
  request.resume = false;
  request.stage = "diffusion";
  test::expect_error(ErrorCode::kInvalidArgument, "is for stage vqvae, not diffusion", [&] {
    run_training(request, {}, {});
  });
  request.stage = "";
  request.overrides = {{"train.batch", "0"}};
  test::expect_error(ErrorCode::kInvalidArgument, "train.batch must be at least 1, got 0", [&] {
    run_training(request, {}, {});
  });
  request.overrides = {{"data.path", "nowhere.safetensors"}};
  test::expect_error(
      ErrorCode::kNotFound, "nowhere.safetensors", [&] { run_training(request, {}, {}); });
  request.overrides.clear();
  request.config = folder.path() / "nothing.json";
  test::expect_error(ErrorCode::kNotFound, "nothing.json", [&] { run_training(request, {}, {}); });
  EXPECT_FALSE(fs::exists(request.out));

  fs::create_directories(request.out / "checkpoints");
  request = request_of(folder);
  test::expect_error(
      ErrorCode::kInvalidArgument, "already holds a run", [&] { run_training(request, {}, {}); });
}

TEST(RunTraining, AnOutputThatCannotBeWrittenIsNamed) {
  const test::TemporaryFolder folder;
  TrainRequest request = request_of(folder);
  request.out = folder.write("file", "in the way") / std::string("run");
  test::expect_error(ErrorCode::kIo, "run: cannot create", [&] { run_training(request, {}, {}); });
}

TEST(ShippedFile, IsFoundAboveTheProgramOrNamed) {
  EXPECT_TRUE(fs::exists(shipped_file("data/scenes/atlas/emoji.safetensors")));
  test::expect_error(ErrorCode::kNotFound, "no/such/file", [] { shipped_file("no/such/file"); });
  EXPECT_EQ(atlas_file("mine.safetensors"), "mine.safetensors");
  setenv("TESSERA_ATLAS", "/elsewhere", 1);
  EXPECT_EQ(atlas_file(""), "/elsewhere");
  unsetenv("TESSERA_ATLAS");
}

}  // namespace
}  // namespace tessera::jobs
