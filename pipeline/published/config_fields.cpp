#include "pipeline/published/config_fields.h"

#include <cmath>

#include "core/error.h"

namespace tessera::pipeline {

ConfigFields::ConfigFields(const io::Json& json, std::string where, std::string path)
    : json_(json), where_(std::move(where)), path_(std::move(path)) {
  TESSERA_CHECK(json_.is_object(),
                kCorruptFile,
                where_,
                ": the configuration must be an object of named values");
}

bool ConfigFields::has(const char* key) const {
  return json_.contains(key);
}

const io::Json& ConfigFields::at(const char* key) const {
  const auto found = json_.find(key);
  TESSERA_CHECK(found != json_.end(), kCorruptFile, where_, ": no \"", path_, key, "\"");
  return *found;
}

ConfigFields ConfigFields::below(const char* key) const {
  if (!at(key).is_object()) refuse(key, "an object of named values");
  return ConfigFields(at(key), where_, concat(path_, key, "."));
}

const io::Json& ConfigFields::list(const char* key) const {
  if (!at(key).is_array()) refuse(key, "a list");
  return at(key);
}

std::int64_t ConfigFields::whole(const char* key) const {
  return whole_of(key, at(key));
}

std::int64_t ConfigFields::whole_of(const char* key, const io::Json& value) const {
  constexpr double kMost = 9e15;  // leaves room for arithmetic on what a file claims
  const bool fits = value.is_number_integer() && std::abs(value.get<double>()) < kMost;
  if (!fits) refuse(key, "a whole number, or a list of them,");
  return value.get<std::int64_t>();
}

double ConfigFields::number(const char* key) const {
  if (!at(key).is_number()) refuse(key, "a number");
  return at(key).get<double>();
}

std::string ConfigFields::text(const char* key) const {
  if (!at(key).is_string()) refuse(key, "text");
  return at(key).get<std::string>();
}

std::vector<std::int64_t> ConfigFields::wholes(const char* key) const {
  std::vector<std::int64_t> values;
  for (const io::Json& each : list(key)) {
    values.push_back(whole_of(key, each));
  }
  return values;
}

std::vector<std::string> ConfigFields::texts(const char* key) const {
  std::vector<std::string> values;
  for (const io::Json& each : list(key)) {
    if (!each.is_string()) refuse(key, "a list of texts");
    values.push_back(each.get<std::string>());
  }
  return values;
}

void ConfigFields::refuse(const char* key, const char* wanted) const {
  TESSERA_THROW(
      kCorruptFile, where_, ": ", path_, key, " must be ", wanted, ", got ", at(key).dump());
}

}  // namespace tessera::pipeline
