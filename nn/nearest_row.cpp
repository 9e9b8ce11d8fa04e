#include "nn/nearest_row.h"

#include <ATen/ATen.h>

#include "nn/cuda_kernels.h"

namespace tessera::nn {

at::Tensor nearest_row(const at::Tensor& z, const at::Tensor& table) {
  const at::Tensor rows = z.contiguous();
  const at::Tensor codes = table.contiguous();
  const at::Tensor nearest = at::empty({z.size(0)}, z.options().dtype(at::kLong));
  const kernels::NearestCode args{.codes = codes.size(0),
                                  .width = codes.size(1),
                                  .z = rows.const_data_ptr<float>(),
                                  .codebook = codes.const_data_ptr<float>(),
                                  .nearest = nearest.mutable_data_ptr<std::int64_t>()};
  launch_kernel("nearest_code", args, z.size(0), z);
  return nearest;
}

bool fits_nearest_row(const at::Tensor& z, const at::Tensor& table) {
  return cuda_kernels() != nullptr && z.is_cuda() && z.device() == table.device() &&
         z.scalar_type() == at::kFloat && table.scalar_type() == at::kFloat && table.size(0) > 0;
}

}  // namespace tessera::nn
