#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "io/state_dict.h"

namespace tessera::fuzz {

/// Bytes as a file in memory, for readers that take a path.
class InputFile {
 public:
  explicit InputFile(std::string_view bytes);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  int descriptor_;
  std::filesystem::path path_{};
};

/// Runs a reader; refusing a file as kCorruptFile is one of the two right answers.
void expect_read_or_refused(const std::function<void()>& read);

/// Reads the values of every tensor, so that a sanitizer sees one that lies outside its memory; of
/// very large ones the first and the last.
void touch(const io::StateDict& state);

}  // namespace tessera::fuzz
