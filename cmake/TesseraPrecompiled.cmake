# Two precompiled headers, parsed once and shared by REUSE_FROM:
#   math  tensors and operators; for mathematics, losses, samplers, tests
#   nn    the same and torch::nn; only for files that define a module or an optimiser
# Torch's headers are most of the compile time, so every library names the smaller one that will do.
file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/pch/empty_math.cpp" CONTENT "// carries the header\n")
file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/pch/empty_nn.cpp" CONTENT "// carries the header\n")
foreach(kind math nn)
  add_library(tessera_pch_${kind} STATIC "${PROJECT_BINARY_DIR}/pch/empty_${kind}.cpp")
  target_link_libraries(tessera_pch_${kind} PUBLIC tessera_flags Torch::cpu)
  set_target_properties(tessera_pch_${kind} PROPERTIES JOB_POOL_COMPILE heavy)
endforeach()
target_precompile_headers(tessera_pch_math PRIVATE
  <ATen/ATen.h> <ATen/Parallel.h> <algorithm> <cmath> <filesystem> <functional> <map> <memory>
  <optional> <span> <string> <vector>)
target_precompile_headers(tessera_pch_nn PRIVATE <torch/nn.h> <torch/optim.h> <torch/autograd.h>)

function(tessera_use_pch target kind)
  target_precompile_headers(${target} REUSE_FROM tessera_pch_${kind})
endfunction()
