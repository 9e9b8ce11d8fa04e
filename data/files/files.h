#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/files/problems.h"
#include "io/image/rgb_image.h"

namespace tessera::data {

/// How a folder or list of pictures is read.
struct FilesOptions {
  std::int64_t resolution = 64;
  std::string fit = "crop";
  std::string images{};
  std::string image_column = "file_name";
  std::string caption_column{};
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, FilesOptions& o) {
  v("resolution", o.resolution, "side of the square pictures in pixels");
  v("fit", o.fit, "how a picture fills the square: crop, pad or stretch");
  v("images", o.images, "folder of the pictures that a list names; empty = the list's own");
  v("image_column", o.image_column, "JSONL and CSV: the picture's path");
  v("caption_column",
    o.caption_column,
    "JSONL and CSV: the caption; empty = text, caption or prompt");
}

/// One picture and what it shows; not decoded yet.
struct FileSample {
  std::filesystem::path image{};
  std::vector<std::string> captions{};  // UTF-8, one line each, at least one
};

/// Pictures of your own, found but not decoded. A bad entry is in `problems` instead of `samples`.
struct FileSet {
  FilesOptions options{};
  std::vector<FileSample> samples{};
  Problems problems{};

  /// Decoded and brought to `resolution`. Throws kNotFound, kIo or kCorruptFile naming the file.
  io::RgbImage load(std::size_t sample) const;
};

/// What `path` is decides how it is read:
///   a folder with metadata.jsonl or metadata.csv   that list
///   any other folder      every NAME.{png,jpg,jpeg,webp,bmp} in it and below, with NAME.txt or
///                         NAME.caption beside it; each of its lines is a caption
///   FILE.jsonl, FILE.csv  one entry a line: path of the picture, caption
///   FILE.json             COCO captions: "images" joined with "annotations"
/// Paths in a list are relative to its folder and may not leave it. The order is that of the list,
/// or by name. Throws kNotFound, kCorruptFile (a list that cannot be read at all), or
/// kInvalidArgument where nothing usable is found.
FileSet open_files(const std::filesystem::path& path, const FilesOptions& options);

}  // namespace tessera::data
