#include "engine/version.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "core/error.h"

namespace tessera::engine {

std::string version_text() {
  return concat("tessera ",
                TESSERA_VERSION,
                "\nLibTorch ",
                TORCH_VERSION,
                ", ",
                at::get_cpu_capability(),
                ", ",
                at::get_num_threads(),
                " threads");
}

}  // namespace tessera::engine
