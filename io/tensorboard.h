#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace tessera::io {

/// Event file for TensorBoard (docs/formats/tensorboard.md); one writer a folder. Opening begins a
/// new file: a resumed run adds one, as TensorBoard expects. Values are buffered until flush().
/// A disk that refuses (full) warns once and drops the rest: a log must not end a run.
class EventWriter {
 public:
  /// Creates `folder` where needed. Throws kIo naming the file.
  explicit EventWriter(const std::filesystem::path& folder);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  void scalar(const std::string& tag, double value, std::int64_t step);
  /// `png`: the bytes of a PNG file; its size is read from them.
  void image(const std::string& tag, const std::string& png, std::int64_t step);
  /// Shown as Markdown.
  void text(const std::string& tag, const std::string& value, std::int64_t step);
  void flush();

  const std::filesystem::path& file() const { return file_; }

 private:
  void write_event(const std::string& payload);
  std::filesystem::path file_{};
  std::ofstream out_{};
  bool failed_ = false;
};

}  // namespace tessera::io
