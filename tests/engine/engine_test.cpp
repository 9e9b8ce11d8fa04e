// The real engine on a tiny model folder.

#include "engine/engine.h"

#include "engine/image_files.h"
#include "engine/installation.h"
#include "engine/presets.h"
#include "engine/record.h"
#include "engine/verify.h"
#include "io/json_fields.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera::engine {
namespace {

using test::expect_error;
using test::TemporaryFolder;
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class EngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    test::write_tiny_model(folder_->path());
    engine_ = Engine::open({.model = folder_->path(), .device = "cpu", .threads = 1}).release();
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete folder_;
  }
  static GenerateRequest asking(const std::string& prompt) { return {.prompt = prompt, .seed = 5}; }

  static TemporaryFolder* folder_;
  static Engine* engine_;
};
TemporaryFolder* EngineTest::folder_ = nullptr;
Engine* EngineTest::engine_ = nullptr;

TEST_F(EngineTest, FillsEveryDefaultAndTheResultDrawsTheSameAgain) {
  const GenerateResult result = engine_->generate({.prompt = "a red apple", .count = 2});
  ASSERT_EQ(result.images.size(), 2u);
  EXPECT_EQ(result.images[0].width, 16);
  EXPECT_EQ(result.images[0].pixels.size(), 16u * 16u * 3u);
  EXPECT_TRUE(result.resolved.seed.has_value());
  EXPECT_EQ(result.resolved.sampling.steps, 5);
  EXPECT_EQ(result.resolved.sampling.sampler, "ancestral");
  EXPECT_EQ(result.resolved.sampling.guidance, 2.0);
  EXPECT_GE(result.resolved.batch, 1);
  EXPECT_THAT(result.warnings, IsEmpty());
  const GenerateResult again = engine_->generate(request_from_json(to_json(result.resolved)));
  EXPECT_EQ(again.images, result.images);
}

TEST_F(EngineTest, PictureKEqualsTheOnlyPictureOfSeedPlusK) {
  GenerateRequest many = asking("a blue fish");
  many.count = 5;
  many.batch = 5;
  const auto together = engine_->generate(many).images;
  for (const std::int32_t batch : {1, 2, 4}) {
    many.batch = batch;
    EXPECT_EQ(engine_->generate(many).images, together) << batch;
  }
  for (std::uint64_t k = 0; k < 5; ++k) {
    GenerateRequest one = asking("a blue fish");
    one.seed = 5 + k;
    EXPECT_EQ(engine_->generate(one).images.at(0), together.at(k)) << k;
  }
  EXPECT_NE(together[0], together[1]);
}

TEST_F(EngineTest, ThreadsDoNotChangeAPicture) {
  const auto one = engine_->generate(asking("the green car")).images;
  const auto two = Engine::open({.model = folder_->path(), .device = "cpu", .threads = 2});
  EXPECT_EQ(two->generate(asking("the green car")).images, one);
  Engine::open({.model = folder_->path(), .device = "cpu", .threads = 1});
}

TEST_F(EngineTest, WarnsOfWhatTheModelWasNeverTaught) {
  EXPECT_THAT(engine_->generate(asking("a red unicorn")).warnings,
              ElementsAre(HasSubstr("never taught unicorn")));
  EXPECT_THAT(engine_->generate(asking("A RED apple")).warnings, IsEmpty());
  GenerateRequest negative = asking("a red apple");
  negative.negative = "sparkles";
  EXPECT_THAT(engine_->generate(negative).warnings, ElementsAre(HasSubstr("sparkles")));
}

TEST_F(EngineTest, WarnsOfCutWordsAndShortensTheList) {
  const auto warnings =
      engine_->generate(asking("a red apple on the blue background car fish")).warnings;
  EXPECT_THAT(warnings, Contains(HasSubstr("3 words were cut: background car fish")));
  std::string prompt = "a red apple";
  for (int i = 0; i < 10'000; ++i) prompt += " red";
  const auto many = engine_->generate(asking(prompt)).warnings;
  ASSERT_EQ(many.size(), 1u);
  EXPECT_THAT(many[0], HasSubstr("9997 words were cut"));
  EXPECT_THAT(many[0], HasSubstr("and 9989 more"));
  EXPECT_LT(many[0].size(), 300u);
}

TEST_F(EngineTest, AnEmptyPromptAndBadBytesAreLegal) {
  const GenerateResult empty = engine_->generate(asking(""));
  EXPECT_EQ(empty.images.size(), 1u);
  EXPECT_THAT(empty.warnings, ElementsAre(HasSubstr("without a caption")));
  EXPECT_EQ(engine_->generate(asking("  \n ")).images, empty.images);
  const GenerateResult bad = engine_->generate(asking("a red \xFF\xC3 apple"));
  EXPECT_EQ(bad.resolved.prompt, "a red \xEF\xBF\xBD\xEF\xBF\xBD apple");
  EXPECT_THAT(bad.warnings, Contains(HasSubstr("not valid UTF-8")));
}

TEST_F(EngineTest, RefusesWhatCannotBe) {
  const auto refuses = [](GenerateRequest request, const std::string& message) {
    expect_error(ErrorCode::kInvalidArgument, message, [&] { engine_->resolve(request); });
  };
  refuses({.count = 0}, "count must be in 1..100000, got 0");
  refuses({.count = 1'000'000}, "count");
  refuses({.batch = -1}, "batch must be in 0..4096");
  refuses({.sampling = {.steps = 11}}, "steps must be in 1..10 for this model, got 11");
  refuses({.sampling = {.sampler = "ddim"}}, "known: ancestral");
  refuses({.strength = 2}, "strength");
  refuses({.preview_every = -1}, "preview");
  refuses({.start = Image{.width = 8, .height = 8, .pixels = std::vector<std::uint8_t>(192)}},
          "the start picture is 8x8; this model needs 16x16");
  refuses({.mask = Image{.width = 16, .height = 16, .pixels = std::vector<std::uint8_t>(768)}},
          "a mask needs a picture");
}

TEST_F(EngineTest, TellsProgressPreviewsAndFinishedPictures) {
  GenerateRequest request = asking("a bird");
  request.count = 3;
  request.batch = 2;
  request.preview_every = 2;
  std::vector<std::int64_t> steps;
  std::vector<std::int32_t> previews;
  std::vector<Image> finished;
  const Watch watch{.progress =
                        [&](const Progress& progress) {
                          EXPECT_EQ(progress.total, 10) << "five steps, two batches";
                          steps.push_back(progress.step);
                        },
                    .preview =
                        [&](const Image& image, std::int32_t picture, std::int32_t step) {
                          EXPECT_EQ(image.width, 16);
                          previews.push_back(10 * picture + step);
                        },
                    .finished =
                        [&](const Image& image, std::int32_t picture) {
                          EXPECT_EQ(static_cast<std::size_t>(picture), finished.size());
                          finished.push_back(image);
                        }};
  const GenerateResult result = engine_->generate(request, watch);
  EXPECT_EQ(steps, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(previews, (std::vector<std::int32_t>{2, 12, 4, 14, 22, 24}));
  EXPECT_EQ(finished, result.images);
}

TEST_F(EngineTest, AStopBetweenStepsKeepsFinishedPictures) {
  GenerateRequest request = asking("a bird");
  request.count = 3;
  request.batch = 1;
  std::stop_source stop;
  const Watch watch{.progress = [&](const Progress& progress) {
    if (progress.step == 12) stop.request_stop();
  }};
  const GenerateResult result = engine_->generate(request, watch, stop.get_token());
  EXPECT_TRUE(result.cancelled);
  EXPECT_EQ(result.images.size(), 2u);
  EXPECT_FALSE(engine_->generate(asking("a bird")).cancelled) << "the engine goes on working";
}

TEST_F(EngineTest, AMaskKeepsEveryPixelOutsideIt) {
  const Image start = engine_->generate(asking("a red apple")).images.at(0);
  GenerateRequest request = asking("a blue fish");
  request.start = start;
  request.mask = Image{.width = 16, .height = 16, .pixels = std::vector<std::uint8_t>(768, 0)};
  for (std::size_t i = 0; i < 384; ++i) request.mask->pixels[i] = 255;  // the upper half
  const Image drawn = engine_->generate(request).images.at(0);
  EXPECT_TRUE(
      std::equal(drawn.pixels.begin() + 384, drawn.pixels.end(), start.pixels.begin() + 384));
  EXPECT_NE(drawn, start);
  request.mask->pixels.assign(768, 0);
  const GenerateResult nothing = engine_->generate(request);
  EXPECT_EQ(nothing.images.at(0), start);
  EXPECT_THAT(nothing.warnings, Contains(HasSubstr("black everywhere")));
}

TEST_F(EngineTest, ReconstructsPicturesOfAnyFittingSize) {
  const Image picture{.width = 12, .height = 8, .pixels = std::vector<std::uint8_t>(288, 100)};
  const Engine::Reconstruction made = engine_->reconstruct(picture);
  EXPECT_EQ(made.image.width, 12);
  EXPECT_EQ(made.image.height, 8);
  EXPECT_EQ(made.tokens, 24);
  EXPECT_GE(made.codes, 1);
  EXPECT_LE(made.codes, 16);
  double squares = 0;
  for (std::size_t i = 0; i < 288; ++i) squares += std::pow(made.image.pixels[i] - 100.0, 2);
  EXPECT_NEAR(made.psnr, 10 * std::log10(255.0 * 255.0 * 288 / squares), 1e-9);
  expect_error(ErrorCode::kInvalidArgument, "multiples of 2, got 3x8", [&] {
    engine_->reconstruct({.width = 3, .height = 8, .pixels = std::vector<std::uint8_t>(72)});
  });
}

TEST_F(EngineTest, ShowsTheTokensOfEveryStepAndPaintsThem) {
  std::vector<std::vector<TokenGrid>> grids(2);
  Watch watch;
  watch.tokens = [&](const TokenGrid& grid, std::int32_t picture, std::int32_t step) {
    auto& mine = grids.at(static_cast<std::size_t>(picture));
    EXPECT_EQ(step, static_cast<std::int32_t>(mine.size()) + 1);
    mine.push_back(grid);
  };
  GenerateRequest two = asking("a red apple");
  two.count = 2;
  two.batch = 2;
  const auto images = engine_->generate(two, watch).images;
  for (std::size_t k = 0; k < 2; ++k) {
    ASSERT_EQ(grids[k].size(), 5u);
    const TokenGrid& last = grids[k].back();
    ASSERT_EQ(last.cells.size(), last.confidence.size());
    EXPECT_EQ(last.width * engine_->downsampling(), engine_->image_side());
    EXPECT_THAT(last.cells, Not(Contains(TokenGrid::kMasked)));
    EXPECT_THAT(grids[k].front().cells, Contains(TokenGrid::kMasked));
    EXPECT_EQ(engine_->paint(last), images[k]) << "the picture is that of its last tokens";
  }
  EXPECT_NE(grids[0].back().cells, grids[1].back().cells);
  expect_error(ErrorCode::kInvalidArgument, "masked", [&] { engine_->paint(grids[0].front()); });
}

TEST_F(EngineTest, ATokenisedPictureIsItsReconstruction) {
  const Image picture = engine_->generate(asking("a blue fish")).images.front();
  const TokenGrid grid = engine_->tokenise(picture);
  EXPECT_EQ(engine_->paint(grid), engine_->reconstruct(picture).image);
  expect_error(ErrorCode::kInvalidArgument, "code 999", [&] {
    TokenGrid wrong = grid;
    wrong.cells[3] = 999;
    engine_->paint(wrong);
  });
  expect_error(ErrorCode::kInvalidArgument, "cannot hold", [&] {
    TokenGrid wrong = grid;
    wrong.cells.pop_back();
    engine_->paint(wrong);
  });
}

TEST_F(EngineTest, PresetsStayWithinWhatTheModelWasTrainedWith) {
  const std::string description = engine_->describe();  // of 10 steps
  const auto steps = [&](const char* name, std::int64_t own) {
    return steps_of(preset_named(name), own, description);
  };
  EXPECT_EQ(steps("fast", 5), 3);
  EXPECT_EQ(steps("fast", 9), 5);
  EXPECT_EQ(steps("fast", 0), 1);
  EXPECT_EQ(steps("fine", 5), 10);
  EXPECT_EQ(steps("fine", 9), 10);
  EXPECT_EQ(steps_of(preset_named("fine"), 9, ""), 18) << "no model is open";
}

TEST_F(EngineTest, DescribesItself) {
  const io::Json json = io::Json::parse(engine_->describe());
  EXPECT_EQ(json["name"], "tiny");
  EXPECT_EQ(json["image_side"], 16);
  EXPECT_EQ(json["tokens"], 64);
  EXPECT_EQ(json["steps_trained"], 10);
  EXPECT_EQ(json["rng"], "philox4x32-10");
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["model"]["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(json["tokenizer"]["kind"], "table");
  EXPECT_GT(json["parameters"].get<int>(), 1000);
}

TEST_F(EngineTest, APictureFileIsDrawnAgainFromItself) {
  const TemporaryFolder files;
  GenerateRequest request = asking("a red apple on the blue background");
  request.count = 2;
  request.negative = "a car";
  const GenerateResult result = engine_->generate(request);
  const fs::path file = files / "x.png";
  write_png(file, result.images[1], picture_text(result.resolved, 1, engine_->provenance()));
  const Verification same = verify_picture(*engine_, file, {}, {});
  EXPECT_TRUE(same.equal);
  EXPECT_THAT(same.notes, IsEmpty());

  Image touched = result.images[1];
  touched.pixels[7] = static_cast<std::uint8_t>(touched.pixels[7] ^ 4);
  write_png(file, touched, picture_text(result.resolved, 1, engine_->provenance()));
  const Verification other = verify_picture(*engine_, file, {}, {});
  EXPECT_FALSE(other.equal);
  EXPECT_EQ(other.different, 1);
  EXPECT_EQ(other.greatest, 4);

  io::Json then = io::Json::parse(engine_->provenance());
  then["libtorch"] = "1.0";
  write_png(file, result.images[1], picture_text(result.resolved, 1, then.dump()));
  EXPECT_THAT(verify_picture(*engine_, file, {}, {}).notes,
              ElementsAre(HasSubstr("libtorch was \"1.0\"")));
  then["model"]["sha256"] = "beef";
  write_png(file, result.images[1], picture_text(result.resolved, 1, then.dump()));
  expect_error(ErrorCode::kNotFound, "was drawn by the model \"tiny\" (beef)", [&] {
    verify_picture(*engine_, file, {}, {});
  });
  write_png(file, result.images[1]);
  expect_error(ErrorCode::kInvalidArgument, "holds no Tessera settings", [&] {
    verify_picture(*engine_, file, {}, {});
  });
}

TEST(EngineOpen, TellsWhatIsMissing) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kNotFound, "no such model folder", [&] {
    Engine::open({.model = folder / "none"});
  });
  expect_error(
      ErrorCode::kNotFound, "model_index.json", [&] { Engine::open({.model = folder.path()}); });
  ::setenv("TESSERA_MODEL", "/nowhere/at/all", 1);
  expect_error(ErrorCode::kNotFound, "/nowhere/at/all", [] { Engine::open({}); });
  ::unsetenv("TESSERA_MODEL");
}

}  // namespace
}  // namespace tessera::engine
