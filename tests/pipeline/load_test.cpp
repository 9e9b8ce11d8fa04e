// Model folders: whole ones give the pictures of the parts they were made of; every way to damage
// one is a line that names the file.

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;
using test::TemporaryFolder;
namespace fs = std::filesystem;

Sampled draw(const Pipeline& pipeline, const std::string& prompt) {
  const auto tokens = [&](const std::string& text) {
    return pipeline.table_tokenizer().encode({&text, 1}, pipeline.facts().text_length);
  };
  return pipeline.sample(tokens(prompt),
                         tokens(""),
                         pipeline.resolve({}),
                         {},
                         {.rng = nn::Rng::of_run(3, 0, 1)},
                         {},
                         {});
}

/// A tiny model, written once; the card's hashes are taken out so that later damage itself is met.
const fs::path& whole_model() {
  static const TemporaryFolder folder;
  static const fs::path model = [] {
    test::write_tiny_model(folder / "model");
    io::Json card = io::read_json(folder / "model/model_index.json");
    card.erase("sha256");
    io::write_json(folder / "model/model_index.json", card);
    return folder / "model";
  }();
  return model;
}

/// A copy of it, damaged by each test in its own way.
class Damaged {
 public:
  Damaged() { fs::copy(whole_model(), path(), fs::copy_options::recursive); }
  fs::path path() const { return folder_ / "model"; }
  fs::path operator/(const char* file) const { return path() / file; }
  void set(const char* config, const char* key, const io::Json& value) const {
    io::Json json = io::read_json(*this / config);
    json[key] = value;
    folder_.write(std::string("model/") + config, json.dump());
  }
  void expect(ErrorCode code, const std::string& message) const {
    expect_error(code, message, [&] { load_pipeline(path(), at::kCPU); });
  }

 private:
  TemporaryFolder folder_{};
};

TEST(LoadPipeline, GivesThePicturesOfItsParts) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  const auto loaded = load_pipeline(folder.path(), at::kCPU);
  const auto made = assemble_pipeline(test::tiny_card(), test::make_tiny_parts(), at::kCPU);
  EXPECT_EQ(loaded->card().name, "tiny");
  EXPECT_EQ(loaded->facts().parameters, made->facts().parameters);
  EXPECT_EQ(loaded->facts().chain_steps, 10);
  EXPECT_TRUE(draw(*loaded, "a red apple").images.equal(draw(*made, "a red apple").images));
}

TEST(LoadPipeline, PackedProductsDrawTheSameCodesAgainAndMostlyThoseOfFloat32) {
  const at::Tensor want = draw(*load_pipeline(whole_model(), at::kCPU), "a red apple").codes;
  for (const char* name : {"bf16", "int8"}) {
    const DrawingPrecision precision = drawing_precision_on(at::kCPU, name);
    const auto loaded = load_pipeline(
        whole_model(), at::kCPU, {.type = precision.type, .products = precision.products});
    const at::Tensor found = draw(*loaded, "a red apple").codes;
    EXPECT_TRUE(found.equal(draw(*loaded, "a red apple").codes)) << name;
    EXPECT_GT(found.eq(want).to(at::kDouble).mean().item<double>(), 0.5) << name;
  }
}

TEST(DrawingPrecision, TellsTheTypeInMemoryAndTheProducts) {
  EXPECT_EQ(drawing_precision("fp32").type, at::kFloat);
  EXPECT_FALSE(drawing_precision("fp32").products);
  EXPECT_EQ(drawing_precision("fp16").type, at::kHalf);
  EXPECT_FALSE(drawing_precision("fp16").products);
  EXPECT_EQ(drawing_precision("bf16").type, at::kBFloat16);
  EXPECT_EQ(drawing_precision("bf16").products, nn::Precision::kBfloat16);
  EXPECT_EQ(drawing_precision("int8").type, at::kBFloat16);
  EXPECT_EQ(drawing_precision("int8").products, nn::Precision::kInt8);
  expect_error(ErrorCode::kInvalidArgument, "\"int4\"", [] { drawing_precision("int4"); });
  for (const char* name : {"fp32", "bf16", "int8"}) {
    const DrawingPrecision wanted = drawing_precision(name);
    EXPECT_EQ(supported(wanted, at::kCUDA, {}).products, wanted.products) << name;
    for (const ProductUnits units : {ProductUnits{.bfloat16 = true}, ProductUnits{.int8 = true}}) {
      const bool has = !wanted.products || (name[0] == 'b' ? units.bfloat16 : units.int8);
      const DrawingPrecision found = supported(wanted, at::kCPU, units);
      EXPECT_EQ(found.products, has ? wanted.products : std::nullopt) << name;
      EXPECT_EQ(found.type, has ? wanted.type : at::kFloat) << name;
    }
  }
}

TEST(LoadPipeline, HalfWeightsAreComputedInFloat32) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path(), {}, test::TinyType::kBFloat16);
  const auto loaded = load_pipeline(folder.path(), at::kCPU);
  const at::Tensor images = draw(*loaded, "a red apple").images;
  EXPECT_EQ(images.scalar_type(), at::kFloat);
  EXPECT_TRUE(images.isfinite().all().item<bool>());
  const at::Tensor whole = test::make_tiny_parts().codec->parameters().front();
  const at::Tensor half = load_parts(folder.path(), loaded->card()).codec->parameters().front();
  EXPECT_EQ(half.scalar_type(), at::kFloat);
  EXPECT_TRUE(half.equal(whole.to(at::kBFloat16).to(at::kFloat)));
}

TEST(LoadPipeline, ACodecAloneLoads) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  ModelCard card = test::tiny_card();
  card.parts = {kVqVaePart};
  write_model_card(folder.path(), card);
  const auto codec = load_pipeline(folder.path(), at::kCPU);
  EXPECT_FALSE(codec->facts().generates());
  EXPECT_EQ(codec->encode(at::zeros({1, 3, 16, 16})).sizes(), at::IntArrayRef({1, 8, 8}));
}

TEST(LoadPipeline, TheCardsHashesAreChecked) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  const fs::path file = folder / "transformer/model.safetensors";
  std::string bytes = read_file(file);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  write_file_atomically(file, bytes);
  expect_error(ErrorCode::kCorruptFile, "transformer/model.safetensors: damaged", [&] {
    load_pipeline(folder.path(), at::kCPU);
  });
}

TEST(LoadPipeline, EveryMissingFileIsNamed) {
  for (const char* file : {"vqvae/config.json",
                           "vqvae/model.safetensors",
                           "transformer/config.json",
                           "transformer/model.safetensors",
                           "text_encoder/config.json",
                           "text_encoder/model.safetensors",
                           "scheduler/config.json",
                           "tokenizer/tokens.tsv"}) {
    const Damaged model;
    fs::remove(model / file);
    model.expect(ErrorCode::kNotFound, file);
  }
  const Damaged model;
  fs::remove_all(model / "scheduler");
  model.expect(ErrorCode::kNotFound, "scheduler: this part of the model is missing");
}

TEST(LoadPipeline, EveryDamagedFileIsNamed) {
  for (const char* file : {"vqvae/config.json",
                           "vqvae/model.safetensors",
                           "transformer/config.json",
                           "transformer/model.safetensors",
                           "text_encoder/config.json",
                           "text_encoder/model.safetensors",
                           "scheduler/config.json",
                           "tokenizer/tokens.tsv"}) {
    const Damaged model;
    const std::string bytes = read_file(model / file);
    fs::resize_file(model / file, bytes.size() / 2);
    model.expect(ErrorCode::kCorruptFile, file);
  }
}

TEST(LoadPipeline, PartsThatDoNotFitAreNamed) {
  {
    const Damaged model;
    model.set("vqvae/config.json", "codebook_size", 32);
    model.expect(ErrorCode::kCorruptFile, "vqvae/model.safetensors");
  }
  {
    const Damaged model;
    model.set("transformer/config.json", "codes", 32);
    model.expect(ErrorCode::kCorruptFile, "made for 32 codes on 8x8, the codec has 16 on 8x8");
  }
  {
    const Damaged model;
    model.set("transformer/config.json", "condition_length", 9);
    model.expect(ErrorCode::kCorruptFile, "text of 9 tokens");
  }
  {
    const Damaged model;
    model.set("text_encoder/config.json", "vocabulary", 99);
    model.expect(ErrorCode::kCorruptFile, "made for 99 pieces, the tokenizer has 16");
  }
  {
    const Damaged model;
    model.set("scheduler/config.json", "steps", 20);
    model.expect(ErrorCode::kCorruptFile, "has 20 steps, the transformer 10");
  }
  {
    const Damaged model;
    model.set("scheduler/config.json", "kind", "sideways");
    model.expect(ErrorCode::kCorruptFile, "sideways");
  }
  {
    const Damaged model;
    model.set("transformer/config.json", "widht", 16);
    model.expect(ErrorCode::kCorruptFile, "widht");
  }
  {
    const Damaged model;
    model.set("vqvae/config.json", "base_channels", -4);
    model.expect(ErrorCode::kCorruptFile, "base_channels");
  }
}

TEST(LoadPipeline, ACardWithoutAPartIsToldApart) {
  const Damaged model;
  model.set("model_index.json", "parts", {"transformer", "vqvae"});
  model.expect(ErrorCode::kCorruptFile, "the model's card lists no \"text_encoder\" part");
}

}  // namespace
}  // namespace tessera::pipeline
