#include "nn/philox_ops.h"

#include <array>
#include <cstdint>
#include <numbers>

#include <ATen/ATen.h>

#include "nn/transfer.h"

namespace tessera::nn {
namespace {

constexpr std::int64_t kWord = 0xFFFFFFFF;

at::Tensor low(const at::Tensor& x) {
  return x.bitwise_and(kWord);
}

/// Of a product of two words, which may have wrapped round: its upper 32 bits are right all the
/// same, once the copies of the sign are cut off.
at::Tensor high(const at::Tensor& product) {
  return low(product.bitwise_right_shift(32));
}

/// [B, blocks, 4] int64 in [0, 2^32): philox4x32 of core/philox.h, a word a 64-bit number.
at::Tensor words(at::Device device, const PhiloxRows& rows) {
  const std::int64_t blocks = (rows.per_image + 3) / 4;
  const auto column = [&](const at::Tensor& x) { return to_device(x, device).unsqueeze(1); };
  at::Tensor key0 = column(low(rows.seeds));
  at::Tensor key1 = column(high(rows.seeds));
  const auto longs = at::TensorOptions(device).dtype(at::kLong);
  std::array<at::Tensor, 4> c{at::arange(blocks, longs).unsqueeze(0),
                              at::full({1, 1}, std::int64_t{rows.step}, longs),
                              column(low(rows.images)),
                              at::full({1, 1}, static_cast<std::int64_t>(rows.purpose), longs)};
  for (int round = 0; round < 10; ++round) {
    const at::Tensor p = c[0] * std::int64_t{0xD2511F53};
    const at::Tensor q = c[2] * std::int64_t{0xCD9E8D57};
    c = {high(q).bitwise_xor(c[1]).bitwise_xor(key0),
         low(q),
         high(p).bitwise_xor(c[3]).bitwise_xor(key1),
         low(p)};
    key0 = low(key0 + std::int64_t{0x9E3779B9});
    key1 = low(key1 + std::int64_t{0xBB67AE85});
  }
  const std::array<std::int64_t, 2> shape{rows.images.size(0), blocks};
  return at::stack({c[0].expand(shape), c[1].expand(shape), c[2].expand(shape), c[3].expand(shape)},
                   2);
}

/// unit() of core/philox.h: exact in float32.
at::Tensor units(const at::Tensor& words) {
  return (words.bitwise_right_shift(9).to(at::kFloat) + 0.5) * 0x1p-23;
}

at::Tensor cut(const at::Tensor& numbers, std::int64_t per_image) {
  return numbers.flatten(1).slice(1, 0, per_image).contiguous();
}

}  // namespace

at::Tensor philox_uniform_on(at::Device device, const PhiloxRows& rows) {
  return cut(units(words(device, rows)), rows.per_image);
}

at::Tensor philox_normal_on(at::Device device, const PhiloxRows& rows) {
  const at::Tensor u = units(words(device, rows)).unflatten(2, {2, 2}).to(at::kDouble);
  const at::Tensor radius = (u.select(3, 0).log() * -2.0).sqrt();
  const at::Tensor angle = u.select(3, 1) * (2.0 * std::numbers::pi);
  return cut(at::stack({radius * angle.cos(), radius * angle.sin()}, 3).to(at::kFloat),
             rows.per_image);
}

}  // namespace tessera::nn
