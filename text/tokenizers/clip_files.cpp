#include "text/tokenizers/clip_files.h"

#include <nlohmann/json.hpp>

#include "text/tokenizers/clip_text.h"
#include "text/tokenizers/clip_vocabulary.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLength = 77;  // of every published CLIP
constexpr const char* kPadToken = "!";

Json special(std::u32string_view token) {
  return {{"content", utf8(token)},
          {"lstrip", false},
          {"normalized", true},
          {"rstrip", false},
          {"single_word", false}};
}

Json added_special(std::u32string_view token) {
  Json json = {{"__type", "AddedToken"}};
  json.update(special(token));
  return json;
}

std::string pretty(const Json& json) {
  return json.dump(2) + "\n";
}

}  // namespace

HuggingFaceClipFiles hugging_face_clip_files(const std::filesystem::path& openai_file,
                                             std::int64_t size) {
  const ClipSymbols symbols = read_openai_symbols(openai_file, size);
  std::int32_t id = 0;
  std::string vocabulary = "{";
  for (const std::string& symbol : symbols.names) {
    // A JSON object of so many keys in their order takes quadratic time to build.
    vocabulary += (id > 0 ? "," : "") + Json(symbol).dump() + ":" + std::to_string(id);
    ++id;
  }
  vocabulary += "}";
  std::string merges = "#version: 0.2\n";
  for (const ClipMerge& merge : symbols.merges) {
    merges += symbols.names[static_cast<std::size_t>(merge.left)] + " " +
              symbols.names[static_cast<std::size_t>(merge.right)] + "\n";
  }
  return {.vocabulary = std::move(vocabulary),
          .merges = std::move(merges),
          .special_tokens = pretty({{"bos_token", special(kClipStart)},
                                    {"eos_token", special(kClipEnd)},
                                    {"pad_token", kPadToken},
                                    {"unk_token", special(kClipEnd)}}),
          .config = pretty({{"add_prefix_space", false},
                            {"bos_token", added_special(kClipStart)},
                            {"do_lower_case", true},
                            {"eos_token", added_special(kClipEnd)},
                            {"errors", "replace"},
                            {"model_max_length", kLength},
                            {"name_or_path", "openai/clip-vit-base-patch32"},
                            {"pad_token", kPadToken},
                            {"tokenizer_class", "CLIPTokenizer"},
                            {"unk_token", added_special(kClipEnd)}})};
}

}  // namespace tessera::text
