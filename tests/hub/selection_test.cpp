#include "hub/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> selected(const std::vector<std::string>& paths,
                                  const std::string& variant = "") {
  std::vector<RepositoryFile> files;
  for (const std::string& path : paths) files.push_back({.path = path, .bytes = 1});
  std::vector<std::string> names;
  for (const RepositoryFile& file : select_files(files, variant, "org/model")) {
    names.push_back(file.path);
  }
  return names;
}

/// The files of the published ITHQ model: plain weights only pickled, safetensors only in fp16.
const std::vector<std::string> kIthq = {
    ".gitattributes",
    "README.md",
    "learned_classifier_free_sampling_embeddings/config.json",
    "learned_classifier_free_sampling_embeddings/diffusion_pytorch_model.bin",
    "learned_classifier_free_sampling_embeddings/diffusion_pytorch_model.fp16.bin",
    "learned_classifier_free_sampling_embeddings/diffusion_pytorch_model.fp16.safetensors",
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.fp16.safetensors",
    "text_encoder/pytorch_model.bin",
    "text_encoder/pytorch_model.fp16.bin",
    "tokenizer/merges.txt",
    "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
    "transformer/config.json",
    "transformer/diffusion_pytorch_model.bin",
    "vqvae/config.json",
    "vqvae/diffusion_pytorch_model.bin",
    "vqvae/diffusion_pytorch_model.fp16.bin",
    "vqvae/diffusion_pytorch_model.fp16.safetensors",
};

TEST(Selection, PlainWeightsOfThePublishedModel) {
  EXPECT_THAT(selected(kIthq),
              ElementsAre("learned_classifier_free_sampling_embeddings/config.json",
                          "learned_classifier_free_sampling_embeddings/diffusion_pytorch_model.bin",
                          "model_index.json",
                          "scheduler/scheduler_config.json",
                          "text_encoder/config.json",
                          "text_encoder/pytorch_model.bin",
                          "tokenizer/merges.txt",
                          "tokenizer/special_tokens_map.json",
                          "tokenizer/tokenizer_config.json",
                          "tokenizer/vocab.json",
                          "transformer/config.json",
                          "transformer/diffusion_pytorch_model.bin",
                          "vqvae/config.json",
                          "vqvae/diffusion_pytorch_model.bin"));
}

TEST(Selection, AVariantIsTakenWhereThereIsOneThePlainWeightsElsewhere) {
  std::vector<std::string> weights;
  for (const std::string& path : selected(kIthq, "fp16")) {
    if (path.find("model.") != std::string::npos) weights.push_back(path);
  }
  EXPECT_THAT(
      weights,
      ElementsAre(
          "learned_classifier_free_sampling_embeddings/diffusion_pytorch_model.fp16.safetensors",
          "text_encoder/model.fp16.safetensors",
          "transformer/diffusion_pytorch_model.bin",
          "vqvae/diffusion_pytorch_model.fp16.safetensors"));
}

TEST(Selection, SafetensorsBeforeTheRest) {
  EXPECT_THAT(selected({"a/m.bin", "a/n.safetensors", "b/m.bin", "b/m.ckpt", "c/m.pth", "d/m.h5"}),
              ElementsAre("a/n.safetensors", "b/m.bin", "c/m.pth"));
}

TEST(Selection, ShardsAreTakenTogether) {
  EXPECT_THAT(selected({"a/m-00001-of-00002.safetensors",
                        "a/m-00002-of-00002.safetensors",
                        "a/m.fp16-00001-of-00001.safetensors",
                        "a/m.safetensors.index.json"}),
              ElementsAre("a/m-00001-of-00002.safetensors",
                          "a/m-00002-of-00002.safetensors",
                          "a/m.safetensors.index.json"));
  EXPECT_THAT(
      selected({"a/m-00001-of-00002.fp16.bin", "a/m-00002-of-00002.fp16.bin", "a/m.bin"}, "fp16"),
      ElementsAre("a/m-00001-of-00002.fp16.bin", "a/m-00002-of-00002.fp16.bin"));
}

TEST(Selection, OtherProgramsSingleFilesBesideAModelIndexStay) {
  EXPECT_THAT(selected({"model_index.json", "all.ckpt", "vqvae/m.bin"}),
              ElementsAre("model_index.json", "vqvae/m.bin"));
  EXPECT_THAT(selected({"README.md", "ithq_learnable.pth"}), ElementsAre("ithq_learnable.pth"));
}

TEST(Selection, TesserasOwnModelsAreWhole) {
  EXPECT_THAT(selected({"model_index.json",
                        "tokenizer/tokenizer.model",
                        "tokenizer/tokens.tsv",
                        "vqvae/config.json",
                        "vqvae/model.safetensors"})
                  .size(),
              5u);
}

TEST(Selection, AFolderWithOneVariantGivesIt) {
  EXPECT_THAT(selected({"a/m.fp16.bin", "b/m.bin", "b/m.fp16.bin"}),
              UnorderedElementsAre("a/m.fp16.bin", "b/m.bin"));
}

TEST(Selection, AnUnknownVariantNamesTheKnown) {
  test::expect_error(ErrorCode::kNotFound,
                     "org/model: no weights of the variant \"bf16\"; variants: fp16",
                     [] { selected(kIthq, "bf16"); });
  test::expect_error(ErrorCode::kNotFound, "variants: none", [] { selected({"a/m.bin"}, "fp16"); });
}

}  // namespace
}  // namespace tessera::hub
