#include "lab/times.h"

#include <ATen/ATen.h>

namespace tessera::lab {

at::Tensor times_of(std::int64_t t, std::int64_t rows) {
  return at::full({rows}, t, at::TensorOptions(at::kLong));
}

at::Tensor as_pictures(const at::Tensor& numbers) {
  return numbers.reshape({-1, 1, 1, 1});
}

at::Tensor as_numbers(const at::Tensor& pictures) {
  return pictures.reshape({-1});
}

}  // namespace tessera::lab
