#include <array>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/files/readers.h"
#include "io/json_fields.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 3> kCaptionColumns = {"text", "caption", "prompt"};

const io::Json* caption_of(const io::Json& entry, const std::string& column) {
  if (!column.empty()) return entry.contains(column) ? &entry.at(column) : nullptr;
  for (const char* known : kCaptionColumns) {
    if (entry.contains(known)) return &entry.at(known);
  }
  return nullptr;
}

/// One line: a string, or a list of strings, as caption.
void add_entry(const io::Json& entry,
               const FilesOptions& options,
               const std::string& place,
               SampleCollector& collector,
               Problems& problems) {
  if (!entry.is_object()) {
    problems.add(place, "not a JSON object");
    return;
  }
  const auto name = entry.find(options.image_column);
  if (name == entry.end() || !name->is_string()) {
    problems.add(place, "no \"" + options.image_column + "\"");
    return;
  }
  const io::Json* caption = caption_of(entry, options.caption_column);
  if (caption != nullptr && caption->is_string()) {
    collector.add(name->get<std::string>(), caption->get<std::string>(), place);
    return;
  }
  if (caption == nullptr || !caption->is_array() || caption->empty()) {
    problems.add(place, "no caption");
    return;
  }
  for (const io::Json& each : *caption) {
    if (each.is_string()) {
      collector.add(name->get<std::string>(), each.get<std::string>(), place);
    } else {
      problems.add(place, "a caption is not a string");
    }
  }
}

}  // namespace

void read_jsonl(const fs::path& list, FileSet& out) {
  const std::string text = read_file(list, kMaxList);
  SampleCollector collector(list, out);
  std::size_t begin = text.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
  for (std::int64_t line = 1; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string here = text.substr(begin, end - begin);
    begin = end + 1;
    if (here.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string place = concat(list.filename().string(), ", line ", line);
    try {
      add_entry(io::parse_json(here, place), out.options, place, collector, out.problems);
    } catch (const Error&) {
      out.problems.add(place, "not valid JSON");
    }
  }
}

}  // namespace tessera::data
