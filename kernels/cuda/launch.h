#pragma once

#include <cstdint>

#include "kernels/residual_norm.h"

/// The launches behind the table of kernels/cuda_kernels.h, which says what they need and return.
namespace tessera::kernels::cuda {

const char* residual_norm(const ResidualNorm<float>& args, std::int64_t groups, void* stream);
const char* residual_norm(const ResidualNorm<Bfloat16>& args, std::int64_t groups, void* stream);
const char* residual_norm_gradient(const ResidualNormGradient<float>& args,
                                   std::int64_t groups,
                                   void* stream);
const char* residual_norm_gradient(const ResidualNormGradient<Bfloat16>& args,
                                   std::int64_t groups,
                                   void* stream);

}  // namespace tessera::kernels::cuda
