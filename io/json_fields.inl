// Templates of io/json_fields.h.
#pragma once

#include <cstdint>
#include <set>
#include <type_traits>
#include <vector>

namespace tessera::io {

namespace detail {

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T>
constexpr const char* wanted() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_unsigned_v<T>)
    return "a whole number, 0 or more";
  else if constexpr (std::is_integral_v<T>)
    return "a whole number";
  else if constexpr (std::is_floating_point_v<T>)
    return "a number";
  else if constexpr (std::is_same_v<T, std::string>)
    return "a string";
  else
    return "a list";
}

template <typename T>
bool fits(const Json& value) {
  if constexpr (std::is_same_v<T, bool>)
    return value.is_boolean();
  else if constexpr (std::is_unsigned_v<T>)
    return value.is_number_unsigned();
  else if constexpr (std::is_integral_v<T>)
    return value.is_number_integer();
  else if constexpr (std::is_floating_point_v<T>)
    return value.is_number();
  else if constexpr (std::is_same_v<T, std::string>)
    return value.is_string();
  else {
    if (!value.is_array()) return false;
    for (const Json& item : value) {
      if (!fits<typename T::value_type>(item)) return false;
    }
    return true;
  }
}

class JsonReader {
 public:
  JsonReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  template <typename T>
  void operator()(const char* name, T& value, const char* /*help*/) {
    known_.insert(name);
    const auto found = json_.find(name);
    if (found == json_.end()) return;
    TESSERA_CHECK(fits<T>(*found),
                  kInvalidArgument,
                  where_,
                  ".",
                  name,
                  " must be ",
                  wanted<T>(),
                  ", got ",
                  found->dump(-1, ' ', true, Json::error_handler_t::replace));
    value = found->template get<T>();
  }

  void reject_unknown() const {
    for (const auto& item : json_.items()) {
      if (known_.count(item.key()) > 0) continue;
      std::string list;
      for (const std::string& name : known_) list += (list.empty() ? "" : ", ") + name;
      TESSERA_THROW(
          kInvalidArgument, where_, ".", item.key(), " is not a known key; known: ", list);
    }
  }

 private:
  const Json& json_;
  std::string where_;
  std::set<std::string> known_{};
};

}  // namespace detail

template <typename Options>
void from_json_fields(const Json& json, Options& options, const std::string& where) {
  TESSERA_CHECK(json.is_object(), kInvalidArgument, where, " must be an object { … }");
  detail::JsonReader reader(json, where);
  visit_fields(reader, options);
  reader.reject_unknown();
}

}  // namespace tessera::io
