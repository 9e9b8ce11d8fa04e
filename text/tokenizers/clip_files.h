#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tessera::text {

/// What transformers' CLIPTokenizer reads, as texts.
struct HuggingFaceClipFiles {
  std::string vocabulary{};      // vocab.json: symbol -> id
  std::string merges{};          // merges.txt
  std::string special_tokens{};  // special_tokens_map.json
  std::string config{};          // tokenizer_config.json
};

/// Made of the first `size` pieces of OpenAI's text file of merges, gzip or plain
/// (docs/formats/clip-bpe.md). Throws kNotFound, kCorruptFile naming the line.
HuggingFaceClipFiles hugging_face_clip_files(const std::filesystem::path& openai_file,
                                             std::int64_t size);

}  // namespace tessera::text
