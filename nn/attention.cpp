#include "nn/attention.h"

#include <cmath>

#include <torch/nn.h>

#include "core/error.h"
#include "nn/masked_softmax.h"

namespace tessera::nn {
namespace {

/// [B, N, D] -> [B, heads, N, D / heads], a view.
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.unflatten(-1, {heads, -1}).transpose(1, 2);
}

/// Torch's fused attention has a backward pass in bfloat16 on the CPU that takes fifteen times as
/// long as the three plain products (measured at 64 positions, 32 to 64 wide heads).
bool plain_products_are_faster(const at::Tensor& query) {
  return query.is_cpu() && query.scalar_type() == at::kBFloat16 && query.requires_grad();
}

at::Tensor plain_attention(const at::Tensor& query, const KeysValues& kv, const at::Tensor& mask) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(-1)));
  const at::Tensor scores = at::matmul(query, kv.keys.transpose(-2, -1));
  if (mask.defined() && mask.size(2) > 1) {  // another for every query
    const at::Tensor hidden = mask.logical_not();
    const at::Tensor share = (scores * scale).masked_fill(hidden, -HUGE_VAL).softmax(-1);
    return at::matmul(share.to(kv.values.scalar_type()), kv.values);
  }
  const at::Tensor visible = mask.defined() ? mask.flatten(1) : mask;
  return at::matmul(masked_softmax(scores, visible, scale), kv.values);
}

at::Tensor attend(const at::Tensor& query, const KeysValues& kv, const at::Tensor& mask) {
  const std::optional<at::Tensor> bias = mask.defined() ? std::optional(mask) : std::nullopt;
  const at::Tensor heads = plain_products_are_faster(query)
                               ? plain_attention(query, kv, mask)
                               : at::scaled_dot_product_attention(query, kv.keys, kv.values, bias);
  return heads.transpose(1, 2).flatten(2);
}

void check_heads(std::int64_t width, std::int64_t heads) {
  TESSERA_CHECK(heads > 0 && width > 0 && width % heads == 0,
                kInvalidArgument,
                "width must be a multiple of heads, got width ",
                width,
                " and ",
                heads,
                " heads");
}

}  // namespace

at::Tensor attention_mask(const at::Tensor& mask) {
  return mask.defined() ? mask.unsqueeze(1).unsqueeze(1) : mask;
}

SelfAttentionImpl::SelfAttentionImpl(std::int64_t width, std::int64_t heads) : heads_(heads) {
  check_heads(width, heads);
  qkv_ = register_module("qkv", Linear(width, 3 * width));
  out_ = register_module("out", Linear(width, width));
}

at::Tensor SelfAttentionImpl::forward(const at::Tensor& x, const at::Tensor& mask) {
  // unbind, not chunk: its gradient is one stack instead of a sum of three padded tensors
  const auto qkv = qkv_(x).unflatten(-1, {3, x.size(-1)}).unbind(2);
  const KeysValues kv{split_heads(qkv[1], heads_), split_heads(qkv[2], heads_)};
  return out_(attend(split_heads(qkv[0], heads_), kv, mask));
}

CrossAttentionImpl::CrossAttentionImpl(std::int64_t width,
                                       std::int64_t condition_width,
                                       std::int64_t heads)
    : heads_(heads) {
  check_heads(width, heads);
  query_ = register_module("query", Linear(width, width));
  key_value_ = register_module("key_value", Linear(condition_width, 2 * width));
  out_ = register_module("out", Linear(width, width));
}

KeysValues CrossAttentionImpl::keys_values(const at::Tensor& condition) {
  const auto kv = key_value_(condition).unflatten(-1, {2, -1}).unbind(2);
  return {split_heads(kv[0], heads_), split_heads(kv[1], heads_)};
}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& x,
                                       const KeysValues& condition,
                                       const at::Tensor& mask) {
  return out_(attend(split_heads(query_(x), heads_), condition, mask));
}

}  // namespace tessera::nn
