#include "io/formats/pickle_objects.h"

#include <algorithm>
#include <array>

#include "io/in_quotes.h"

namespace tessera::io {
namespace {

class TreeBuilder {
 public:
  TreeBuilder(const std::vector<PickleObject>& objects, const PickleSource& source)
      : objects_(objects), source_(source) {}

  PickleValue value_of(PickleRef ref, int depth) {
    const PickleObject& object = objects_[ref];
    if (depth > kMaxPickleDepth) {
      source_.refuse(object.at, "nested more than ", kMaxPickleDepth, " levels deep");
    }
    if (++values_ > kMaxPickleObjects) {
      source_.refuse(object.at, "unfolds to more than ", kMaxPickleObjects, " values");
    }
    PickleValue value;
    std::visit([&](const auto& data) { fill(value, data, object.at, depth); }, object.data);
    return value;
  }

 private:
  void fill(PickleValue& /*value*/, std::monostate, std::uint64_t /*at*/, int /*depth*/) {}
  void fill(PickleValue& value, bool data, std::uint64_t /*at*/, int /*depth*/) {
    value.data = data;
  }
  void fill(PickleValue& value, std::int64_t data, std::uint64_t /*at*/, int /*depth*/) {
    value.data = data;
  }
  void fill(PickleValue& value, double data, std::uint64_t /*at*/, int /*depth*/) {
    value.data = data;
  }
  void fill(PickleValue& value, std::string_view data, std::uint64_t at, int /*depth*/) {
    value.data = text(data, at);
  }
  void fill(PickleValue& value, PickleObject::Bytes data, std::uint64_t at, int /*depth*/) {
    value.data = text(data.bytes, at);
  }
  void fill(PickleValue& value, const PickleObject::List& data, std::uint64_t /*at*/, int depth) {
    value.data = PickleList{items(data.items, depth)};
  }
  void fill(PickleValue& value, const PickleObject::Tuple& data, std::uint64_t /*at*/, int depth) {
    value.data = PickleTuple{items(data.items, depth)};
  }
  void fill(PickleValue& value, const PickleObject::Dict& data, std::uint64_t at, int depth) {
    PickleDict dict;
    for (std::size_t i = 0; i + 1 < data.items.size(); i += 2) {
      std::string key = key_of(objects_[data.items[i]]);
      dict.entries.push_back({std::move(key), value_of(data.items[i + 1], depth + 1)});
    }
    check_keys(dict, at);
    value.data = std::move(dict);
  }
  void fill(PickleValue& value, const PickleGlobal* data, std::uint64_t at, int /*depth*/) {
    if (data->use != PickleGlobal::Use::kText) {
      source_.refuse(at, "the name \"", data->module, " ", data->name, "\" stands for no value");
    }
    value.data = concat(data->module, ".", data->name);
  }
  void fill(PickleValue& /*value*/,
            const PickleObject::Storage& /*data*/,
            std::uint64_t at,
            int /*depth*/) {
    source_.refuse(at, "a storage that is no tensor");
  }
  void fill(PickleValue& value, const at::Tensor& data, std::uint64_t /*at*/, int /*depth*/) {
    value.data = data;
  }

  std::vector<PickleValue> items(const std::vector<PickleRef>& refs, int depth) {
    std::vector<PickleValue> values;
    for (const PickleRef ref : refs) values.push_back(value_of(ref, depth + 1));
    return values;
  }

  std::string text(std::string_view data, std::uint64_t at) {
    text_bytes_ += data.size();
    if (text_bytes_ > kMaxPickleText) {
      source_.refuse(at, "unfolds to more than ", kMaxPickleText, " bytes of text");
    }
    return std::string(data);
  }

  std::string key_of(const PickleObject& object) {
    if (const auto* name = std::get_if<std::string_view>(&object.data)) {
      return text(*name, object.at);
    }
    if (const auto* number = std::get_if<std::int64_t>(&object.data)) {
      return std::to_string(*number);
    }
    const auto* global = std::get_if<const PickleGlobal*>(&object.data);
    if (global == nullptr || (*global)->use != PickleGlobal::Use::kText) {
      source_.refuse(object.at, kind_of(object), " as a key; text or a whole number is read");
    }
    return concat((*global)->module, ".", (*global)->name);
  }

  void check_keys(const PickleDict& dict, std::uint64_t at) const {
    std::vector<std::string_view> keys;
    for (const PickleEntry& entry : dict.entries) keys.push_back(entry.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) source_.refuse(at, "a dict has the key ", in_quotes(*twice), " twice");
  }

  const std::vector<PickleObject>& objects_;
  const PickleSource& source_;
  std::size_t values_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace

const char* kind_of(const PickleObject& object) {
  constexpr std::array<const char*, std::variant_size_v<PickleObject::Data>> kNames = {
      "None",
      "a truth value",
      "a whole number",
      "a real number",
      "text",
      "bytes",
      "a list",
      "a tuple",
      "a dict",
      "the name of a module's part",
      "a storage",
      "a tensor"};
  return kNames[object.data.index()];
}

PickleValue tree_of(const std::vector<PickleObject>& objects,
                    PickleRef root,
                    const PickleSource& source) {
  return TreeBuilder(objects, source).value_of(root, 1);
}

}  // namespace tessera::io
