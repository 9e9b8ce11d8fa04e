// Published checkpoints behind the engine's door, as a user points at them: tiny ones with random
// weights, recorded from the reference programs.

#include <filesystem>

#include <gmock/gmock.h>

#include "engine/engine.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {
namespace fs = std::filesystem;

using test::expect_error;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kGolden = fs::path(TESSERA_SOURCE_DIR) / "tests" / "golden";

EngineOptions opening(const fs::path& model) {
  return {.model = model, .device = "cpu", .threads = 1};
}

std::vector<Image> drawn(const EngineOptions& options, const std::string& prompt) {
  return Engine::open(options)->generate({.prompt = prompt, .count = 2, .seed = 3}).images;
}

TEST(PublishedModels, ADiffusersFolderDrawsWhateverItsWeightsAreWrittenIn) {
  const auto engine = Engine::open(opening(kGolden / "diffusers-tiny"));
  const GenerateResult result =
      engine->generate({.prompt = "teddy bear playing in the pool", .count = 2, .seed = 3});
  ASSERT_EQ(result.images.size(), 2u);
  EXPECT_EQ(result.images[0].width, 64);
  EXPECT_NE(result.images[0], result.images[1]);
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_EQ(result.resolved.sampling.steps, 16);
  EXPECT_EQ(result.resolved.sampling.guidance, 5.0);

  // The pickled twin has no tokenizer: the shipped vocabulary gives the same ids.
  EXPECT_EQ(drawn(opening(kGolden / "diffusers-tiny-bin"), "teddy bear playing in the pool"),
            result.images);
  EXPECT_NE(drawn(opening(kGolden / "diffusers-tiny"), "a red apple"), result.images);
}

TEST(PublishedModels, HalfPrecisionDrawsNearlyTheSame) {
  EngineOptions half = opening(kGolden / "diffusers-tiny");
  half.precision = "bf16";
  const auto pictures = drawn(half, "a red apple");
  ASSERT_EQ(pictures.size(), 2u);
  half.precision = "int3";
  expect_error(ErrorCode::kInvalidArgument, "known: fp32, bf16, fp16", [&] { Engine::open(half); });
}

TEST(PublishedModels, TheFaultsOfOtherTokenizersAreAChoice) {
  EngineOptions faulty = opening(kGolden / "diffusers-tiny");
  const auto original = drawn(faulty, "Hello!");
  faulty.tokenizer = "hugging-face";
  EXPECT_NE(drawn(faulty, "Hello!"), original) << "every \"!\" is padding there";
  EXPECT_EQ(drawn(faulty, "a red apple"),
            drawn(opening(kGolden / "diffusers-tiny"), "a red apple"));
  faulty.tokenizer = "mine";
  expect_error(ErrorCode::kInvalidArgument, "original, microsoft or hugging-face", [&] {
    Engine::open(faulty);
  });
}

TEST(PublishedModels, AModelOfClassesTakesTheirNumbers) {
  const auto engine = Engine::open(opening(kGolden / "microsoft-tiny/class-vq/checkpoint.pth"));
  const auto picture = [&](const std::string& prompt) {
    return engine->generate({.prompt = prompt, .seed = 3}).images;
  };
  const auto third = picture("3");
  EXPECT_EQ(third, picture(" 3 "));
  EXPECT_NE(third, picture("4"));
  EXPECT_THAT(engine->generate({.prompt = "", .seed = 3}).warnings,
              ElementsAre(HasSubstr("without a class")));
  for (const char* wrong : {"horse", "-1", "3 4", "100000", "3.5"}) {
    expect_error(
        ErrorCode::kInvalidArgument, "the prompt must be a number in 0..", [&] { picture(wrong); });
  }
}

TEST(PublishedModels, ACheckpointWithoutItsCodecSaysWhatIsMissing) {
  const TemporaryFolder folder;
  fs::copy_file(kGolden / "microsoft-tiny/class-vq/checkpoint.pth", folder / "alone.pth");
  fs::copy_file(kGolden / "microsoft-tiny/class-vq/config.yaml", folder / "config.yaml");
  EngineOptions options = opening(folder / "alone.pth");
  expect_error(ErrorCode::kNotFound, "holds no image codec", [&] { Engine::open(options); });
  options.codec = kGolden / "microsoft-tiny/class-vq/codec_standalone.pth";
  options.index_map = kGolden / "microsoft-tiny/class-vq/index_map.pt";
  EXPECT_EQ(drawn(options, "3"),
            drawn(opening(kGolden / "microsoft-tiny/class-vq/checkpoint.pth"), "3"));
}

TEST(PublishedModels, OtherFilesAreNamedForWhatTheyAre) {
  const TemporaryFolder folder;
  folder.write("notes.pth", "not a checkpoint at all");
  expect_error(ErrorCode::kCorruptFile, "neither a model folder nor a checkpoint", [&] {
    Engine::open(opening(folder / "notes.pth"));
  });
  fs::create_directories(folder / "other");
  folder.write("other/model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
  expect_error(ErrorCode::kCorruptFile, "Tessera opens VQDiffusionPipeline", [&] {
    Engine::open(opening(folder / "other"));
  });
  expect_error(ErrorCode::kShapeMismatch, "has no tensor transformer.", [&] {
    Engine::open(opening(kGolden / "microsoft-tiny/class-vq/codec_standalone.pth"));
  });
}

}  // namespace
}  // namespace tessera::engine
