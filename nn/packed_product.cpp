#include "nn/packed_product.h"

#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include "kernels/int8_units.h"
#include "kernels/targets.h"

namespace tessera::nn {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;

// Torch declares these four for its compiler alone, so they are found by name.

at::Tensor pack_bfloat16(const at::Tensor& weight, std::int64_t rows) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                             .typed<at::Tensor(const at::Tensor&, std::optional<std::int64_t>)>();
  return op.call(weight, rows);
}

at::Tensor multiply_bfloat16(const at::Tensor& x,
                             const at::Tensor& weight,
                             const at::Tensor& bias) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                             .typed<at::Tensor(const at::Tensor&,
                                               const at::Tensor&,
                                               const std::optional<at::Tensor>&,
                                               std::string_view,
                                               Scalars,
                                               std::optional<std::string_view>)>();
  return op.call(x, weight, bias, "none", Scalars(), "");
}

at::Tensor pack_int8(const at::Tensor& weight, std::int64_t rows) {
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("onednn::qlinear_prepack", "")
          .typed<at::Tensor(at::Tensor, std::optional<c10::List<std::int64_t>>)>();
  return op.call(weight, c10::List<std::int64_t>({rows, weight.size(1)}));
}

bool has_vnni() {
  return kernels::has_int8_unit(kernels::Int8Unit::kAvx512Vnni) ||
         kernels::has_int8_unit(kernels::Int8Unit::kAvxVnni);
}

bool has_amx() {
  return kernels::has_int8_unit(kernels::Int8Unit::kAmx);
}

/// Whether signed bytes have to be made unsigned ones to be multiplied at speed: with VNNI and no
/// AMX, where the library has nothing but a loop for two signed ones, thousands of times slower.
/// Without VNNI they stay: the unsigned products of such processors saturate at 16 bits.
bool shifts_bytes() {
  return has_vnni() && !has_amx();
}

/// x + 128 as an unsigned byte is x with its highest bit turned; 128 is then its zero point.
constexpr std::int64_t kMiddle = 128;

at::Tensor multiply_int8(const at::Tensor& x,
                         const at::Tensor& weight,
                         const at::Tensor& scales,
                         const at::Tensor& zeros,
                         at::ScalarType type) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("onednn::qlinear_pointwise", "")
                             .typed<at::Tensor(at::Tensor,
                                               double,
                                               std::int64_t,
                                               at::Tensor,
                                               at::Tensor,
                                               at::Tensor,
                                               std::optional<at::Tensor>,
                                               double,
                                               std::int64_t,
                                               std::optional<at::ScalarType>,
                                               std::string_view,
                                               Scalars,
                                               std::string_view)>();
  const bool shifted = shifts_bytes();
  return op.call(shifted ? x.view(at::kByte).bitwise_xor(kMiddle) : x,
                 1.0,
                 shifted ? kMiddle : 0,
                 weight,
                 scales,
                 zeros,
                 std::nullopt,
                 1.0,
                 0,
                 type,
                 "none",
                 Scalars(),
                 "");
}

}  // namespace

bool has_int8_units() {
  return has_vnni() || has_amx();
}

bool takes_bfloat16() {
  return kernels::best_target() == kernels::Target::kAvx512;
}

bool has_bfloat16_units() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");  // processors with AMX have these too
#else
  return false;
#endif
}

Bfloat16Product::Bfloat16Product(const at::Tensor& weight,
                                 const at::Tensor& bias,
                                 std::int64_t rows)
    : weight_(pack_bfloat16(weight.to(at::kBFloat16), rows)), bias_(bias.to(at::kBFloat16)) {}

at::Tensor Bfloat16Product::operator()(const at::Tensor& x) const {
  return multiply_bfloat16(x, weight_, bias_);
}

Int8Product::Int8Product(const at::Tensor& weight, const at::Tensor& bias, std::int64_t rows)
    : bias_(bias.to(at::kFloat).contiguous()) {
  const at::Tensor wide = weight.to(at::kFloat);
  scales_ = wide.abs().amax(1).div(127.0).clamp_min(1e-30);
  zeros_ = at::zeros({weight.size(0)}, at::kInt);
  weight_ = pack_int8((wide / scales_.unsqueeze(1)).round_().to(at::kChar), rows);
}

at::Tensor Int8Product::operator()(const at::Tensor& x, at::ScalarType type) const {
  return multiply_int8(x, weight_, scales_, zeros_, type);
}

}  // namespace tessera::nn
