#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "engine/image.h"
#include "io/json_fields.h"

namespace tessera::engine {

/// Pictures of one side of a comparison, as a page can hold them: PNG in the address itself, larger
/// ones made smaller.
class ComparisonPictures {
 public:
  ComparisonPictures() = default;
  /// Rows of `records` name their pictures relative to its folder.
  explicit ComparisonPictures(std::filesystem::path records) : records_(std::move(records)) {}

  /// The picture of a row, kept as PNG.
  void keep(std::int64_t index, const Image& image);
  /// "data:image/png;base64,…"; "" where the row has no picture or it cannot be read.
  std::string uri(const io::Json& row);
  /// Pictures that rows named and that could not be read.
  std::int64_t missing() const { return static_cast<std::int64_t>(missing_.size()); }

 private:
  std::filesystem::path records_{};
  std::map<std::int64_t, std::string> kept_{};  // PNG files
  std::set<std::string> missing_{};
};

}  // namespace tessera::engine
