#include "io/json_fields.h"

#include <algorithm>

#include "core/atomic_file.h"

namespace tessera::io {
namespace {

/// Deeper nesting than this is no document of ours; bounds the recursion of whoever walks it.
constexpr int kMaxDepth = 256;

}  // namespace

Json parse_json(const std::string& text, const std::string& what) {
  const auto guard = [&](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
    TESSERA_CHECK(
        depth <= kMaxDepth, kCorruptFile, what, ": nested deeper than ", kMaxDepth, " levels");
    return true;
  };
  try {
    return Json::parse(text, guard);
  } catch (const Json::parse_error& error) {
    // `byte` counts from 1 and points behind the last character read.
    const std::size_t place = std::min(text.size(), std::max<std::size_t>(error.byte, 1) - 1);
    const auto begin = text.begin();
    const auto here = begin + static_cast<std::ptrdiff_t>(place);
    const auto line = 1 + std::count(begin, here, '\n');
    const std::size_t before = place == 0 ? std::string::npos : text.rfind('\n', place - 1);
    const std::size_t column = before == std::string::npos ? place + 1 : place - before;
    TESSERA_THROW(kCorruptFile, what, ": not valid JSON at line ", line, ", column ", column);
  } catch (const Json::exception& error) {  // a number out of range
    TESSERA_THROW(kCorruptFile, what, ": not valid JSON: ", error.what());
  }
}

Json read_json(const std::filesystem::path& file) {
  return parse_json(read_file(file), file.string());
}

void write_json(const std::filesystem::path& file, const Json& value) {
  write_file_atomically(file, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace tessera::io
