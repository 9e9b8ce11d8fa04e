#include "nn/pooling.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "kernels/pool_rows.h"

namespace tessera::nn {
namespace {

constexpr std::int64_t kRowsOfAThread = 8;

bool has_kernel(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && x.size(1) % kernels::kLanes == 0;
}

template <typename Number>
kernels::PoolRows<Number> pool_args(const at::Tensor& x,
                                    std::int64_t stride,
                                    std::int64_t padding,
                                    const at::Tensor& out) {
  return {.side = x.size(2),
          .channels = x.size(1),
          .stride = stride,
          .padding = padding,
          .out_side = out.size(2),
          .out_channels = out.stride(3),
          .in = static_cast<const Number*>(x.const_data_ptr()),
          .out = static_cast<Number*>(out.data_ptr())};
}

/// `pool` over the rows of `out`, whichever of the two types its numbers are.
template <typename Pool>
void pool_rows(const at::Tensor& x,
               std::int64_t stride,
               std::int64_t padding,
               const at::Tensor& out,
               const Pool& pool) {
  at::parallel_for(0, out.size(0) * out.size(2), kRowsOfAThread, [&](auto first, auto last) {
    if (x.scalar_type() == at::kFloat) {
      pool(pool_args<float>(x, stride, padding, out), first, last);
    } else {
      pool(pool_args<kernels::Bfloat16>(x, stride, padding, out), first, last);
    }
  });
}

}  // namespace

void maximum_into(const at::Tensor& x,
                  std::int64_t stride,
                  std::int64_t padding,
                  const at::Tensor& out) {
  if (!has_kernel(x)) {
    out.copy_(at::max_pool2d(x, {3, 3}, {stride, stride}, {padding, padding}));
    return;
  }
  pool_rows(x, stride, padding, out, [](const auto& args, auto first, auto last) {
    kernels::maximum_rows(args, first, last);
  });
}

void rectified_mean_into(const at::Tensor& x, const at::Tensor& out) {
  if (!has_kernel(x)) {
    out.copy_(
        at::avg_pool2d(x, {3, 3}, {1, 1}, {1, 1}, false, /*count_include_pad=*/false).relu_());
    return;
  }
  pool_rows(x, 1, 1, out, [](const auto& args, auto first, auto last) {
    kernels::rectified_mean_rows(args, first, last);
  });
}

}  // namespace tessera::nn
