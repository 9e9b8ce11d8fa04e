#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"

namespace tessera::lab {

/// "steps=100" of the command line, taken apart.
struct Assignment {
  std::string key{};
  std::string value{};
};

/// Throws kInvalidArgument where there is no "=" or nothing before it.
Assignment parse_assignment(const std::string& text);

/// One field of an experiment's options, as `tessera lab list` shows it.
struct Setting {
  std::string key{};
  std::string value{};  // the default, or what a run was told
  std::string help{};
};

/// Lists the fields of an options struct in their order.
class SettingLister {
 public:
  void operator()(const char* name, const std::int64_t& value, const char* help);
  void operator()(const char* name, const std::uint64_t& value, const char* help);
  void operator()(const char* name, const double& value, const char* help);
  void operator()(const char* name, const bool& value, const char* help);
  void operator()(const char* name, const std::string& value, const char* help);
  std::vector<Setting> take() { return std::move(settings_); }

 private:
  std::vector<Setting> settings_{};
};

/// Sets one field by its name.
class SettingWriter {
 public:
  explicit SettingWriter(const Assignment& assignment) : assignment_(assignment) {}
  void operator()(const char* name, std::int64_t& value, const char* help);
  void operator()(const char* name, std::uint64_t& value, const char* help);
  void operator()(const char* name, double& value, const char* help);
  void operator()(const char* name, bool& value, const char* help);
  void operator()(const char* name, std::string& value, const char* help);
  /// Throws kInvalidArgument where no field had that name: lists the known, with the nearest.
  void finish(const std::string& experiment) const;

 private:
  bool meant(const char* name);
  const Assignment& assignment_;
  bool found_ = false;
  std::vector<std::string> known_{};
};

template <typename Options>
std::vector<Setting> list_settings(Options options) {
  SettingLister lister;
  visit_fields(lister, options);
  return lister.take();
}

/// The last of several assignments to one key counts. Throws kInvalidArgument naming the key, its
/// value and what would be right; `validate()` of the options, where there is one, runs last.
template <typename Options>
Options apply_settings(const std::string& experiment, std::span<const Assignment> assignments) {
  Options options{};
  for (const Assignment& assignment : assignments) {
    SettingWriter writer(assignment);
    visit_fields(writer, options);
    writer.finish(experiment);
  }
  if constexpr (requires { options.validate(); }) options.validate();
  return options;
}

}  // namespace tessera::lab
