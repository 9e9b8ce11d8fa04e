#pragma once

#include <cstdint>
#include <string>

#include "kernels/draw_codes.h"
#include "kernels/gelu2.h"
#include "kernels/nearest_code.h"
#include "kernels/residual_norm.h"

namespace tessera::kernels {

/// Changes with every change of the table below or of an argument struct that it takes.
inline constexpr std::int64_t kCudaKernelsVersion = 2;

/// Our kernels for NVIDIA GPUs, as libtessera_cuda.so gives them out: the same functions of the
/// same argument structs as on the CPU, over all groups, rows or tokens at once. Pointers are the
/// device's; `stream` is a cudaStream_t of the current device. Nothing is waited for. Each returns
/// null, or why it could not be launched.
struct CudaKernels {
  std::int64_t version = kCudaKernelsVersion;
  /// REQUIRES: width a multiple of 4 and at most kWidestCudaRow; rows aligned to 16 bytes.
  const char* (*residual_norm)(const ResidualNorm<float>&, std::int64_t groups, void* stream);
  const char* (*residual_norm_half)(const ResidualNorm<Bfloat16>&,
                                    std::int64_t groups,
                                    void* stream);
  const char* (*residual_norm_gradient)(const ResidualNormGradient<float>&,
                                        std::int64_t groups,
                                        void* stream);
  const char* (*residual_norm_gradient_half)(const ResidualNormGradient<Bfloat16>&,
                                             std::int64_t groups,
                                             void* stream);
  const char* (*gelu2)(const Gelu2<float>&, std::int64_t numbers, void* stream);
  const char* (*gelu2_half)(const Gelu2<Bfloat16>&, std::int64_t numbers, void* stream);
  const char* (*nearest_code)(const NearestCode&, std::int64_t rows, void* stream);
  /// REQUIRES: at most kMostCudaCodes codes.
  const char* (*draw_codes)(const DrawCodes&, std::int64_t tokens, void* stream);

  // The one for these arguments, over so many groups, numbers, rows or tokens.
  const char* launch(const ResidualNorm<float>& args, std::int64_t count, void* stream) const {
    return residual_norm(args, count, stream);
  }
  const char* launch(const ResidualNorm<Bfloat16>& args, std::int64_t count, void* stream) const {
    return residual_norm_half(args, count, stream);
  }
  const char* launch(const ResidualNormGradient<float>& args,
                     std::int64_t count,
                     void* stream) const {
    return residual_norm_gradient(args, count, stream);
  }
  const char* launch(const ResidualNormGradient<Bfloat16>& args,
                     std::int64_t count,
                     void* stream) const {
    return residual_norm_gradient_half(args, count, stream);
  }
  const char* launch(const Gelu2<float>& args, std::int64_t count, void* stream) const {
    return gelu2(args, count, stream);
  }
  const char* launch(const Gelu2<Bfloat16>& args, std::int64_t count, void* stream) const {
    return gelu2_half(args, count, stream);
  }
  const char* launch(const NearestCode& args, std::int64_t count, void* stream) const {
    return nearest_code(args, count, stream);
  }
  const char* launch(const DrawCodes& args, std::int64_t count, void* stream) const {
    return draw_codes(args, count, stream);
  }
};

/// A row of a norm stays in a warp's registers.
inline constexpr std::int64_t kWidestCudaRow = 1408;

/// A row of logits stays in a block's registers.
inline constexpr std::int64_t kMostCudaCodes = 16384;

/// The plug-in's one symbol: a function without arguments that returns its `const CudaKernels*`.
inline constexpr const char* kCudaKernelsSymbol = "tessera_cuda_kernels";

/// Opens libtessera_cuda.so: its table, or null with the loader's reason in `missing` where there
/// is none. Throws kUnavailable where the library is another one, or of another version than this
/// program.
const CudaKernels* open_cuda_kernels(std::string& missing);

}  // namespace tessera::kernels
