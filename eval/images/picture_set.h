#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/source.h"

namespace tessera::eval {

/// Pictures by number, read as they are asked for: no set is ever in memory as a whole.
class PictureSet {
 public:
  virtual ~PictureSet() = default;
  virtual std::int64_t size() const = 0;
  /// For messages: the file's path, or "picture 17 of NAME".
  virtual std::string name(std::int64_t index) const = 0;
  /// [H, W, 3] uint8 on the CPU. Called from several threads at once. Throws tessera::Error where
  /// this picture cannot be read; the others are not concerned.
  virtual at::Tensor load(std::int64_t index) const = 0;
  /// What was asked for, and a text that changes where the pictures do.
  virtual std::string title() const = 0;
  virtual std::string fingerprint() const = 0;
};

/// Reads a picture file as [H, W, 3] uint8; the worker's rooms have no decoder, so the programs
/// that have one lend it. Called from several threads at once.
using PictureDecoder = std::function<at::Tensor(const std::filesystem::path& file)>;

/// The picture files below `path`, a folder (searched to its depth, in the order of their paths),
/// or those that a text file names, one a line, relative to its folder. Names end in png, jpg,
/// jpeg, webp or bmp, whatever their case. Throws kNotFound, kInvalidArgument where there is none.
std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& path);

std::unique_ptr<const PictureSet> open_picture_files(const std::filesystem::path& path,
                                                     PictureDecoder decode);

/// Packed data (data/packed.h), or scenes drawn on the fly: each sample's picture. A picture with
/// several captions comes once for each.
std::unique_ptr<const PictureSet> open_source_pictures(std::unique_ptr<const data::Source> source,
                                                       const std::string& title);

/// The first `count` pictures of a set; all of them where it has fewer or `count` is 0.
std::unique_ptr<const PictureSet> first_pictures(std::unique_ptr<const PictureSet> pictures,
                                                 std::int64_t count);

}  // namespace tessera::eval
