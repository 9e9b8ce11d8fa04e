#include "engine/published_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/json_fields.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden_folder.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

namespace fs = std::filesystem;
using io::Json;
using test::golden_folder;
using test::TemporaryFolder;
using ::testing::HasSubstr;

TEST(PublishedInfo, OfADiffusersFolder) {
  const fs::path model = golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny";
  const FileInfo info = describe_file(model);
  const Json json = Json::parse(info.json);
  EXPECT_EQ(json["kind"], "model");
  EXPECT_EQ(json["layout"], "diffusers");
  EXPECT_EQ(json["loads"], true);
  EXPECT_EQ(json["learned_null"], true);
  EXPECT_EQ(json["sampling"]["guidance"], 5.0);
  const Json& denoiser = json["parts"]["transformer"];
  EXPECT_EQ(denoiser["dtype"], "Float");
  EXPECT_EQ(denoiser["files"].size(), 2u);
  EXPECT_EQ(denoiser["bytes"], denoiser["values"].get<std::int64_t>() * 4);
  EXPECT_EQ(denoiser["options"]["condition_width"],
            json["parts"]["text_encoder"]["options"]["width"]);
  EXPECT_FALSE(denoiser.contains("would not load"));
  EXPECT_FALSE(json["parts"]["scheduler"].contains("files"));
  EXPECT_THAT(info.text, HasSubstr(": model, diffusers\n"));
  EXPECT_THAT(info.text, HasSubstr("architecture: vqgan"));
}

TEST(PublishedInfo, OfACheckpoint) {
  const FileInfo info = describe_file(golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny" /
                                      "class-vq" / "checkpoint.pth");
  const Json json = Json::parse(info.json);
  EXPECT_EQ(json["layout"], "microsoft");
  EXPECT_EQ(json["ema"], true);
  EXPECT_TRUE(json["last_epoch"].is_number_integer());
  EXPECT_TRUE(json["last_iter"].is_number_integer());
  EXPECT_EQ(json["parts"]["transformer"]["options"]["condition"], "class");
  EXPECT_FALSE(json["parts"].contains("text_encoder"));
  EXPECT_EQ(json["loads"], true);
}

TEST(PublishedInfo, SaysWhatWouldNotLoad) {
  const FileInfo info = describe_file(golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny" /
                                      "unconditional" / "checkpoint.pth");
  EXPECT_EQ(Json::parse(info.json)["loads"], false);
  EXPECT_THAT(info.text, HasSubstr("which does not load"));
  EXPECT_THAT(info.text, HasSubstr("problem: "));
  EXPECT_THAT(info.text, HasSubstr("holds no image codec"));
}

TEST(PublishedInfo, OtherTorchFilesAreWeightsAndOtherPipelinesAreNamed) {
  const FileInfo codec = describe_file(golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny" /
                                       "class-vq" / "codec_standalone.pth");
  EXPECT_EQ(Json::parse(codec.json)["kind"], "weights");
  const TemporaryFolder folder;
  folder.write("model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
  test::expect_error(
      ErrorCode::kCorruptFile, "StableDiffusionPipeline", [&] { describe_file(folder.path()); });
}

}  // namespace
}  // namespace tessera::engine
