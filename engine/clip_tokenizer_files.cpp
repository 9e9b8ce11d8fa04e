#include "engine/clip_tokenizer_files.h"

#include "core/atomic_file.h"
#include "jobs/shipped_file.h"
#include "text/tokenizers/clip_bpe.h"
#include "text/tokenizers/clip_files.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

using pipeline::ModelLayout;
using pipeline::TokenizerFiles;

constexpr const char* kOpenAiFile = "bpe_simple_vocab_16e6.txt.gz";
constexpr const char* kVocabulary = "vocab.json";
constexpr const char* kMerges = "merges.txt";

TokenizerFiles with_configs(TokenizerFiles files, const text::HuggingFaceClipFiles& made) {
  files.try_emplace("special_tokens_map.json", made.special_tokens);
  files.try_emplace("tokenizer_config.json", made.config);
  return files;
}

TokenizerFiles files_of(const fs::path& folder, ModelLayout layout, std::int64_t vocabulary) {
  const std::int64_t whole = text::ClipTokenizerOptions{}.vocabulary;
  fs::path openai = folder / kOpenAiFile;
  if (!fs::exists(openai)) openai = jobs::shipped_file(fs::path("models/clip-bpe") / kOpenAiFile);
  TokenizerFiles files;
  if (fs::exists(folder / kVocabulary)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      files[entry.path().filename().string()] = read_file(entry.path());
    }
    if (layout == ModelLayout::kTessera) return files;
    return with_configs(std::move(files), text::hugging_face_clip_files(openai, whole));
  }
  if (layout == ModelLayout::kTessera && vocabulary == whole) {
    files[kOpenAiFile] = read_file(openai);
    const fs::path license = openai.parent_path() / "LICENSE";
    if (fs::exists(license)) files["LICENSE"] = read_file(license);
    return files;
  }
  const text::HuggingFaceClipFiles made = text::hugging_face_clip_files(openai, vocabulary);
  files = {{kVocabulary, made.vocabulary}, {kMerges, made.merges}};
  return layout == ModelLayout::kTessera ? files : with_configs(std::move(files), made);
}

}  // namespace

pipeline::ClipTokenizerSource clip_tokenizer_of(const fs::path& model) {
  const fs::path folder = model / pipeline::kTokenizerPart;
  return [folder](ModelLayout layout, std::int64_t vocabulary) {
    return files_of(folder, layout, vocabulary);
  };
}

}  // namespace tessera::engine
