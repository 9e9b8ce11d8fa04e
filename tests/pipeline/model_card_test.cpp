#include "pipeline/model_card.h"

#include "io/json_fields.h"
#include "io/sha256.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;
using test::TemporaryFolder;
namespace fs = std::filesystem;

ModelCard full_card() {
  ModelCard card;
  card.name = "starter";
  card.description = "for the test";
  card.sampling = {.steps = 12, .sampler = "confidence", .guidance = 2.5, .truncation = "0.9"};
  card.has_world = true;
  card.world.nouns = {"apple", "car"};
  card.world.kinds = {"single"};
  card.world.kind_weights = {1.5};
  card.parts = {"vqvae", "tokenizer"};
  return card;
}

void make_parts(const TemporaryFolder& folder) {
  fs::create_directories(folder / "vqvae");
  fs::create_directories(folder / "tokenizer");
  folder.write("vqvae/model.safetensors", "weights");
  folder.write("tokenizer/tokens.tsv", "pieces");
}

TEST(ModelCard, ComesBackAsWritten) {
  const TemporaryFolder folder;
  make_parts(folder);
  write_model_card(folder.path(), full_card());
  const ModelCard card = read_model_card(folder.path());
  EXPECT_EQ(card.name, "starter");
  EXPECT_EQ(card.license, "Apache-2.0");
  EXPECT_EQ(card.sampling.steps, 12);
  EXPECT_EQ(card.sampling.sampler, "confidence");
  EXPECT_EQ(card.sampling.guidance, 2.5);
  EXPECT_EQ(card.sampling.truncation, "0.9");
  ASSERT_TRUE(card.has_world);
  EXPECT_EQ(card.world.nouns, (std::vector<std::string>{"apple", "car"}));
  EXPECT_EQ(card.world.kind_weights, std::vector<double>{1.5});
  EXPECT_TRUE(card.has_part(kVqVaePart));
  EXPECT_FALSE(card.has_part(kTransformerPart));
  EXPECT_EQ(card.hashes.at("vqvae/model.safetensors"), io::sha256("weights"));
  EXPECT_EQ(card.hashes.size(), 2u);
}

TEST(ModelCard, TheFingerprintIsOfTheWeightsNotOfTheWords) {
  const TemporaryFolder folder;
  make_parts(folder);
  ModelCard card = full_card();
  write_model_card(folder.path(), card);
  const std::string before = read_model_card(folder.path()).fingerprint();
  card.description = "other words";
  write_model_card(folder.path(), card);
  EXPECT_EQ(read_model_card(folder.path()).fingerprint(), before);
  folder.write("vqvae/model.safetensors", "other weights");
  write_model_card(folder.path(), card);
  EXPECT_NE(read_model_card(folder.path()).fingerprint(), before);
  EXPECT_EQ(ModelCard{}.fingerprint(), "");
}

TEST(ModelCard, FindsDamagedAndMissingFiles) {
  const TemporaryFolder folder;
  make_parts(folder);
  write_model_card(folder.path(), full_card());
  const ModelCard card = read_model_card(folder.path());
  check_model_files(folder.path(), card);
  folder.write("vqvae/model.safetensors", "weightz");
  expect_error(ErrorCode::kCorruptFile, "vqvae/model.safetensors: damaged", [&] {
    check_model_files(folder.path(), card);
  });
  check_model_files(folder.path(), card, 3);  // too large to be hashed
  fs::remove(folder / "tokenizer/tokens.tsv");
  expect_error(ErrorCode::kNotFound, "tokens.tsv: missing", [&] {
    check_model_files(folder.path(), card, 3);
  });
}

TEST(ModelCard, TellsWhatIsWrong) {
  const TemporaryFolder folder;
  const auto read = [&] { read_model_card(folder.path()); };
  expect_error(
      ErrorCode::kNotFound, "no such model folder", [&] { read_model_card(folder / "none"); });
  expect_error(ErrorCode::kNotFound, "it holds no model_index.json", read);
  expect_error(ErrorCode::kNotFound, "not a model folder", [&] {
    read_model_card(folder.write("file", ""));
  });
  const auto card = [&](const std::string& text) { folder.write("model_index.json", text); };
  card("{\"schema\": ");
  expect_error(ErrorCode::kCorruptFile, "model_index.json", read);
  card("[1]");
  expect_error(ErrorCode::kCorruptFile, "must be an object", read);
  card(R"({"schema": "tessera.model/9", "parts": ["vqvae"]})");
  expect_error(ErrorCode::kCorruptFile, "tessera.model/9", read);
  card(R"({"schema": "tessera.model/1", "parts": []})");
  expect_error(ErrorCode::kCorruptFile, "names no part", read);
  card(R"({"schema": "tessera.model/1", "parts": ["vqvae"], "sampling": {"steps": "many"}})");
  expect_error(ErrorCode::kCorruptFile, "sampling.steps must be a whole number", read);
  card(R"({"schema": "tessera.model/1", "parts": ["vqvae"], "name": 7})");
  expect_error(ErrorCode::kCorruptFile, "\"name\" must be a string", read);
  card(R"({"schema": "tessera.model/1", "parts": "vqvae"})");
  expect_error(ErrorCode::kCorruptFile, "model_index.json", read);
  card(R"({"schema": "tessera.model/1", "parts": ["vqvae"], "sha256": ["x"]})");
  expect_error(ErrorCode::kCorruptFile, "model_index.json", read);
  expect_error(
      ErrorCode::kNotFound, "no such part", [&] { write_model_card(folder.path(), full_card()); });
}

}  // namespace
}  // namespace tessera::pipeline
