#pragma once

#include <string>

namespace tessera::engine {

/// "tessera 0.1.0", then a line each on LibTorch, the processor's instruction set and the threads.
std::string version_text();

}  // namespace tessera::engine
