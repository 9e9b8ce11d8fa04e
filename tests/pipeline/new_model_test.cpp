#include "pipeline/new_model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "pipeline/pipeline.h"
#include "pipeline/published/inspect.h"
#include "pipeline/published/published_model.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;
using test::TemporaryFolder;
namespace fs = std::filesystem;

NewModelOptions tiny(std::uint64_t seed = 0) {
  return {.config = "tiny",
          .seed = seed,
          .clip_tokenizer = [](ModelLayout /*layout*/, std::int64_t vocabulary) {
            return TokenizerFiles{{"vocabulary", std::to_string(vocabulary)}};
          }};
}

at::Tensor drawn(const fs::path& model) {
  const auto pipeline = load_pipeline(model, at::kCPU);
  text::Tokens prompt{.length = 77, .ids = std::vector<std::int32_t>(77, 0), .lengths = {4}};
  prompt.ids[0] = 49406;
  prompt.ids[1] = 320;
  prompt.ids[2] = prompt.ids[3] = 49407;
  const std::vector<std::uint64_t> seeds{3};
  return pipeline
      ->sample(prompt,
               prompt,
               pipeline->resolve({.guidance = 2.0}),
               {},
               {.rng = nn::Rng::of_seeds(seeds)},
               {},
               {})
      .images;
}

TEST(NewModel, ARandomModelDrawsAPicture) {
  const TemporaryFolder folder;
  write_random_model(folder / "ours", tiny());
  const at::Tensor picture = drawn(folder / "ours");
  EXPECT_EQ(picture.sizes(), (std::vector<std::int64_t>{1, 3, 8, 8}));
  EXPECT_TRUE(picture.isfinite().all().item<bool>());
  EXPECT_GT(picture.std().item<double>(), 1e-3) << "not one colour";
  EXPECT_NO_THROW(check_model_files(folder / "ours", read_model_card(folder / "ours")));

  NewModelOptions other = tiny();
  other.layout = ModelLayout::kDiffusers;
  write_random_model(folder / "theirs", other);
  EXPECT_TRUE(inspect_published(folder / "theirs").loads());
  EXPECT_TRUE(at::equal(drawn(folder / "theirs"), picture));
}

TEST(NewModel, TheSeedMakesTheWeights) {
  const TemporaryFolder folder;
  write_random_model(folder / "a", tiny(1));
  write_random_model(folder / "b", tiny(1));
  write_random_model(folder / "c", tiny(2));
  const std::string a = read_model_card(folder / "a").fingerprint();
  EXPECT_EQ(a, read_model_card(folder / "b").fingerprint());
  for (const char* part : {kTransformerPart, kVqVaePart, kTextEncoderPart}) {
    const std::string file = concat(part, "/model.safetensors");
    EXPECT_NE(read_model_card(folder / "a").hashes.at(file),
              read_model_card(folder / "c").hashes.at(file))
        << part;
  }
}

TEST(NewModel, WeightsAreSetEverywhereAndNormsBeginLevel) {
  const TemporaryFolder folder;
  NewModelOptions options = tiny();
  options.type = at::kBFloat16;
  write_random_model(folder / "m", options);
  for (const char* part : {kTransformerPart, kVqVaePart, kTextEncoderPart}) {
    const io::StateDict state = io::read_state_dict(folder / "m" / part / "model.safetensors");
    for (const auto& [name, value] : state.tensors) {
      EXPECT_EQ(value.scalar_type(), at::kBFloat16) << name;
      EXPECT_TRUE(value.isfinite().all().item<bool>()) << part << " " << name;
      EXPECT_LT(value.abs().max().item<double>(), 10.0) << part << " " << name;
      if (name.ends_with("norm.weight")) {
        EXPECT_TRUE(value.eq(1).all().item<bool>()) << name;
      }
      if (name.ends_with("qkv.weight")) {
        EXPECT_GT(value.to(at::kFloat).std().item<double>(), 0.05) << name;
      }
    }
  }
}

TEST(NewModel, RefusesUnknownNamesAndLayoutsThatCannotHoldAModel) {
  const TemporaryFolder folder;
  NewModelOptions options = tiny();
  options.config = "large";
  expect_error(
      ErrorCode::kNotFound, "known: ithq", [&] { write_random_model(folder / "m", options); });
  options.config = "ffhq";
  options.layout = ModelLayout::kDiffusers;
  options.type = at::kBFloat16;
  expect_error(ErrorCode::kInvalidArgument, "models of a text alone", [&] {
    write_random_model(folder / "m", options);
  });
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace tessera::pipeline
