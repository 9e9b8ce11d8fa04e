#include "io/formats/pickle_value.h"

#include <array>

#include "core/error.h"
#include "io/in_quotes.h"

namespace tessera::io {
namespace {

template <typename T>
const T& get(const PickleValue& value, const std::string& what, const char* wanted) {
  const T* found = std::get_if<T>(&value.data);
  TESSERA_CHECK(
      found != nullptr, kCorruptFile, what, " is ", value.kind(), ", it should be ", wanted);
  return *found;
}

class Flattener {
 public:
  explicit Flattener(const std::string& what) : what_(what) {}

  void add(const PickleValue& value, const std::string& name) {
    if (const auto* tensor = std::get_if<at::Tensor>(&value.data)) {
      const bool fresh = state_.tensors.emplace(name, *tensor).second;
      TESSERA_CHECK(fresh, kCorruptFile, what_, ": two tensors have the name ", in_quotes(name));
    } else if (const auto* dict = std::get_if<PickleDict>(&value.data)) {
      for (const PickleEntry& entry : dict->entries) add_below(entry.value, name, entry.key);
    } else if (const auto* list = std::get_if<PickleList>(&value.data)) {
      add_items(list->items, name);
    } else if (const auto* tuple = std::get_if<PickleTuple>(&value.data)) {
      add_items(tuple->items, name);
    }
  }

  void add_below(const PickleValue& value, const std::string& name, const std::string& key) {
    add(value, name.empty() ? key : name + "." + key);
  }

  StateDict take() { return std::move(state_); }

 private:
  void add_items(const std::vector<PickleValue>& items, const std::string& name) {
    for (std::size_t i = 0; i < items.size(); ++i) add_below(items[i], name, std::to_string(i));
  }

  const std::string& what_;
  StateDict state_{};
};

}  // namespace

const PickleValue* PickleValue::find(std::string_view key) const {
  const auto* found = std::get_if<PickleDict>(&data);
  if (found == nullptr) return nullptr;
  for (const PickleEntry& entry : found->entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

const at::Tensor& PickleValue::tensor(const std::string& what) const {
  return get<at::Tensor>(*this, what, "a tensor");
}
const std::string& PickleValue::text(const std::string& what) const {
  return get<std::string>(*this, what, "text");
}
std::int64_t PickleValue::integer(const std::string& what) const {
  return get<std::int64_t>(*this, what, "a whole number");
}
double PickleValue::real(const std::string& what) const {
  if (const auto* whole = std::get_if<std::int64_t>(&data)) return static_cast<double>(*whole);
  return get<double>(*this, what, "a number");
}
const PickleDict& PickleValue::dict(const std::string& what) const {
  return get<PickleDict>(*this, what, "a dict");
}
const std::vector<PickleValue>& PickleValue::items(const std::string& what) const {
  if (const auto* tuple = std::get_if<PickleTuple>(&data)) return tuple->items;
  return get<PickleList>(*this, what, "a list").items;
}

const char* PickleValue::kind() const {
  constexpr std::array<const char*, std::variant_size_v<decltype(PickleValue::data)>> kNames = {
      "None",
      "a truth value",
      "a whole number",
      "a real number",
      "text",
      "a list",
      "a tuple",
      "a dict",
      "a tensor"};
  return kNames[data.index()];
}

StateDict tensors_of(const PickleValue& value, const std::string& prefix, const std::string& what) {
  Flattener flattener(what);
  flattener.add(value, value.is_tensor() && prefix.empty() ? "tensor" : prefix);
  return flattener.take();
}

}  // namespace tessera::io
