#include "data/files/csv.h"

#include <algorithm>
#include <array>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/listed.h"
#include "data/files/readers.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

/// The column called `name`, or the first of the usual names where none is given.
std::size_t column_of(const std::vector<std::string>& header,
                      const std::vector<std::string>& names,
                      const fs::path& list) {
  for (const std::string& name : names) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  TESSERA_THROW(kCorruptFile, list.string(), ": the first line names no column ", listed(names));
}

}  // namespace

CsvReader::CsvReader(std::string_view text)
    : text_(text), place_(text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0) {}

std::string CsvReader::field(bool& whole) {
  std::string out;
  const auto at_break = [&](std::size_t i) {
    return text_[i] == '\n' || (text_[i] == '\r' && i + 1 < text_.size() && text_[i + 1] == '\n');
  };
  if (place_ < text_.size() && text_[place_] == '"') {
    ++place_;
    bool open = true;
    while (open && place_ < text_.size()) {
      const char c = text_[place_++];
      if (c == '\n') ++line_;
      if (c != '"') {
        out += c;
      } else if (place_ < text_.size() && text_[place_] == '"') {
        out += text_[place_++];
      } else {
        open = false;
      }
    }
    whole = whole && !open;
    const bool ends = place_ >= text_.size() || text_[place_] == ',' || at_break(place_);
    whole = whole && ends;
  }
  while (place_ < text_.size() && text_[place_] != ',' && !at_break(place_)) out += text_[place_++];
  return out;
}

std::optional<CsvReader::Row> CsvReader::next() {
  const auto skip_break = [&] {
    if (text_[place_] == '\r') ++place_;
    if (place_ < text_.size() && text_[place_] == '\n') ++place_;
    ++line_;
  };
  while (place_ < text_.size() && (text_[place_] == '\n' || text_[place_] == '\r')) skip_break();
  if (place_ >= text_.size()) return std::nullopt;
  Row row;
  row.line = line_;
  row.fields.push_back(field(row.whole));
  while (place_ < text_.size() && text_[place_] == ',') {
    ++place_;
    row.fields.push_back(field(row.whole));
  }
  if (place_ < text_.size()) skip_break();
  return row;
}

void read_csv(const fs::path& list, FileSet& out) {
  const std::string text = read_file(list, kMaxList);
  CsvReader reader(text);
  const auto header = reader.next();
  TESSERA_CHECK(
      header && header->whole, kCorruptFile, list.string(), ": has no first line of names");
  const FilesOptions& options = out.options;
  const std::size_t image = column_of(header->fields, {options.image_column}, list);
  const std::size_t caption = options.caption_column.empty()
                                  ? column_of(header->fields, {"text", "caption", "prompt"}, list)
                                  : column_of(header->fields, {options.caption_column}, list);
  SampleCollector collector(list, out);
  while (const auto row = reader.next()) {
    const std::string place = concat(list.filename().string(), ", line ", row->line);
    if (!row->whole) {
      out.problems.add(place, "a quote is not closed");
    } else if (row->fields.size() != header->fields.size()) {
      out.problems.add(
          place, concat(row->fields.size(), " fields, the first line has ", header->fields.size()));
    } else {
      collector.add(row->fields[image], row->fields[caption], place);
    }
  }
}

}  // namespace tessera::data
