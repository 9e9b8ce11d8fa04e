#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/json_fields.h"

namespace tessera::eval {

/// What was judged, thing by thing: JSON lines, docs/formats/eval.md. The first line is the header
/// {"schema": "tessera.records/1", "kind": …, "settings": {…}}; every other line is one thing with
/// its "index". Two runs whose headers are equal can go on with each other's records.
struct Records {
  io::Json header = io::Json::object();     // empty where the file has none
  std::map<std::int64_t, io::Json> rows{};  // by "index"
};

/// Text of a whole file: header, then the rows by index. The same records, the same bytes.
std::string records_text(const Records& records);

/// Reads a finished file, of ours or of another program: a line without "index" is numbered by its
/// place. Throws kNotFound, kIo, or kCorruptFile naming the line.
Records read_records(const std::filesystem::path& file);

/// The same of a text in memory; `what` names it in errors.
Records parse_records(std::string_view text, const std::string& what);

/// The same of a file that is still written to, or was when its program died: a last line without
/// its end is left out.
Records read_unfinished_records(const std::filesystem::path& file);

/// Throws kInvalidArgument naming the first setting in which the headers differ.
void check_same_run(const io::Json& found, const io::Json& wanted, const std::string& where);

/// "000012.png": the picture of index 12.
std::string picture_name(std::int64_t index);
/// How a record names its picture: relative to the folder of the records where it lies below it.
std::string picture_beside(const std::filesystem::path& records,
                           const std::filesystem::path& picture);

/// Appends rows to a file, each call in one write that is handed to the system before it returns. A
/// new file begins with the header; one that is there is gone on with, an unfinished last line cut
/// off. Throws kIo with the system's reason.
class RecordLog {
 public:
  RecordLog(const std::filesystem::path& file, const io::Json& header);
  ~RecordLog();
  RecordLog(const RecordLog&) = delete;
  RecordLog& operator=(const RecordLog&) = delete;
  void append(std::span<const io::Json> rows);

 private:
  void write(const std::string& text);
  std::string name_;
  int file_ = -1;
};

}  // namespace tessera::eval
