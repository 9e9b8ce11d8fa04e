#pragma once

#include <string_view>

#include <c10/core/Device.h>

namespace tessera::nn {

/// "cpu", "cuda", "cuda:1", "auto" -> a device that works. Loads libtorch_cuda.so when CUDA is
/// named, or for "auto" when it is there, and libtessera_cuda.so, our own kernels, where they were
/// built. "cuda" that does not work throws kUnavailable with the reason (no LibTorch with CUDA, no
/// driver, no such index); "auto" logs it instead.
/// Nobody else may ask Torch about CUDA: a question before the library is loaded pins "none".
c10::Device resolve_device(std::string_view name);

/// Threads of Torch's operators and of our kernels; 0 = one a physical core. Throws
/// kInvalidArgument below 0 or above 1024. Results do not depend on it.
void set_threads(int threads);

}  // namespace tessera::nn
