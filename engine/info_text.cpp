#include "engine/info_text.h"

#include <iomanip>
#include <sstream>

namespace tessera::engine {
namespace {

using io::Json;

void add_lines(std::string& text, const Json& json, const std::string& indent) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_object()) {
      text += indent + key + ":\n";
      add_lines(text, value, indent + "  ");
    } else if (!value.is_null() && value != "") {
      text += indent + key + ": ";
      text += value.is_string() ? value.get<std::string>()
                                : value.dump(-1, ' ', false, Json::error_handler_t::replace);
      text += "\n";
    }
  }
}

}  // namespace

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string readable_bytes(std::uintmax_t bytes) {
  std::ostringstream out;
  out << std::setprecision(3);
  if (bytes < 1000) {
    out << bytes << " bytes";
  } else if (bytes < 1'000'000) {
    out << static_cast<double>(bytes) / 1e3 << " kB";
  } else if (bytes < 1'000'000'000) {
    out << static_cast<double>(bytes) / 1e6 << " MB";
  } else {
    out << static_cast<double>(bytes) / 1e9 << " GB";
  }
  return out.str();
}

std::string text_of(const std::string& title, const Json& json) {
  std::string text = title + "\n";
  add_lines(text, json, "  ");
  text.pop_back();
  return text;
}

}  // namespace tessera::engine
