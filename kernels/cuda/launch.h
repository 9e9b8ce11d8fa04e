#pragma once

#include <cstdint>

#include "kernels/draw_codes.h"
#include "kernels/gelu2.h"
#include "kernels/nearest_code.h"
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
const char* gelu2(const Gelu2<float>& args, std::int64_t numbers, void* stream);
const char* gelu2(const Gelu2<Bfloat16>& args, std::int64_t numbers, void* stream);
const char* nearest_code(const NearestCode& args, std::int64_t rows, void* stream);
const char* draw_codes(const DrawCodes& args, std::int64_t tokens, void* stream);

}  // namespace tessera::kernels::cuda
