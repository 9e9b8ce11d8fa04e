#include "io/formats/safetensors_header.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace tessera::io {
namespace {

using Json = nlohmann::json;

/// Events of the JSON parser, turned into entries. Levels: 1 the header, 2 one tensor or the
/// metadata, 3 a list. Every event that the format does not allow at its place ends the parse.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(SafetensorsHeader& out) : out_(out) {}

  const std::string& problem() const { return problem_; }
  std::size_t position() const { return position_; }

  bool null() override { return refuse("null"); }
  bool boolean(bool /*value*/) override { return refuse("true or false"); }
  bool number_integer(number_integer_t value) override {
    return refuse(concat("the negative number ", value));
  }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return refuse("the number " + text);
  }
  bool binary(binary_t& /*value*/) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (level_ != 3) return refuse(concat("the number ", value));
    if (field_ == "shape" && entry_.shape.size() == kMaxSafetensorsDimensions) {
      return fail(concat("tensor \"", name_, "\" has more than 64 dimensions"));
    }
    if (field_ == "shape") {
      entry_.shape.push_back(value);
      return true;
    }
    ++offsets_;
    if (offsets_ == 1) entry_.begin = value;
    if (offsets_ == 2) entry_.end = value;
    return offsets_ <= 2 ||
           fail(concat("tensor \"", name_, "\": data_offsets must be two numbers"));
  }

  bool string(string_t& value) override {
    if (level_ != 2) return refuse("a string");
    if (in_metadata()) {
      const bool fresh = out_.metadata.emplace(field_, value).second;
      return fresh || fail(concat("metadata has \"", field_, "\" twice"));
    }
    if (field_ != "dtype") return refuse("a string");
    entry_.dtype = value;
    return true;
  }

  bool start_object(std::size_t /*count*/) override {
    if (level_ >= 2) return refuse("an object");
    if (++level_ == 2) {
      entry_ = {};
      offsets_ = 0;
      seen_dtype_ = seen_shape_ = seen_offsets_ = false;
    }
    return true;
  }

  bool key(string_t& value) override {
    if (level_ == 1) {
      name_ = value;
      if (!in_metadata()) return !out_.entries.contains(name_) || twice("tensor", name_);
      const bool fresh = !seen_metadata_;
      seen_metadata_ = true;
      return fresh || twice("key", name_);
    }
    field_ = value;
    if (in_metadata()) return true;
    bool* seen = field_ == "dtype"          ? &seen_dtype_
                 : field_ == "shape"        ? &seen_shape_
                 : field_ == "data_offsets" ? &seen_offsets_
                                            : nullptr;
    if (seen == nullptr) {
      return fail(concat("tensor \"", name_, "\" has the unknown key \"", field_, "\""));
    }
    const bool fresh = !*seen;
    *seen = true;
    return fresh || twice("key", field_);
  }

  bool end_object() override {
    if (level_-- == 1 || in_metadata()) return true;
    if (!seen_dtype_ || !seen_shape_ || offsets_ != 2) {
      return fail(concat("tensor \"", name_, "\" needs dtype, shape and two data_offsets"));
    }
    out_.entries.emplace(name_, std::move(entry_));
    return true;
  }

  bool start_array(std::size_t /*count*/) override {
    if (level_ != 2 || in_metadata() || field_ == "dtype") return refuse("a list");
    level_ = 3;
    return true;
  }
  bool end_array() override {
    level_ = 2;
    return true;
  }

  bool parse_error(std::size_t position,
                   const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    position_ = position;
    return fail("the header is not valid JSON");
  }

 private:
  bool in_metadata() const { return name_ == "__metadata__"; }
  bool refuse(const std::string& found) {
    if (level_ == 0) return fail("the header is not a JSON object");
    return fail(concat("unexpected ", found, " in \"", name_, "\""));
  }
  bool twice(const char* kind, const std::string& text) {
    return fail(concat("the header has the ", kind, " \"", text, "\" twice"));
  }
  bool fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
    return false;
  }

  SafetensorsHeader& out_;
  SafetensorsEntry entry_{};
  std::string name_{};   // key of level 1
  std::string field_{};  // key of level 2
  std::string problem_{};
  std::size_t position_ = 0;
  int level_ = 0;
  int offsets_ = 0;
  bool seen_dtype_ = false;
  bool seen_shape_ = false;
  bool seen_offsets_ = false;
  bool seen_metadata_ = false;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& what) {
  SafetensorsHeader header;
  HeaderReader reader(header);
  const bool good = Json::sax_parse(json.begin(), json.end(), &reader);
  TESSERA_CHECK(
      good, kCorruptFile, what, ": ", reader.problem(), " (byte ", 8 + reader.position(), ")");
  return header;
}

}  // namespace tessera::io
