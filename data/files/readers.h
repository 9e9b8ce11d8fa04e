#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "data/files/files.h"

namespace tessera::data {

/// Largest list of pictures that is read, in bytes.
inline constexpr std::uintmax_t kMaxList = std::uintmax_t{4} << 30;

/// Collects the entries of a list into samples: a picture that is named again gets another caption.
class SampleCollector {
 public:
  /// Names in `list` are relative to out.options.images or else to the folder of `list`.
  SampleCollector(const std::filesystem::path& list, FileSet& out);

  /// `name` is relative to the pictures' folder. An entry that cannot be used (empty, leaving the
  /// folder, no such file, no caption) becomes a problem of `place`, "list.csv, line 7".
  void add(const std::string& name, const std::string& caption, const std::string& place);

 private:
  std::filesystem::path images_;
  FileSet& out_;
  std::map<std::string, std::size_t> row_{};  // of each name; missing files have kMissing
};

/// Lines of a caption file: trimmed, empty ones dropped, malformed UTF-8 replaced.
std::vector<std::string> caption_lines(std::string_view text);

void read_folder(const std::filesystem::path& folder, FileSet& out);
void read_jsonl(const std::filesystem::path& list, FileSet& out);
void read_csv(const std::filesystem::path& list, FileSet& out);
void read_coco(const std::filesystem::path& list, FileSet& out);

}  // namespace tessera::data
