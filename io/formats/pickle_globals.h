#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

namespace tessera::io {

/// A name that a weight file may take from Python's modules, and what becomes of it here. None of
/// them runs anything.
struct PickleGlobal {
  enum class Use : unsigned char {
    kDict,       // called without arguments: an empty dict
    kTensor,     // called with a storage and a shape: a tensor
    kParameter,  // called with a tensor: that tensor
    kStorage,    // the type of a storage
    kText,       // never called: its own dotted name, as text
    kRecord,     // a class of a TorchScript program: its objects are their attributes, by name
    kList,       // called with a list: that list
  };
  std::string_view module{};
  std::string_view name{};
  Use use = Use::kText;
  at::ScalarType type = at::kFloat;  // of a storage
};

/// Null for every name that is not in the list, which is to be refused.
const PickleGlobal* find_pickle_global(std::string_view module, std::string_view name);

/// What the pickle of a TorchScript archive may name besides: classes of the archive's own program,
/// which is never looked at, and the functions that bring back lists of one type. Null for others.
const PickleGlobal* find_script_global(std::string_view module, std::string_view name);

}  // namespace tessera::io
