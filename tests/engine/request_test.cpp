#include "engine/engine.h"
#include "engine/record.h"
#include "io/image/parameters.h"
#include "io/json_fields.h"
#include "tests/support/expect_error.h"

namespace tessera::engine {
namespace {

using test::expect_error;

GenerateRequest full() {
  return {
      .prompt = "a \"red\" apple\n\xE7\x8C\xAB",
      .negative = "blurry: very",
      .count = 3,
      .sampling = {.steps = 16, .sampler = "confidence", .guidance = 2.5, .truncation = "top0.9r"},
      .seed = 0xFFFFFFFFFFFFFFFFull};
}

TEST(Request, ComesBackFromItsJson) {
  const GenerateRequest back = request_from_json(to_json(full()));
  EXPECT_EQ(back.prompt, full().prompt);
  EXPECT_EQ(back.negative, full().negative);
  EXPECT_EQ(back.count, 3);
  EXPECT_EQ(back.seed, full().seed);
  EXPECT_EQ(back.sampling.steps, 16);
  EXPECT_EQ(back.sampling.sampler, "confidence");
  EXPECT_EQ(back.sampling.guidance, 2.5);
  EXPECT_EQ(back.sampling.truncation, "top0.9r");
  EXPECT_EQ(request_from_json(to_json(GenerateRequest{})).seed, std::nullopt);
}

TEST(Request, NewerFilesStillReadAndWrongOnesDoNot) {
  EXPECT_EQ(request_from_json(R"({"prompt": "x", "hologram": true})").prompt, "x");
  expect_error(ErrorCode::kInvalidArgument, "\"steps\" must be a whole number", [] {
    request_from_json(R"({"steps": "many"})");
  });
  expect_error(
      ErrorCode::kInvalidArgument, "\"seed\"", [] { request_from_json(R"({"seed": -4})"); });
  expect_error(ErrorCode::kInvalidArgument, "object", [] { request_from_json("[]"); });
  expect_error(ErrorCode::kCorruptFile, "request", [] { request_from_json("{"); });
}

TEST(Request, PicturesAreNamedByTheirHash) {
  GenerateRequest request = full();
  request.start = Image{.width = 1, .height = 1, .pixels = {1, 2, 3}};
  request.strength = 0.5;
  const io::Json json = io::parse_json(to_json(request), "test");
  // printf '\x01\x02\x03' | sha256sum
  EXPECT_EQ(json["start"]["sha256"],
            "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
  EXPECT_EQ(json["strength"], 0.5);
  EXPECT_FALSE(json.contains("mask"));
}

TEST(Record, TellsOnePictureOfTheRequest) {
  const std::string provenance =
      R"({"width": 64, "height": 48, "rng": "philox4x32-10", "model": {"name": "starter", "sha256": "0123456789abcdef"}, "version": "1.2"})";
  GenerateRequest request = full();
  request.seed = 40;
  const PictureText text = picture_text(request, 2, provenance, R"({"start": {"file": "x.png"}})");
  const io::Json record = io::parse_json(text.tessera, "test");
  EXPECT_EQ(record["schema"], "tessera.image/1");
  EXPECT_EQ(record["seed"], 42) << "seed + k";
  EXPECT_FALSE(record.contains("count"));
  EXPECT_EQ(record["prompt"], request.prompt);
  EXPECT_EQ(record["model"]["name"], "starter");
  EXPECT_EQ(record["start"]["file"], "x.png");
  EXPECT_EQ(request_from_json(text.tessera).seed, 42u);
  EXPECT_EQ(request_from_json(text.tessera).count, 1);
  for (const char c : text.tessera) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << "ASCII";

  const io::Parameters parameters = io::parse_parameters(text.parameters);
  EXPECT_EQ(parameters.prompt, request.prompt);
  EXPECT_EQ(parameters.negative, "blurry: very");
  const std::vector<std::pair<std::string, std::string>> expected = {{"Steps", "16"},
                                                                     {"Sampler", "confidence"},
                                                                     {"CFG scale", "2.5"},
                                                                     {"Seed", "42"},
                                                                     {"Size-1", "64"},
                                                                     {"Size-2", "48"},
                                                                     {"Model hash", "0123456789"},
                                                                     {"Model", "starter"}};
  for (const auto& pair : expected) EXPECT_THAT(parameters.fields, ::testing::Contains(pair));
}

}  // namespace
}  // namespace tessera::engine
