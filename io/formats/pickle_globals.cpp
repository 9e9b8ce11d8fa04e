#include "io/formats/pickle_globals.h"

#include <array>

namespace tessera::io {
namespace {

using Use = PickleGlobal::Use;

constexpr std::array<PickleGlobal, 14> kAllowed = {{
    {"collections", "OrderedDict", Use::kDict, at::kFloat},
    {"torch._utils", "_rebuild_tensor_v2", Use::kTensor, at::kFloat},
    {"torch._utils", "_rebuild_parameter", Use::kParameter, at::kFloat},
    {"torch", "FloatStorage", Use::kStorage, at::kFloat},
    {"torch", "HalfStorage", Use::kStorage, at::kHalf},
    {"torch", "BFloat16Storage", Use::kStorage, at::kBFloat16},
    {"torch", "DoubleStorage", Use::kStorage, at::kDouble},
    {"torch", "LongStorage", Use::kStorage, at::kLong},
    {"torch", "IntStorage", Use::kStorage, at::kInt},
    {"torch", "ShortStorage", Use::kStorage, at::kShort},
    {"torch", "CharStorage", Use::kStorage, at::kChar},
    {"torch", "ByteStorage", Use::kStorage, at::kByte},
    {"torch", "BoolStorage", Use::kStorage, at::kBool},
    // The key under which Lightning 1.x keeps the state of a callback, in taming-transformers'
    // codecs.
    {"pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint", Use::kText, at::kFloat},
}};

constexpr PickleGlobal kScriptClass{"__torch__", "*", Use::kRecord, at::kFloat};
constexpr std::array<PickleGlobal, 4> kScriptLists = {{
    {"torch.jit._pickle", "build_intlist", Use::kList, at::kFloat},
    {"torch.jit._pickle", "build_doublelist", Use::kList, at::kFloat},
    {"torch.jit._pickle", "build_boollist", Use::kList, at::kFloat},
    {"torch.jit._pickle", "build_tensorlist", Use::kList, at::kFloat},
}};

}  // namespace

const PickleGlobal* find_pickle_global(std::string_view module, std::string_view name) {
  for (const PickleGlobal& global : kAllowed) {
    if (global.module == module && global.name == name) return &global;
  }
  return nullptr;
}

const PickleGlobal* find_script_global(std::string_view module, std::string_view name) {
  if (module == kScriptClass.module || module.substr(0, 10) == "__torch__.") return &kScriptClass;
  for (const PickleGlobal& global : kScriptLists) {
    if (global.module == module && global.name == name) return &global;
  }
  return nullptr;
}

}  // namespace tessera::io
