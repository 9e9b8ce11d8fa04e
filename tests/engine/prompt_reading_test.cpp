// Models of a world of scenes read prompts as captions of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/image_files.h"
#include "engine/record.h"
#include "engine/verify.h"
#include "io/json_fields.h"
#include "pipeline/model_card.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera::engine {
namespace {

using test::TemporaryFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PromptReading : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    test::write_tiny_model(folder_->path());
    pipeline::ModelCard card = pipeline::read_model_card(folder_->path());
    card.has_world = true;
    card.world = {.nouns = {"apple", "car", "fish"}, .kinds = {"single", "colour", "relation"}};
    pipeline::write_model_card(folder_->path(), card);
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
TemporaryFolder* PromptReading::folder_ = nullptr;
Engine* PromptReading::engine_ = nullptr;

TEST_F(PromptReading, DrawsThePictureOfTheCaption) {
  const GenerateResult read = engine_->generate(asking("APPLE, red!"));
  EXPECT_EQ(read.resolved.prompt, "APPLE, red!");
  EXPECT_EQ(read.resolved.caption, "a red apple");
  EXPECT_THAT(read.warnings, IsEmpty());
  const GenerateResult said = engine_->generate(asking("a red apple"));
  EXPECT_EQ(said.resolved.caption, "") << "a caption is taken as it stands";
  EXPECT_EQ(read.images, said.images);
}

TEST_F(PromptReading, LiteralWordsAreNotRead) {
  GenerateRequest request = asking("apple red");
  request.literal = true;
  const GenerateResult literal = engine_->generate(request);
  EXPECT_EQ(literal.resolved.caption, "");
  EXPECT_NE(literal.images, engine_->generate(asking("apple red")).images);
  request.prompt = "a red unicorn";
  EXPECT_THAT(engine_->generate(request).warnings,
              ElementsAre(HasSubstr("never taught \"unicorn\"")));
}

TEST_F(PromptReading, NamesWhatIsPassedOver) {
  const GenerateResult result = engine_->generate(asking("a sparkly red aple by three cars"));
  EXPECT_EQ(result.resolved.caption, "a car");
  EXPECT_THAT(
      result.warnings,
      ElementsAre("the model was never taught \"sparkly\" \"aple\" (did you mean \"apple\"?)",
                  HasSubstr("one car, not several")));
  EXPECT_THAT(engine_->generate(asking("gibberish")).warnings,
              Contains(HasSubstr("names nothing that this model can draw")));
}

TEST_F(PromptReading, TheRecordHoldsBothAndVerifies) {
  const GenerateResult result = engine_->generate(asking("Fish, blue"));
  const PictureText text = picture_text(result.resolved, 0, engine_->provenance());
  const io::Json record = io::parse_json(text.tessera, "record");
  EXPECT_EQ(record.at("prompt"), "Fish, blue");
  EXPECT_EQ(record.at("caption"), "a blue fish");
  EXPECT_FALSE(record.contains("literal"));
  const std::filesystem::path file = folder_->path() / "fish.png";
  write_png(file, result.images.front(), text);
  EXPECT_TRUE(verify_picture(*engine_, file, {}, {}).equal);

  // A later version may read the prompt otherwise: the caption decides.
  io::Json changed = record;
  changed["prompt"] = "a car";
  write_png(file, result.images.front(), {.tessera = changed.dump()});
  EXPECT_TRUE(verify_picture(*engine_, file, {}, {}).equal);
}

TEST_F(PromptReading, ModelsOfNoWorldTakePromptsAsTheyStand) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  const auto engine = Engine::open({.model = folder.path(), .device = "cpu", .threads = 1});
  EXPECT_EQ(engine->resolve(asking("Apple, RED")).caption, "");
}

}  // namespace
}  // namespace tessera::engine
