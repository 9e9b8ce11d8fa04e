// Published models in other layouts: every tensor is the same bit for bit, and so is every code
// that is drawn.

#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "io/json_fields.h"
#include "pipeline/convert_model.h"
#include "pipeline/pipeline.h"
#include "pipeline/published/published_model.h"
#include "tests/io/torch_bytes.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden_folder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"
#include "vqvae/quantizer.h"

namespace tessera::pipeline {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::golden_folder;
using test::TemporaryFolder;

ConvertOptions to_layout(ModelLayout layout, LoadOptions reading = {}) {
  return {.layout = layout,
          .reading = std::move(reading),
          .clip_tokenizer = [](ModelLayout /*wanted*/, std::int64_t vocabulary) {
            return TokenizerFiles{{"vocabulary", std::to_string(vocabulary)}};
          }};
}

void expect_same_tensors(const io::StateDict& a, const io::StateDict& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, value] : a.tensors) {
    ASSERT_EQ(b.tensors.count(name), 1u) << name;
    EXPECT_TRUE(at::equal(value, b.tensors.at(name))) << name;
  }
}

/// The same of two codecs, but that one of them may have lost all that is not needed to draw.
void expect_same_decoder(vqvae::VqVaeImpl& a, vqvae::VqVaeImpl& b) {
  const auto decoder = [](const vqvae::VqVaeImpl& codec) {
    io::StateDict state = io::state_of(codec);
    std::erase_if(state.tensors, [](const auto& item) {
      return item.first.starts_with("quantizer.") && item.first != "quantizer.embedding" &&
             item.first != "quantizer.embed";
    });
    return state;
  };
  expect_same_tensors(decoder(a), decoder(b));
}

void expect_same_model(const PublishedModel& a, const PublishedModel& b) {
  EXPECT_EQ(io::to_json_fields(a.transformer), io::to_json_fields(b.transformer));
  EXPECT_EQ(io::to_json_fields(a.chain), io::to_json_fields(b.chain));
  expect_same_tensors(io::state_of(*a.parts.denoiser), io::state_of(*b.parts.denoiser));
  expect_same_decoder(*a.parts.codec, *b.parts.codec);
  ASSERT_EQ(a.clip.has_value(), b.clip.has_value());
  if (!a.clip) return;
  EXPECT_EQ(io::to_json_fields(*a.clip), io::to_json_fields(*b.clip));
  expect_same_tensors(io::state_of(*a.parts.text_encoder), io::state_of(*b.parts.text_encoder));
}

/// Prompts that every model reads: ids of its own text, a class, or nothing.
text::Tokens prompts(const PipelineFacts& facts, std::int32_t id) {
  text::Tokens tokens{.length = facts.text_length};
  for (const std::int32_t row : {id, id + 1}) {
    for (std::int64_t i = 0; i < facts.text_length; ++i) {
      tokens.ids.push_back(i < 5 ? row + static_cast<std::int32_t>(i) * 3 : 0);
    }
    if (facts.condition == ConditionKind::kClass) tokens.ids.back() = row;
    tokens.lengths.push_back(5);
  }
  return tokens;
}

Sampled drawn(const fs::path& model, const LoadOptions& options = {}) {
  const auto pipeline = load_pipeline(model, at::kCPU, options);
  const bool asked = pipeline->facts().condition != ConditionKind::kNone;
  const SampleOptions sampling = pipeline->resolve(
      {.steps = 7, .sampler = "ancestral", .guidance = asked ? 2.0 : 1.0, .truncation = "0.9"});
  const std::vector<std::uint64_t> seeds{3, 4};
  return pipeline->sample(prompts(pipeline->facts(), 2),
                          prompts(pipeline->facts(), 7),
                          sampling,
                          {},
                          {.rng = nn::Rng::of_seeds(seeds)},
                          {},
                          {});
}

void expect_same_drawings(const Sampled& a, const Sampled& b) {
  EXPECT_TRUE(at::equal(a.codes, b.codes));
  EXPECT_TRUE(at::equal(a.images, b.images));
  EXPECT_FALSE(at::equal(a.codes[0], a.codes[1])) << "two prompts, two pictures";
}

TEST(ConvertPublished, FromDiffusersToOursAndBack) {
  const TemporaryFolder folder;
  const fs::path published = golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny";
  convert_model(published, folder / "ours", to_layout(ModelLayout::kTessera));
  convert_model(folder / "ours", folder / "again", to_layout(ModelLayout::kDiffusers));
  EXPECT_EQ(layout_of(folder / "ours"), ModelLayout::kTessera);
  EXPECT_EQ(layout_of(folder / "again"), ModelLayout::kDiffusers);

  const PublishedModel before = load_model(published, {});
  expect_same_model(before, load_model(folder / "ours", {}));
  expect_same_model(before, load_model(folder / "again", {}));
  const Sampled pictures = drawn(published);
  expect_same_drawings(pictures, drawn(folder / "ours"));
  expect_same_drawings(pictures, drawn(folder / "again"));

  const ModelCard card = read_model_card(folder / "ours");
  EXPECT_EQ(io::to_json_fields(card.sampling), io::to_json_fields(before.card.sampling));
  EXPECT_TRUE(card.has_part(kTokenizerPart));
  EXPECT_NO_THROW(check_model_files(folder / "ours", card));
  EXPECT_FALSE(fs::exists(folder / "ours.unfinished"));
}

/// Published names, of the folder that lies farther back too.
TEST(ConvertPublished, DiffusersNamesAndKeysAreThoseOfTheOldPublication) {
  const TemporaryFolder folder;
  const fs::path old = golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny-bin";
  const fs::path made = folder / "new";
  convert_model(old, made, to_layout(ModelLayout::kDiffusers));
  for (const char* file : {"transformer/config.json",
                           "vqvae/config.json",
                           "text_encoder/config.json",
                           "scheduler/scheduler_config.json",
                           "learned_classifier_free_sampling_embeddings/config.json",
                           "model_index.json"}) {
    const io::Json written = io::read_json(made / file);
    const io::Json published = io::read_json(old / file);
    for (const auto& [key, value] : published.items()) {
      if (key == "_diffusers_version" || key == "sample_size" || key.ends_with("token_id") ||
          key == "transformers_version") {
        continue;  // says who wrote it, or nothing
      }
      ASSERT_TRUE(written.contains(key)) << file << " " << key;
      EXPECT_EQ(written[key], value) << file << " " << key;
    }
  }
  EXPECT_EQ(io::read_json(made / "transformer/config.json")["norm_type"], "ada_norm");
  const io::StateDict codec =
      io::read_state_dict(made / "vqvae/diffusion_pytorch_model.safetensors");
  const io::StateDict before = io::read_state_dict(old / "vqvae/diffusion_pytorch_model.bin");
  expect_same_tensors(before, codec);
  EXPECT_EQ(codec.metadata.at("format"), "pt");
  const io::StateDict tower = io::read_state_dict(made / "text_encoder/model.safetensors");
  EXPECT_EQ(tower.tensors.count("text_model.final_layer_norm.weight"), 1u);
}

/// A map that uses the first `used` of `full` codes, as the original's tables are saved.
void write_index_map(const fs::path& file, std::int64_t full, std::int64_t used) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(full), 0);
  for (std::int64_t i = 0; i < used; ++i) ids[static_cast<std::size_t>(i)] = i;
  const std::string data(reinterpret_cast<const char*>(ids.data()), ids.size() * 8);
  const std::string pickle = io::test::pickle_of(io::test::tensor(
      io::test::storage("LongStorage", "0", full), {.sizes = {full}, .strides = {1}}));
  std::ofstream(file, std::ios::binary) << io::test::torch_file(pickle, {data});
}

TEST(ConvertPublished, EveryCheckpointOfTheOriginalCodeDrawsTheSameFromOurFolder) {
  const fs::path all = golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny";
  int converted = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(all)) {
    const fs::path checkpoint = entry.path() / "checkpoint.pth";
    if (!fs::exists(checkpoint) || entry.path().filename() == "text-gumbel-learnable") {
      continue;  // that one has no text tower
    }
    SCOPED_TRACE(checkpoint.string());
    const TemporaryFolder folder;
    LoadOptions reading;
    if (entry.path().filename() == "unconditional") {
      // It has no codec of its own.
      reading.codec = all / "class-vq" / "codec_standalone.pth";
      reading.index_map = folder / "map.pt";
      write_index_map(reading.index_map, 50, 23);
    }
    convert_model(checkpoint, folder / "ours", to_layout(ModelLayout::kTessera, reading));
    expect_same_model(load_model(checkpoint, reading), load_model(folder / "ours", {}));
    expect_same_drawings(drawn(checkpoint, reading), drawn(folder / "ours"));
    LoadOptions raw = reading;
    raw.averaged = false;
    convert_model(checkpoint, folder / "raw", to_layout(ModelLayout::kTessera, raw));
    expect_same_model(load_model(checkpoint, raw), load_model(folder / "raw", {}));
    ++converted;
  }
  EXPECT_GE(converted, 2);
}

TEST(ConvertPublished, ATypeOfTwoBytesIsTheLoadedModelRounded) {
  const TemporaryFolder folder;
  const fs::path published = golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny";
  ConvertOptions options = to_layout(ModelLayout::kDiffusers, {.type = at::kHalf});
  convert_model(published, folder / "half", options);
  const char* file = "transformer/diffusion_pytorch_model.safetensors";
  const io::StateDict half = io::read_state_dict(folder / "half" / file);
  for (const auto& [name, value] : io::read_state_dict(published / file).tensors) {
    EXPECT_TRUE(at::equal(half.tensors.at(name), value.to(at::kHalf))) << name;
  }
  EXPECT_EQ(io::read_json(folder / "half" / "text_encoder" / "config.json")["torch_dtype"],
            "float16");
}

TEST(ConvertPublished, WithoutALearnedNullTheEmbeddingsAreSwitchedOff) {
  const TemporaryFolder folder;
  const auto link = [&](const fs::path& part) {
    fs::create_directory_symlink(
        fs::absolute(golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny" / part),
        folder / "zero" / part);
  };
  fs::create_directories(folder / "zero");
  for (const char* part : {"transformer", "vqvae", "text_encoder", "scheduler"}) link(part);
  fs::copy_file(golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny" / "model_index.json",
                folder / "zero" / "model_index.json");
  convert_model(folder / "zero", folder / "again", to_layout(ModelLayout::kDiffusers));
  const fs::path part = folder / "again" / "learned_classifier_free_sampling_embeddings";
  const io::Json config = io::read_json(part / "config.json");
  EXPECT_EQ(config["learnable"], false);
  EXPECT_TRUE(config["length"].is_null());
  const io::StateDict none = io::read_state_dict(part / "diffusion_pytorch_model.safetensors");
  EXPECT_EQ(none.tensors.at("embeddings").numel(), 0) << "an empty parameter, as in its module";
  EXPECT_FALSE(load_model(folder / "again", {}).transformer.learned_null);
}

TEST(ConvertPublished, WhatALayoutCannotHoldIsSaidAndNothingIsLeft) {
  const TemporaryFolder folder;
  const auto refused = [&](const fs::path& from, const std::string& part) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] {
      convert_model(from, folder / "to", to_layout(ModelLayout::kDiffusers));
    });
    EXPECT_FALSE(fs::exists(folder / "to"));
    EXPECT_FALSE(fs::exists(folder / "to.unfinished"));
  };
  refused(golden_folder(TESSERA_SOURCE_DIR) / "microsoft-tiny" / "class-vq" / "checkpoint.pth",
          "models of a text alone");
  test::write_tiny_model(folder / "tiny");
  refused(folder / "tiny", "own text encoder");
  expect_error(ErrorCode::kInvalidArgument, "not written", [&] {
    convert_model(golden_folder(TESSERA_SOURCE_DIR) / "diffusers-tiny",
                  folder / "to",
                  to_layout(ModelLayout::kMicrosoft));
  });
}

}  // namespace
}  // namespace tessera::pipeline
