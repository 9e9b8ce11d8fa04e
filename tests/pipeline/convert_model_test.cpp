#include "pipeline/convert_model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/pipeline.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"
#include "vqvae/deeper_decoder.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;
using test::TemporaryFolder;
namespace fs = std::filesystem;

const ConvertOptions kHalves{.reading = {.type = at::kBFloat16}};

TEST(ConvertModel, HalvesTheWeightsAndStillLoads) {
  const TemporaryFolder folder;
  const fs::path from = folder.path() / "from";
  const fs::path to = folder.path() / "to";
  test::write_tiny_model(from);
  convert_model(from, to, kHalves);

  const fs::path weights = fs::path("transformer") / "model.safetensors";
  const io::StateDict before = io::read_state_dict(from / weights);
  const io::StateDict after = io::read_state_dict(to / weights);
  ASSERT_EQ(before.tensors.size(), after.tensors.size());
  for (const auto& [name, value] : before.tensors) {
    const at::Tensor& stored = after.tensors.at(name);
    if (!value.is_floating_point()) continue;
    EXPECT_EQ(stored.scalar_type(), at::kBFloat16) << name;
    // bfloat16 keeps 8 significant bits: half a unit in the last place is 2^-9.
    EXPECT_TRUE(at::allclose(stored.to(value.scalar_type()), value, 0x1p-8, 1e-30)) << name;
  }
  EXPECT_LT(fs::file_size(to / weights), fs::file_size(from / weights));
  EXPECT_NO_THROW(check_model_files(to, read_model_card(to)));
  EXPECT_NO_THROW(load_pipeline(to, at::kCPU));
  const fs::path codec = fs::path("vqvae") / "model.safetensors";
  EXPECT_EQ(io::read_state_dict(from / codec).tensors.count("quantizer.embedding_avg"), 1u);
  EXPECT_EQ(io::read_state_dict(to / codec).tensors.count("quantizer.embedding_avg"), 0u);
  EXPECT_FALSE(fs::exists(folder.path() / "to.unfinished"));
}

TEST(ConvertModel, TakesTheDecoderOfACodecWithTheSameCodes) {
  const TemporaryFolder folder;
  const fs::path from = folder.path() / "from";
  const fs::path run = folder.path() / "run";
  const fs::path part = run / "model" / "vqvae";
  test::write_tiny_model(from);
  fs::create_directories(part);
  fs::copy_file(from / "vqvae" / "config.json", part / "config.json");
  io::StateDict codec = io::read_state_dict(from / "vqvae" / "model.safetensors");
  for (auto& [name, value] : codec.tensors) {
    // What is stored in bfloat16 there may be float32 here.
    value = name.starts_with("decoder.") ? value + 1 : value * (1 + 0x1p-9);
  }
  io::write_safetensors(part / "model.safetensors", codec);

  ConvertOptions options{.reading = {.type = at::kFloat}};
  options.decoder = run;
  convert_model(from, folder.path() / "to", options);
  const auto tensors = [&](const char* name) {
    return io::read_state_dict(folder.path() / name / "vqvae" / "model.safetensors").tensors;
  };
  const auto before = tensors("from");
  for (const auto& [name, value] : tensors("to")) {
    const at::Tensor wanted =
        name.starts_with("decoder.") ? codec.tensors.at(name) : before.at(name);
    EXPECT_TRUE(at::equal(value, wanted)) << name;
  }
  EXPECT_NO_THROW(load_pipeline(folder.path() / "to", at::kCPU));

  // A deeper decoder brings its depth with it, and all else of the options stays the model's.
  vqvae::VqVaeOptions deeper;
  io::from_json_fields(io::read_json(part / "config.json"), deeper, "config.json");
  ++deeper.decoder_blocks;
  deeper.commitment_weight = 7;
  const fs::path deep = folder.path() / "deep";
  fs::create_directories(deep);
  io::write_json(deep / "config.json", io::to_json_fields(deeper));
  vqvae::VqVae grown(deeper);
  grown->initialise(1);
  io::StateDict more = codec;
  vqvae::add_decoder_blocks(more.tensors, *grown);
  EXPECT_GT(more.tensors.size(), codec.tensors.size());
  io::write_safetensors(deep / "model.safetensors", more);
  options.decoder = deep;
  convert_model(from, folder.path() / "deeper", options);
  const auto loaded = load_pipeline(folder.path() / "deeper", at::kCPU);
  EXPECT_EQ(loaded->facts().codec.decoder_blocks, deeper.decoder_blocks);
  EXPECT_NE(loaded->facts().codec.commitment_weight, 7);
  options.decoder = run;

  for (auto& [name, value] : codec.tensors) {
    if (name.starts_with("encoder.")) value = value + 0.5;
  }
  io::write_safetensors(part / "model.safetensors", codec);
  expect_error(ErrorCode::kInvalidArgument, "where encoder and codebook are the same", [&] {
    convert_model(from, folder.path() / "other", options);
  });
  options.decoder = folder.path() / "nowhere";
  expect_error(ErrorCode::kNotFound,
               "nowhere: no vqvae there: neither it nor its vqvae or model/vqvae holds",
               [&] { convert_model(from, folder.path() / "other", options); });
  EXPECT_FALSE(fs::exists(folder.path() / "other"));
}

TEST(ConvertModel, RefusesUnknownWordsAndAFolderThatExists) {
  const TemporaryFolder folder;
  test::write_tiny_model(folder.path() / "from");
  expect_error(ErrorCode::kInvalidArgument, "fp32, bf16, fp16", [] { scalar_type("int3"); });
  expect_error(ErrorCode::kInvalidArgument, "ema or raw", [] { averaged_weights("mean"); });
  expect_error(ErrorCode::kInvalidArgument, "tessera or diffusers", [] { layout_named("pth"); });
  expect_error(ErrorCode::kInvalidArgument, "exists already", [&] {
    convert_model(folder.path() / "from", folder.path() / "from", kHalves);
  });
}

TEST(ConvertModel, ADamagedModelLeavesNothing) {
  const TemporaryFolder folder;
  const fs::path from = folder.path() / "from";
  test::write_tiny_model(from);
  fs::resize_file(from / "transformer" / "model.safetensors", 100);
  expect_error(ErrorCode::kCorruptFile, "transformer", [&] {
    convert_model(from, folder.path() / "to", kHalves);
  });
  EXPECT_FALSE(fs::exists(folder.path() / "to"));
  EXPECT_FALSE(fs::exists(folder.path() / "to.unfinished"));
}

}  // namespace
}  // namespace tessera::pipeline
