#include "eval/records.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/error.h"

namespace tessera::eval {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30;

std::string line_of(const io::Json& value) {
  return value.dump(-1, ' ', false, io::Json::error_handler_t::replace) + "\n";
}

bool is_header(const io::Json& line) {
  return line.contains("schema") && !line.contains("index");
}

std::int64_t index_of(const io::Json& row, std::int64_t place, const std::string& where) {
  const auto found = row.find("index");
  if (found == row.end()) return place;
  TESSERA_CHECK(found->is_number_integer() && *found >= 0,
                kCorruptFile,
                where,
                ": \"index\" must be a whole number from 0 on, got ",
                found->dump());
  return found->get<std::int64_t>();
}

/// Ends behind the last line feed: what follows was cut off while it was written.
std::string_view whole_lines(std::string_view text) {
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

}  // namespace

Records parse_records(std::string_view text, const std::string& what) {
  Records out;
  std::int64_t line = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string part(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string where = concat(what, ", line ", ++line);
    if (part.find_first_not_of(" \t\r") == std::string::npos) continue;
    io::Json row = io::parse_json(part, where);
    TESSERA_CHECK(row.is_object(), kCorruptFile, where, ": is no JSON object");
    if (is_header(row) && out.rows.empty() && out.header.empty()) {
      out.header = std::move(row);
      continue;
    }
    const std::int64_t index = index_of(row, std::ssize(out.rows), where);
    TESSERA_CHECK(out.rows.emplace(index, std::move(row)).second,
                  kCorruptFile,
                  where,
                  ": index ",
                  index,
                  " was there before");
  }
  return out;
}

namespace {

/// Bytes of the file that are whole lines; 0 where there is no such file.
std::uintmax_t whole_bytes(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return 0;
  return whole_lines(read_file(file, kLargestFile)).size();
}

}  // namespace

std::string records_text(const Records& records) {
  std::string text = records.header.empty() ? "" : line_of(records.header);
  for (const auto& [index, row] : records.rows) text += line_of(row);
  return text;
}

Records read_records(const fs::path& file) {
  return parse_records(read_file(file, kLargestFile), file.string());
}

Records read_unfinished_records(const fs::path& file) {
  const std::string text = read_file(file, kLargestFile);
  return parse_records(whole_lines(text), file.string());
}

void check_same_run(const io::Json& found, const io::Json& wanted, const std::string& where) {
  if (found == wanted) return;
  for (const char* key : {"schema", "kind"}) {
    TESSERA_CHECK(found.value(key, "") == wanted.value(key, ""),
                  kInvalidArgument,
                  where,
                  ": holds \"",
                  found.value(key, ""),
                  "\", not \"",
                  wanted.value(key, ""),
                  "\"");
  }
  const io::Json theirs = found.value("settings", io::Json::object());
  const io::Json ours = wanted.value("settings", io::Json::object());
  for (const auto& [key, value] : ours.items()) {
    const io::Json there = theirs.is_object() ? theirs.value(key, io::Json()) : io::Json();
    TESSERA_CHECK(there == value,
                  kInvalidArgument,
                  where,
                  ": is of another run: ",
                  key,
                  " was ",
                  there.dump(),
                  ", now it is ",
                  value.dump());
  }
  TESSERA_THROW(kInvalidArgument, where, ": is of another run: its settings have other keys");
}

std::string picture_name(std::int64_t index) {
  char text[32];
  std::snprintf(text, sizeof text, "%06lld.png", static_cast<long long>(index));
  return text;
}

std::string picture_beside(const fs::path& records, const fs::path& picture) {
  const fs::path folder = records.parent_path().empty() ? fs::path(".") : records.parent_path();
  std::error_code failed;
  const fs::path whole = fs::absolute(picture, failed).lexically_normal();
  const fs::path relative =
      whole.lexically_relative(fs::absolute(folder, failed).lexically_normal());
  const bool below = !relative.empty() && *relative.begin() != "..";
  return below ? relative.generic_string() : whole.generic_string();
}

RecordLog::RecordLog(const fs::path& file, const io::Json& header) : name_(file.string()) {
  const std::uintmax_t whole = whole_bytes(file);
  file_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  TESSERA_CHECK(file_ >= 0, kIo, name_, ": cannot write: ", std::strerror(errno));
  if (::ftruncate(file_, static_cast<off_t>(whole)) != 0) {
    const int reason = errno;
    ::close(file_);
    TESSERA_THROW(kIo, name_, ": cannot write: ", std::strerror(reason));
  }
  if (whole == 0) write(line_of(header));
}

RecordLog::~RecordLog() {
  ::close(file_);
}

void RecordLog::append(std::span<const io::Json> rows) {
  std::string text;
  for (const io::Json& row : rows) text += line_of(row);
  write(text);
}

void RecordLog::write(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t done = ::write(file_, rest.data(), rest.size());
    if (done < 0 && errno == EINTR) continue;
    TESSERA_CHECK(done >= 0, kIo, name_, ": cannot write: ", std::strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace tessera::eval
