#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/json_fields.h"

namespace tessera::pipeline {

/// Values of a published configuration by name. Whatever is absent or of another kind than asked
/// for throws kCorruptFile naming the file and the path of keys ("config.yaml: model.params.ch").
class ConfigFields {
 public:
  /// `json` must outlive it.
  ConfigFields(const io::Json& json, std::string where, std::string path = "");

  const io::Json& json() const { return json_; }
  const std::string& where() const { return where_; }
  bool has(const char* key) const;
  const io::Json& at(const char* key) const;
  ConfigFields below(const char* key) const;  // an object
  const io::Json& list(const char* key) const;
  std::int64_t whole(const char* key) const;
  double number(const char* key) const;
  std::string text(const char* key) const;
  std::vector<std::int64_t> wholes(const char* key) const;
  std::vector<std::string> texts(const char* key) const;

 private:
  std::int64_t whole_of(const char* key, const io::Json& value) const;
  [[noreturn]] void refuse(const char* key, const char* wanted) const;

  const io::Json& json_;
  std::string where_;
  std::string path_;
};

}  // namespace tessera::pipeline
