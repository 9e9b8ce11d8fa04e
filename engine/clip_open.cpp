#include "engine/clip_open.h"

#include <cstdlib>

#include "core/error.h"
#include "jobs/shipped_file.h"
#include "nn/device.h"
#include "text/tokenizers/clip_bpe.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOpenAiFile = "bpe_simple_vocab_16e6.txt.gz";

/// Files of the byte-pair tokenizer beside the weights, else the shipped ones.
fs::path byte_pairs(const fs::path& folder) {
  for (const fs::path& place : {folder, folder / "tokenizer"}) {
    if (fs::exists(place / "vocab.json") && fs::exists(place / "merges.txt")) return place;
    if (fs::exists(place / kOpenAiFile)) return place / kOpenAiFile;
  }
  return jobs::shipped_file(fs::path("models/clip-bpe") / kOpenAiFile);
}

}  // namespace

fs::path default_clip() {
  const char* named = std::getenv("TESSERA_CLIP");
  if (named != nullptr && *named != '\0') return named;
  try {
    return jobs::shipped_file("models/clip");
  } catch (const Error&) {
    TESSERA_THROW(kNotFound, "no CLIP is installed with this program; name one (--clip)");
  }
}

OpenClip open_clip(const fs::path& path, const std::string& device) {
  OpenClip out{
      .clip = eval::load_clip(path.empty() ? default_clip() : path, nn::resolve_device(device))};
  if (!out.clip.tokens.empty()) {
    out.tokenizer = text::load_table_tokenizer(out.clip.tokens);
  } else {
    out.tokenizer = text::load_clip_tokenizer(
        byte_pairs(out.clip.folder), {.vocabulary = out.clip.model->options().text.vocabulary});
  }
  return out;
}

}  // namespace tessera::engine
