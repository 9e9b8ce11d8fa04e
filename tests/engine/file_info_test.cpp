#include "engine/file_info.h"

#include "core/atomic_file.h"
#include "engine/image_files.h"
#include "io/image/codecs.h"
#include "io/image/png_text.h"
#include "io/json_fields.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera::engine {
namespace {

using io::Json;
using test::expect_error;
using test::TemporaryFolder;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

Image grey() {
  return {.width = 4, .height = 3, .pixels = std::vector<std::uint8_t>(36, 128)};
}

TEST(FileInfo, APictureTellsItsSettings) {
  const TemporaryFolder folder;
  const fs::path file = folder / "x.png";
  write_png(file,
            grey(),
            {.parameters = "a cat\nSteps: 4, Sampler: x, Seed: 7",
             .tessera = R"({"schema": "tessera.image/1", "prompt": "a cat", "seed": 7})"});
  const FileInfo info = describe_file(file);
  const Json json = Json::parse(info.json);
  EXPECT_EQ(json["kind"], "picture");
  EXPECT_EQ(json["width"], 4);
  EXPECT_EQ(json["height"], 3);
  EXPECT_EQ(json["tessera"]["seed"], 7);
  EXPECT_EQ(json["parameters"]["prompt"], "a cat");
  EXPECT_EQ(json["parameters"]["Seed"], "7");
  EXPECT_THAT(info.text, HasSubstr("picture, 4x3"));
  EXPECT_THAT(info.text, HasSubstr("seed: 7"));
}

TEST(FileInfo, OtherProgramsPicturesAreReadToo) {
  const TemporaryFolder folder;
  const fs::path file = folder / "x.png";
  const std::string png =
      io::with_png_texts(io::encode_png({.width = 1, .height = 1, .pixels = {1, 2, 3}}),
                         {{"parameters",
                           "a dog\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: "
                           "7, Seed: 9, Size: 512x512"},
                          {"workflow", "{}"}});
  write_file_atomically(file, png);
  const FileInfo info = describe_file(file);
  EXPECT_EQ(Json::parse(info.json)["parameters"]["negative"], "fog");
  EXPECT_EQ(Json::parse(info.json)["texts"]["workflow"], "{}");
  EXPECT_THAT(info.text, HasSubstr("Sampler: Euler a"));
  write_png(file, grey());
  EXPECT_THAT(describe_file(file).text, HasSubstr("without generation settings"));
}

TEST(FileInfo, AModelFolderTellsItsCardAndParts) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path(), {}, test::TinyType::kBFloat16);
  const FileInfo info = describe_file(folder.path());
  const Json json = Json::parse(info.json);
  EXPECT_EQ(json["kind"], "model");
  EXPECT_EQ(json["name"], "tiny");
  EXPECT_EQ(json["sampling"]["steps"], 5);
  EXPECT_EQ(json["parts"]["vqvae"]["dtype"], "BFloat16");
  EXPECT_EQ(json["parts"]["transformer"]["options"]["codes"], 16);
  EXPECT_GT(json["values"].get<int>(), 1000);
  EXPECT_THAT(info.text, HasSubstr("name: tiny"));
  check_model_folder(folder.path());
  write_file_atomically(folder / "tokenizer/tokens.tsv", "changed");
  expect_error(
      ErrorCode::kCorruptFile, "tokens.tsv: damaged", [&] { check_model_folder(folder.path()); });
}

TEST(FileInfo, AWeightsFileTellsItsTensors) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  const FileInfo info = describe_file(folder / "vqvae/model.safetensors");
  const Json json = Json::parse(info.json);
  EXPECT_EQ(json["kind"], "weights");
  EXPECT_GT(json["tensors"].size(), 5u);
  EXPECT_EQ(json["tensors"][0]["dtype"], "Float");
  EXPECT_THAT(info.text, HasSubstr("quantizer.embedding  Float [16, 4]"));
}

TEST(FileInfo, AFileOfTorchSaveIsAWeightsFile) {
  const FileInfo info =
      describe_file(fs::path(TESSERA_SOURCE_DIR) /
                    "tests/golden/diffusers-tiny-bin/learned_classifier_free_sampling_embeddings"
                    "/diffusion_pytorch_model.bin");
  const Json json = Json::parse(info.json);
  EXPECT_EQ(json["kind"], "weights");
  EXPECT_EQ(json["values"], 77 * 8);
  ASSERT_EQ(json["tensors"].size(), 1u);
  EXPECT_THAT(info.text, HasSubstr("embeddings  Float [77, 8]"));
  const TemporaryFolder folder;
  expect_error(ErrorCode::kCorruptFile, "not a zip archive, or one that was cut", [&] {
    describe_file(folder.write("x.pth", std::string("PK\3\4") + std::string(100, '\0')));
  });
}

TEST(FileInfo, ATrainingRunTellsItsLastLine) {
  const TemporaryFolder folder;
  folder.write("config.json", R"({"stage": "vqvae", "name": "x"})");
  folder.write("log.jsonl", "{\"step\": 1}\n{\"step\": 20, \"loss\": 0.5}\n{\"step\": 3");
  const Json json = Json::parse(describe_file(folder.path()).json);
  EXPECT_EQ(json["kind"], "run");
  EXPECT_EQ(json["stage"], "vqvae");
  EXPECT_EQ(json["last"]["step"], 20) << "a half-written line does not count";
}

TEST(FileInfo, TellsWhatItCannotRead) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kNotFound, "no such file", [&] { describe_file(folder / "none"); });
  expect_error(
      ErrorCode::kInvalidArgument, "neither a model", [&] { describe_file(folder.path()); });
  expect_error(ErrorCode::kCorruptFile, "text.txt", [&] {
    describe_file(folder.write("text.txt", "just words"));
  });
  expect_error(ErrorCode::kCorruptFile, "empty", [&] { describe_file(folder.write("empty", "")); });
  write_png(folder / "x.png", grey());
  const std::string png = read_file(folder / "x.png");
  for (std::size_t size = 0; size + 1 < png.size(); size += 3) {
    EXPECT_THROW(describe_file(folder.write("cut.png", png.substr(0, size))), Error) << size;
  }
}

}  // namespace
}  // namespace tessera::engine
