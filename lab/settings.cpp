#include "lab/settings.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "core/listed.h"
#include "core/spelling.h"

namespace tessera::lab {
namespace {

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

template <typename Number>
Number parse_number(const Assignment& assignment, const char* wanted) {
  Number value{};
  const char* begin = assignment.value.data();
  const char* end = begin + assignment.value.size();
  const auto [stop, problem] = std::from_chars(begin, end, value);
  TESSERA_CHECK(problem == std::errc{} && stop == end,
                kInvalidArgument,
                assignment.key,
                " must be ",
                wanted,
                ", got \"",
                assignment.value,
                "\"");
  return value;
}

}  // namespace

Assignment parse_assignment(const std::string& text) {
  const std::size_t at = text.find('=');
  TESSERA_CHECK(at != std::string::npos && at > 0,
                kInvalidArgument,
                "a setting is KEY=VALUE, as in steps=100; got \"",
                text,
                "\"");
  return {.key = text.substr(0, at), .value = text.substr(at + 1)};
}

void SettingLister::operator()(const char* name, const std::int64_t& value, const char* help) {
  settings_.push_back({name, std::to_string(value), help});
}
void SettingLister::operator()(const char* name, const std::uint64_t& value, const char* help) {
  settings_.push_back({name, std::to_string(value), help});
}
void SettingLister::operator()(const char* name, const double& value, const char* help) {
  settings_.push_back({name, number_text(value), help});
}
void SettingLister::operator()(const char* name, const bool& value, const char* help) {
  settings_.push_back({name, value ? "true" : "false", help});
}
void SettingLister::operator()(const char* name, const std::string& value, const char* help) {
  settings_.push_back({name, value, help});
}

bool SettingWriter::meant(const char* name) {
  known_.emplace_back(name);
  if (assignment_.key != name) return false;
  found_ = true;
  return true;
}

void SettingWriter::operator()(const char* name, std::int64_t& value, const char* /*help*/) {
  if (meant(name)) value = parse_number<std::int64_t>(assignment_, "a whole number");
}
void SettingWriter::operator()(const char* name, std::uint64_t& value, const char* /*help*/) {
  if (meant(name)) value = parse_number<std::uint64_t>(assignment_, "a whole number, 0 or more");
}
void SettingWriter::operator()(const char* name, double& value, const char* /*help*/) {
  if (!meant(name)) return;
  value = parse_number<double>(assignment_, "a number");
  TESSERA_CHECK(std::isfinite(value),
                kInvalidArgument,
                assignment_.key,
                " must be finite, got ",
                assignment_.value);
}
void SettingWriter::operator()(const char* name, bool& value, const char* /*help*/) {
  if (!meant(name)) return;
  TESSERA_CHECK(assignment_.value == "true" || assignment_.value == "false",
                kInvalidArgument,
                assignment_.key,
                " must be true or false, got \"",
                assignment_.value,
                "\"");
  value = assignment_.value == "true";
}
void SettingWriter::operator()(const char* name, std::string& value, const char* /*help*/) {
  if (meant(name)) value = assignment_.value;
}

void SettingWriter::finish(const std::string& experiment) const {
  if (found_) return;
  const auto near = nearest_word(assignment_.key, known_);
  TESSERA_THROW(kInvalidArgument,
                "experiment ",
                experiment,
                " has no setting \"",
                assignment_.key,
                "\"",
                near ? "; did you mean " + *near + "?" : std::string(),
                known_.empty() ? std::string("; it has none") : "; known: " + listed(known_));
}

}  // namespace tessera::lab
