#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/options.h"

namespace tessera::io {

/// Key order is kept, so that files written twice are equal byte for byte.
using Json = nlohmann::ordered_json;

/// Parses a file or a text. Throws kNotFound, or kCorruptFile with the line and column.
Json read_json(const std::filesystem::path& file);
Json parse_json(const std::string& text, const std::string& what);
/// Two-space indentation, ending in a newline, written atomically; invalid UTF-8 becomes U+FFFD.
void write_json(const std::filesystem::path& file, const Json& value);

/// Writes fields in their order.
class JsonWriter {
 public:
  template <typename T>
  void operator()(const char* name, const T& value, const char* /*help*/) {
    out_[name] = value;
  }
  Json take() { return std::move(out_); }

 private:
  Json out_ = Json::object();
};

template <typename Options>
Json to_json_fields(const Options& options) {
  JsonWriter writer;
  Options copy = options;
  visit_fields(writer, copy);
  return writer.take();
}

/// Reads fields by name; absent ones keep their defaults; a key that no field has, or a value of
/// the wrong type, throws kInvalidArgument naming "where.key", what was found and what is known.
template <typename Options>
void from_json_fields(const Json& json, Options& options, const std::string& where);

}  // namespace tessera::io

#include "io/json_fields.inl"
