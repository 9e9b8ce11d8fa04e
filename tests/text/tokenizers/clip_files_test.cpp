#include "text/tokenizers/clip_files.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "io/sha256.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "text/tokenizers/clip_bpe.h"

namespace tessera::text {
namespace {

constexpr const char* kOpenAi = TESSERA_SOURCE_DIR "/models/clip-bpe/bpe_simple_vocab_16e6.txt.gz";

TEST(ClipFiles, AreThoseThatArePublishedWithCLIP) {
  const HuggingFaceClipFiles files = hugging_face_clip_files(kOpenAi, 49408);
  // Of the files beside a pipeline that diffusers saved.
  EXPECT_EQ(io::sha256(files.vocabulary),
            "5047b556ce86ccaf6aa22b3ffccfc52d391ea4accdab9c2f2407da5b742d4363");
  EXPECT_EQ(io::sha256(files.merges),
            "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a");
  const auto special = nlohmann::json::parse(files.special_tokens);
  EXPECT_EQ(special["eos_token"]["content"], "<|endoftext|>");
  EXPECT_EQ(special["pad_token"], "!");
  const auto config = nlohmann::json::parse(files.config);
  EXPECT_EQ(config["tokenizer_class"], "CLIPTokenizer");
  EXPECT_EQ(config["model_max_length"], 77);
  EXPECT_EQ(config["bos_token"]["__type"], "AddedToken");
}

TEST(ClipFiles, ASmallVocabularyTokenizesAsTheCutOne) {
  const test::TemporaryFolder folder;
  const HuggingFaceClipFiles files = hugging_face_clip_files(kOpenAi, 600);
  folder.write("vocab.json", files.vocabulary);
  folder.write("merges.txt", files.merges);
  const auto written = load_clip_tokenizer(folder.path());
  const auto cut = load_clip_tokenizer(kOpenAi, {.vocabulary = 600});
  EXPECT_EQ(written->vocabulary_size(), 600);
  const std::vector<std::string> prompts{"the thing in there", "café 12 — 熊!"};
  EXPECT_EQ(written->encode(prompts, 77).ids, cut->encode(prompts, 77).ids);
  test::expect_error(
      ErrorCode::kInvalidArgument, "at least 514", [] { hugging_face_clip_files(kOpenAi, 513); });
}

}  // namespace
}  // namespace tessera::text
