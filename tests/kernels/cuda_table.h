#pragma once

#include "kernels/cuda_kernels.h"

namespace tessera::kernels::test {

/// The kernels under test: those of libtessera_cuda.so, or the same sources compiled for the CPU.
/// Null, and a reason in the test's result, where they cannot be had.
const CudaKernels* cuda_table();

}  // namespace tessera::kernels::test
