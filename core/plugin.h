#pragma once

#include <string>

namespace tessera {

/// A library of ours that is opened when it is asked for, and the one symbol that it gives out.
struct Plugin {
  const char* file = nullptr;  // "libNAME.so", found as the loader finds libraries
  const char* symbol = nullptr;
};

/// The symbol's address, the library staying open; null with the loader's reason in `missing` where
/// there is no such library. Throws kUnavailable where it lacks the symbol: then it was built from
/// another checkout.
void* open_plugin(const Plugin& plugin, std::string& missing);

}  // namespace tessera
