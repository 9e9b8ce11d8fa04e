#include "kernels/cuda/launch.h"
#include "kernels/cuda_kernels.h"

/// The symbol that kernels/cuda_kernels.cpp asks the library for.
extern "C" const tessera::kernels::CudaKernels* tessera_cuda_kernels() {
  namespace cuda = tessera::kernels::cuda;
  static const tessera::kernels::CudaKernels table{
      .residual_norm = cuda::residual_norm,
      .residual_norm_half = cuda::residual_norm,
      .residual_norm_gradient = cuda::residual_norm_gradient,
      .residual_norm_gradient_half = cuda::residual_norm_gradient,
      .gelu2 = cuda::gelu2,
      .gelu2_half = cuda::gelu2,
      .nearest_code = cuda::nearest_code,
      .draw_codes = cuda::draw_codes};
  return &table;
}
