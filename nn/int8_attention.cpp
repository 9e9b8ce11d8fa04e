#include "nn/int8_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/error.h"

namespace tessera::nn {
namespace {

template <typename Number>
kernels::HeadRows<Number> rows_of(const ProductColumns& x) {
  return {.values = static_cast<const Number*>(x.values.const_data_ptr()),
          .stride = x.values.stride(0),
          .scales = x.scales.defined() ? x.scales.const_data_ptr<float>() : nullptr,
          .bias = x.bias.defined() ? x.bias.const_data_ptr<float>() : nullptr};
}

template <typename Number>
void pack(const ProductColumns& keys,
          const ProductColumns& values,
          const at::Tensor& visible,
          const Int8KeysValues& to) {
  const kernels::PackInt8Keys<Number> args{
      .heads = to.heads,
      .head_width = to.head_width,
      .length = to.length,
      .keys = rows_of<Number>(keys),
      .values = rows_of<Number>(values),
      .visible = visible.defined() ? visible.const_data_ptr<bool>() : nullptr,
      .packed = to.packed.mutable_data_ptr<std::int8_t>(),
      .seen = to.seen.mutable_data_ptr<std::int64_t>()};
  at::parallel_for(0, to.seen.size(0) * to.heads, 1, [&](std::int64_t first, std::int64_t last) {
    kernels::pack_int8_keys(args, first, last);
  });
}

template <typename Number>
void attend_to(const ProductColumns& queries, const Int8KeysValues& kv, const Int8Rows& to) {
  const kernels::Int8Attention<Number> args{.heads = kv.heads,
                                            .head_width = kv.head_width,
                                            .rows = queries.values.size(0) / kv.seen.size(0),
                                            .queries = rows_of<Number>(queries),
                                            .length = kv.length,
                                            .packed = kv.packed.const_data_ptr<std::int8_t>(),
                                            .seen = kv.seen.const_data_ptr<std::int64_t>(),
                                            .out = to.out()};
  const std::int64_t blocks = kv.seen.size(0) * kernels::attention_blocks(args.rows);
  at::parallel_for(0, blocks, 1, [&](std::int64_t first, std::int64_t last) {
    kernels::int8_attention(args, first, last);
  });
}

bool is_bfloat16(const at::Tensor& x) {
  TESSERA_CHECK(x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16,
                kInternal,
                "8-bit attention takes float32 or bfloat16");
  return x.scalar_type() == at::kBFloat16;
}

}  // namespace

Int8Rows::Int8Rows(std::int64_t rows, std::int64_t width)
    : values(at::empty({rows, width}, at::kChar)), scales(at::empty({rows}, at::kFloat)) {}

Int8KeysValues pack_keys_values(const ProductColumns& keys,
                                const ProductColumns& values,
                                std::int64_t sequences,
                                std::int64_t heads,
                                const at::Tensor& visible) {
  Int8KeysValues made{.seen = at::empty({sequences}, at::kLong),
                      .length = keys.values.size(0) / sequences,
                      .heads = heads,
                      .head_width = keys.values.size(1) / heads};
  TESSERA_CHECK(made.length <= kernels::kMostInt8Keys,
                kInvalidArgument,
                "attention in 8 bits takes up to ",
                kernels::kMostInt8Keys,
                " positions, got ",
                made.length);
  const kernels::Int8KeysLayout layout(made.length, made.head_width);
  made.packed = at::empty({sequences, heads, layout.bytes()}, at::kChar);
  if (is_bfloat16(keys.values)) {
    pack<kernels::Bfloat16>(keys, values, visible, made);
  } else {
    pack<float>(keys, values, visible, made);
  }
  return made;
}

Int8KeysValues pack_keys_values(const KeysValues& kv, const at::Tensor& visible) {
  const auto rows = [](const at::Tensor& heads) {  // [B, heads, L, D / heads] -> [B L, D]
    return ProductColumns{
        .values = heads.transpose(1, 2).flatten(2).flatten(0, 1).to(at::kFloat).contiguous()};
  };
  return pack_keys_values(rows(kv.keys),
                          rows(kv.values),
                          kv.keys.size(0),
                          kv.keys.size(1),
                          visible.defined() ? visible.contiguous() : visible);
}

Int8Rows attend(const ProductColumns& queries, const Int8KeysValues& kv) {
  const Int8Rows result(queries.values.size(0), kv.heads * kv.head_width);
  if (is_bfloat16(queries.values)) {
    attend_to<kernels::Bfloat16>(queries, kv, result);
  } else {
    attend_to<float>(queries, kv, result);
  }
  return result;
}

}  // namespace tessera::nn
