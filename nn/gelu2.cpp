#include "nn/gelu2.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "kernels/gelu2.h"
#include "nn/cuda_kernels.h"

namespace tessera::nn {
namespace {

constexpr std::int64_t kNumbersOfAThread = 1 << 15;  // at least; some ten microseconds

template <typename Number>
void run(const at::Tensor& x) {
  const kernels::Gelu2<Number> args{static_cast<Number*>(x.mutable_data_ptr())};
  if (x.is_cuda()) {
    launch_kernel("gelu2", args, x.numel(), x);
    return;
  }
  at::parallel_for(0, x.numel(), kNumbersOfAThread, [&](std::int64_t first, std::int64_t last) {
    kernels::gelu2(args, first, last);
  });
}

}  // namespace

void gelu2_in_place(const at::Tensor& x) {
  if (x.scalar_type() == at::kFloat) {
    run<float>(x);
  } else {
    run<kernels::Bfloat16>(x);
  }
}

bool fits_gelu2_in_place(const at::Tensor& x) {
  const bool known = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  const bool recorded = c10::GradMode::is_enabled() && x.requires_grad();
  const bool here = x.is_cpu() || (x.is_cuda() && cuda_kernels() != nullptr);
  return known && here && x.is_contiguous() && !recorded;
}

}  // namespace tessera::nn
