#include "pipeline/published/inspect.h"

#include <algorithm>
#include <functional>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/state_dict.h"
#include "pipeline/model_card.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden_folder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera::pipeline {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::golden_folder;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kWeights = "diffusion_pytorch_model.safetensors";

const PartFacts& part_of(const PublishedFacts& facts, const std::string& name) {
  const auto found = std::find_if(
      facts.parts.begin(), facts.parts.end(), [&](const auto& each) { return each.name == name; });
  if (found == facts.parts.end()) throw std::runtime_error("no part " + name);
  return *found;
}

/// A copy of the recorded diffusers model that a test may damage.
class Inspect : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(
        golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny", model_, fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(model_)) {
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
    }
  }
  void change(const char* part, const std::function<void(io::StateDict&)>& how) const {
    io::StateDict state = io::read_state_dict(model_ / part / kWeights);
    how(state);
    io::write_safetensors(model_ / part / kWeights, state);
  }
  const TemporaryFolder folder_{};
  const fs::path model_ = folder_ / "model";
};

TEST_F(Inspect, AWholeFolderLoads) {
  const PublishedFacts facts = inspect_published(model_);
  EXPECT_EQ(facts.layout, ModelLayout::kDiffusers);
  EXPECT_TRUE(facts.loads());
  EXPECT_TRUE(facts.learned_null);
  EXPECT_FALSE(facts.last_epoch.has_value());
  EXPECT_EQ(facts.sampling.guidance, 5.0);
  ASSERT_EQ(facts.parts.size(), 4u);

  const PartFacts& denoiser = part_of(facts, kTransformerPart);
  ASSERT_EQ(denoiser.files.size(), 2u) << "weights and null embedding";
  // Counted in the files themselves: nothing in them is left over.
  std::int64_t tensors = 0;
  std::int64_t values = 0;
  for (const fs::path& file : denoiser.files) {
    for (const auto& [name, tensor] : io::read_state_dict(file).tensors) {
      ++tensors;
      values += tensor.numel();
    }
  }
  EXPECT_EQ(denoiser.tensors, tensors);
  EXPECT_EQ(denoiser.values, values);
  EXPECT_EQ(denoiser.bytes, static_cast<std::uintmax_t>(values) * 4);
  EXPECT_EQ(denoiser.types, "Float");
  EXPECT_EQ(denoiser.options["codes"], 64);
  EXPECT_EQ(part_of(facts, kSchedulerPart).options["steps"], denoiser.options["steps"]);
}

TEST_F(Inspect, WhatWouldNotLoadIsListedByItsPublishedName) {
  change("transformer", [](io::StateDict& state) {
    state.tensors.erase("norm_out.weight");
    state.tensors["more"] = at::zeros({2});
    state.tensors["out.bias"] = at::zeros({5});
  });
  const PublishedFacts facts = inspect_published(model_);
  EXPECT_FALSE(facts.loads());
  const Misfits& misfits = part_of(facts, kTransformerPart).misfits;
  EXPECT_THAT(misfits.missing, ElementsAre("norm_out.weight"));
  EXPECT_THAT(misfits.unexpected, ElementsAre("more"));
  EXPECT_THAT(misfits.misshaped, ElementsAre(HasSubstr("out.bias [5]")));
  EXPECT_TRUE(part_of(facts, kVqVaePart).loads());
}

TEST_F(Inspect, APartThatCannotBeOpenedDoesNotHideTheOthers) {
  fs::resize_file(model_ / "vqvae" / kWeights, 1000);
  fs::remove(model_ / "text_encoder" / "config.json");
  const PublishedFacts facts = inspect_published(model_);
  EXPECT_FALSE(facts.loads());
  EXPECT_THAT(part_of(facts, kVqVaePart).problem, HasSubstr(kWeights));
  EXPECT_THAT(part_of(facts, kTextEncoderPart).problem, HasSubstr("config.json"));
  EXPECT_TRUE(part_of(facts, kTransformerPart).loads());
  fs::remove_all(model_ / "transformer");
  EXPECT_THAT(part_of(inspect_published(model_), kTransformerPart).problem, HasSubstr("missing"));
}

TEST_F(Inspect, PartsThatDoNotBelongTogetherAreTold) {
  io::Json config = io::read_json(model_ / "scheduler" / "scheduler_config.json");
  config["num_train_timesteps"] = 50;
  io::write_json(model_ / "scheduler" / "scheduler_config.json", config);
  const PublishedFacts facts = inspect_published(model_);
  EXPECT_THAT(part_of(facts, kSchedulerPart).problem, HasSubstr("has 50 steps"));
  EXPECT_TRUE(part_of(facts, kTransformerPart).loads());
}

TEST(InspectCheckpoint, TellsItsCountersAndItsAverage) {
  const fs::path classes =
      golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny" / "class-vq" / "checkpoint.pth";
  const PublishedFacts facts = inspect_published(classes);
  EXPECT_EQ(facts.layout, ModelLayout::kMicrosoft);
  EXPECT_TRUE(facts.loads()) << part_of(facts, kVqVaePart).problem;
  EXPECT_TRUE(facts.has_average);
  EXPECT_TRUE(facts.last_epoch.has_value());
  EXPECT_TRUE(facts.last_iteration.has_value());
  EXPECT_EQ(facts.parts.size(), 3u) << "no text encoder";
  EXPECT_EQ(part_of(facts, kTransformerPart).options["condition"], "class");
  EXPECT_EQ(part_of(facts, kVqVaePart).files.front().filename(), "codec_standalone.pth");

  const PublishedFacts alone = inspect_published(
      golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny" / "unconditional" / "checkpoint.pth");
  EXPECT_FALSE(alone.has_average);
  EXPECT_THAT(part_of(alone, kVqVaePart).problem, HasSubstr("holds no image codec"));
  EXPECT_THAT(part_of(alone, kVqVaePart).files, IsEmpty());
  EXPECT_FALSE(alone.loads());
}

TEST(InspectCheckpoint, OurOwnFoldersAreNotItsBusiness) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path());
  expect_error(
      ErrorCode::kInvalidArgument, "Tessera's own", [&] { inspect_published(folder.path()); });
}

}  // namespace
}  // namespace tessera::pipeline
