#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/progress.h"
#include "engine/image.h"

namespace tessera::engine {

/// Which samples are looked at: scenes drawn on the fly, or pictures of one's own.
struct DataChoice {
  std::filesystem::path path{};   // "" = emoji scenes; else a folder, a list or a pack
  std::filesystem::path model{};  // the world that this model's card names; "" = all of it
  std::int64_t resolution = 64;
  std::uint64_t seed = 0;
  std::string split = "train";
  std::vector<std::string> nouns{};
  std::vector<std::string> kinds{};
  std::int64_t first = 0;  // index of the first sample
  std::int64_t count = 36;
};

template <typename Visitor>
void visit_fields(Visitor& v, DataChoice& o) {
  v("resolution", o.resolution, "side of the pictures in pixels; scenes: 64 or 128");
  v("seed", o.seed, "scenes: data seed");
  v("split", o.split, "scenes: train, heldout, heldout:CLASS or all");
  v("nouns", o.nouns, "scenes: names of the nouns, parted by commas; left out: all");
  v("kinds", o.kinds, "scenes: kinds, parted by commas; left out: all");
  v("first", o.first, "index of the first sample");
  v("count", o.count, "samples");
}

/// The samples with their captions on one sheet.
Image preview_data(const DataChoice& choice, std::int32_t columns);

/// Writes NNNNNN.png with NNNNNN.txt beside it, and metadata.jsonl, into `folder`, which is new,
/// empty, or holds an unfinished export of the same samples: that is gone on with. No file is ever
/// written over (engine/export_folder.h). Returns how many samples there are.
std::int64_t export_data(const DataChoice& choice,
                         const std::filesystem::path& folder,
                         const ProgressSink& progress,
                         std::stop_token stop);

/// How pictures of one's own are packed (docs/formats/packed.md).
struct PackChoice {
  std::int64_t resolution = 64;
  std::string fit = "crop";
  std::filesystem::path images{};
  std::string image_column = "file_name";
  std::string caption_column{};
};

template <typename Visitor>
void visit_fields(Visitor& v, PackChoice& o) {
  v("resolution", o.resolution, "side of the square pictures in pixels");
  v("fit", o.fit, "how a picture fills the square: crop, pad or stretch");
  v("image_column", o.image_column, "JSONL and CSV: the picture's path");
  v("caption_column",
    o.caption_column,
    "JSONL and CSV: the caption; left out: text, caption or prompt");
}

struct PackSummary {
  std::int64_t images = 0;
  std::int64_t samples = 0;
  std::int64_t skipped = 0;
};
PackSummary pack_data(const std::filesystem::path& input,
                      const PackChoice& choice,
                      const std::filesystem::path& folder,
                      const ProgressSink& progress,
                      std::stop_token stop);

/// Packs pictures into the user's cache, or finds what was packed before: the same files with the
/// same times and sizes at the same resolution are packed once. Returns the pack's folder.
std::filesystem::path pack_into_cache(const std::filesystem::path& input,
                                      std::int64_t resolution,
                                      const ProgressSink& progress,
                                      std::stop_token stop);

}  // namespace tessera::engine
