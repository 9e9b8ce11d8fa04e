// A model with two paths behind the engine's door.

#include "engine/engine.h"
#include "engine/file_info.h"
#include "engine/image_files.h"
#include "engine/record.h"
#include "engine/verify.h"
#include "io/json_fields.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_gaussian.h"

namespace tessera::engine {
namespace {

using test::expect_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GaussianPathTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    std::filesystem::create_directories(both());
    std::filesystem::create_directories(plain());
    test::write_tiny_model(both());
    test::write_tiny_model(plain());
    test::add_tiny_gaussian(both());
    engine_ = Engine::open({.model = both(), .device = "cpu", .threads = 1}).release();
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete folder_;
  }
  static std::filesystem::path both() { return folder_->path() / "both"; }
  static std::filesystem::path plain() { return folder_->path() / "plain"; }
  static GenerateRequest asking(const std::string& path) {
    return {.prompt = "a red apple", .sampling = {.path = path}, .seed = 5};
  }

  static test::TemporaryFolder* folder_;
  static Engine* engine_;
};
test::TemporaryFolder* GaussianPathTest::folder_ = nullptr;
Engine* GaussianPathTest::engine_ = nullptr;

TEST_F(GaussianPathTest, TheFirstPathIsAsItWas) {
  const auto alone = Engine::open({.model = plain(), .device = "cpu", .threads = 1});
  const auto picture = alone->generate(asking("")).images;
  EXPECT_EQ(engine_->generate(asking("")).images, picture);
  EXPECT_EQ(engine_->generate(asking("discrete")).images, picture);
  EXPECT_NE(engine_->generate(asking("gaussian")).images, picture);
  EXPECT_EQ(engine_->provenance(), alone->provenance());
  EXPECT_EQ(engine_->resolve(asking("")).sampling.path, "discrete");
  expect_error(ErrorCode::kNotFound, "cannot draw on the path gaussian; it has: discrete", [&] {
    alone->generate(asking("gaussian"));
  });
}

TEST_F(GaussianPathTest, EachPathHasItsOwnDefaultsSamplersAndFingerprint) {
  EXPECT_THAT(engine_->paths(), ElementsAre("discrete", "gaussian"));
  EXPECT_THAT(engine_->samplers_of("gaussian"), ::testing::Contains("dpm-solver++"));
  EXPECT_EQ(engine_->samplers_of("discrete"), engine_->samplers());
  expect_error(ErrorCode::kInvalidArgument, "discrete or gaussian", [] {
    engine_->samplers_of("sideways");
  });
  const GenerateRequest resolved = engine_->resolve(asking("gaussian"));
  EXPECT_EQ(resolved.sampling.path, "gaussian");
  EXPECT_EQ(resolved.sampling.sampler, "ddim");
  EXPECT_EQ(resolved.sampling.steps, 6);
  EXPECT_EQ(resolved.sampling.tuning.eta, 0.0);
  GenerateRequest wrong = asking("gaussian");
  wrong.sampling.sampler = "confidence";
  expect_error(ErrorCode::kInvalidArgument, "confidence", [&] { engine_->resolve(wrong); });
  EXPECT_NE(engine_->provenance_of("gaussian"), engine_->provenance());
  const io::Json about = io::Json::parse(engine_->describe());
  EXPECT_EQ(about["paths"]["gaussian"]["sampling"]["steps"], 6);
  EXPECT_EQ(about["paths"]["discrete"]["sampling"]["steps"], 5);
  EXPECT_THAT(describe_file(both()).text, HasSubstr("dpm-solver++"));
}

TEST_F(GaussianPathTest, TheBatchDoesNotChangeAPicture) {
  GenerateRequest many = asking("gaussian");
  many.sampling.tuning.eta = 0.7;
  many.count = 3;
  many.batch = 3;
  const auto together = engine_->generate(many).images;
  many.batch = 2;
  EXPECT_EQ(engine_->generate(many).images, together);
  many.count = 1;
  many.seed = 7;
  EXPECT_EQ(engine_->generate(many).images.at(0), together.at(2));
}

TEST_F(GaussianPathTest, PreviewsAreEstimates) {
  GenerateRequest request = asking("gaussian");
  request.preview_every = 2;
  std::vector<std::int32_t> steps;
  std::int64_t tokens = 0;
  Watch watch;
  watch.preview = [&](const Image& image, std::int32_t, std::int32_t step) {
    EXPECT_EQ(image.width, 16);
    steps.push_back(step);
  };
  watch.tokens = [&](const TokenGrid&, std::int32_t, std::int32_t) { ++tokens; };
  const auto watched = engine_->generate(request, watch).images;
  EXPECT_THAT(steps, ElementsAre(2, 4));
  EXPECT_EQ(tokens, 0) << "there are no codes to show";
  EXPECT_EQ(engine_->generate(asking("gaussian")).images, watched);
}

TEST_F(GaussianPathTest, AMaskKeepsEveryPixelOutsideIt) {
  GenerateRequest request = asking("gaussian");
  const Image start = engine_->generate(asking("discrete")).images.at(0);
  Image mask{.width = 16, .height = 16, .pixels = std::vector<std::uint8_t>(16 * 16 * 3, 0)};
  for (std::size_t i = 0; i < mask.pixels.size() / 2; ++i) mask.pixels[i] = 255;
  request.start = start;
  request.mask = mask;
  const Image made = engine_->generate(request).images.at(0);
  std::int64_t changed = 0;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    if (mask.pixels[i] == 0) {
      EXPECT_EQ(made.pixels[i], start.pixels[i]) << i;
    } else {
      changed += made.pixels[i] != start.pixels[i];
    }
  }
  EXPECT_GT(changed, 50);
}

TEST_F(GaussianPathTest, APictureFileIsDrawnAgainFromItself) {
  GenerateRequest request = asking("gaussian");
  request.sampling.tuning.eta = 0.3;
  const GenerateResult result = engine_->generate(request);
  const std::filesystem::path file = folder_->path() / "drawn.png";
  write_png(
      file, result.images[0], picture_text(result.resolved, 0, engine_->provenance_of("gaussian")));
  const Verification same = verify_picture(*engine_, file, {}, {});
  EXPECT_TRUE(same.equal);
  EXPECT_TRUE(same.notes.empty());
  EXPECT_THAT(describe_file(file).text, HasSubstr("path: gaussian"));
}

}  // namespace
}  // namespace tessera::engine
