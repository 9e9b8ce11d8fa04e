#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "io/state_dict.h"

namespace tessera::io {

// These hold one another: an initialiser {} would ask clang 14 for types that it does not know yet.
struct PickleValue;
struct PickleEntry;

struct PickleList {
  std::vector<PickleValue> items;
};
struct PickleTuple {
  std::vector<PickleValue> items;
};
/// In the order of the file; no key twice. Whole numbers as keys (optimiser states have them)
/// appear as their decimals.
struct PickleDict {
  std::vector<PickleEntry> entries;
};

/// What a torch.save file holds: None, True and False, whole numbers, real numbers, text or bytes,
/// lists, tuples, dicts and tensors. At most 100 levels deep.
struct PickleValue {
  std::variant<std::monostate,
               bool,
               std::int64_t,
               double,
               std::string,
               PickleList,
               PickleTuple,
               PickleDict,
               at::Tensor>
      data;

  bool is_none() const { return std::holds_alternative<std::monostate>(data); }
  bool is_dict() const { return std::holds_alternative<PickleDict>(data); }
  bool is_tensor() const { return std::holds_alternative<at::Tensor>(data); }

  /// The value of a key, or null: no dict, no such key.
  const PickleValue* find(std::string_view key) const;

  // Each throws kCorruptFile naming `what` where the value is something else.
  const at::Tensor& tensor(const std::string& what) const;
  const std::string& text(const std::string& what) const;
  std::int64_t integer(const std::string& what) const;
  double real(const std::string& what) const;  // whole numbers too
  const PickleDict& dict(const std::string& what) const;
  /// Of a list or a tuple.
  const std::vector<PickleValue>& items(const std::string& what) const;

  /// "None", "a whole number", "a tensor", … for messages.
  const char* kind() const;
};

struct PickleEntry {
  std::string key{};
  PickleValue value{};
};

/// Every tensor below `value` by its dotted name: `prefix` where it is not empty, keys of dicts and
/// indices of lists, joined by dots. A tensor on its own is called `prefix`, or "tensor". All that
/// is no tensor is left out. Throws kCorruptFile naming `what` where two tensors get the same name.
StateDict tensors_of(const PickleValue& value,
                     const std::string& prefix = "",
                     const std::string& what = "torch file");

}  // namespace tessera::io
