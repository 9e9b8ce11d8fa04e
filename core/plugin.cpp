#include "core/plugin.h"

#include <dlfcn.h>

#include "core/error.h"

namespace tessera {

void* open_plugin(const Plugin& plugin, std::string& missing) {
  void* library = dlopen(plugin.file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    missing = dlerror();
    return nullptr;
  }
  void* symbol = dlsym(library, plugin.symbol);
  TESSERA_CHECK(symbol != nullptr,
                kUnavailable,
                plugin.file,
                " has no ",
                plugin.symbol,
                "; build it and this program from one checkout");
  return symbol;
}

}  // namespace tessera
