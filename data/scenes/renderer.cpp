#include "data/scenes/renderer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "data/scenes/places.h"
#include "data/scenes/scene.h"
#include "kernels/draw_sprites.h"
#include "nn/transfer.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kSide = kSpriteSide;
constexpr std::int64_t kChunk = 64;  // scenes a matrix product handles at once

/// [B, 128, 128]: the part of canvas pixel y (rows) that source pixel u (columns) covers.
at::Tensor area_weights(const at::Tensor& center, const at::Tensor& side) {
  const at::Tensor step = (side / kSide).unsqueeze(1);
  const at::Tensor source = at::arange(kSide + 1, side.options()).unsqueeze(0);
  const at::Tensor edges = (center - side / 2).unsqueeze(1) + source * step;
  const at::Tensor low = edges.slice(1, 0, kSide).unsqueeze(1);
  const at::Tensor high = edges.slice(1, 1, kSide + 1).unsqueeze(1);
  const at::Tensor canvas = at::arange(kSide, side.options()).view({1, kSide, 1});
  return (at::minimum(high, canvas + 1) - at::maximum(low, canvas)).clamp_min(0);
}

/// Plain colours, and the places of the rows that have one, [B, 3, 128, 128] in [0, 1].
at::Tensor draw_backgrounds(const SceneProgram& s, at::Device device) {
  at::Tensor out = (nn::to_device(s.background_rgb, device) / 255)
                       .view({-1, 3, 1, 1})
                       .expand({-1, 3, kSide, kSide})
                       .contiguous();
  const at::Tensor rows = s.place.ge(0).nonzero().view({-1});
  if (rows.numel() > 0) {
    const at::Tensor values = nn::to_device(s.place_values.index_select(0, rows), device);
    out.index_copy_(
        0, nn::to_device(rows, device), draw_places(s.place.index_select(0, rows), values));
  }
  return out;
}

SceneProgram slice(const SceneProgram& s, std::int64_t first, std::int64_t last) {
  const auto part = [&](const at::Tensor& t) { return t.slice(0, first, last).contiguous(); };
  return {part(s.kind),
          part(s.background),
          part(s.place),
          part(s.noun),
          part(s.colour),
          part(s.variant),
          part(s.wording),
          part(s.sprite),
          part(s.center),
          part(s.side),
          part(s.mirror),
          part(s.background_rgb),
          part(s.place_values)};
}

at::Tensor draw_chunk(const Atlas& atlas, const SceneProgram& s, std::int64_t resolution) {
  const at::Device device = atlas.palette.device();
  at::Tensor canvas = draw_backgrounds(s, device);
  for (std::int64_t k = 0; k < kMaxObjects; ++k) {
    const at::Tensor sprite = s.sprite.select(1, k);
    const at::Tensor rows = sprite.ne(kNoSprite).nonzero().view({-1});
    if (rows.numel() == 0) continue;
    const auto column = [&](const at::Tensor& t) {
      return nn::to_device(t.select(1, k).index_select(0, rows), device);
    };
    const at::Tensor center = column(s.center);
    const at::Tensor wy = area_weights(center.select(1, 0), column(s.side));
    at::Tensor wx = area_weights(center.select(1, 1), column(s.side));
    wx = at::where(column(s.mirror).view({-1, 1, 1}), wx.flip(2), wx);
    const at::Tensor layer =
        at::matmul(at::matmul(wy.unsqueeze(1), atlas.sprites(column(s.sprite))),
                   wx.transpose(1, 2).unsqueeze(1));
    const at::Tensor at_rows = nn::to_device(rows, device);
    const at::Tensor below = canvas.index_select(0, at_rows);
    canvas.index_copy_(0, at_rows, layer.slice(1, 0, 3) + below * (1 - layer.slice(1, 3, 4)));
  }
  if (resolution != kSide) {
    canvas = canvas.view({-1, 3, resolution, 2, resolution, 2}).mean(at::IntArrayRef{3, 5});
  }
  return (canvas.clamp(0, 1) * 255 + 0.5).floor() / 127.5 - 1;
}

/// draw_places() by all threads, some rows each: of a few rows an operator makes no work for many.
at::Tensor paint_places(const at::Tensor& places, const at::Tensor& values) {
  constexpr std::int64_t kAtOnce = 2;
  at::Tensor out = at::empty({places.size(0), 3, kSide, kSide}, values.options());
  at::parallel_for(0, places.size(0), kAtOnce, [&](std::int64_t first, std::int64_t last) {
    out.slice(0, first, last)
        .copy_(draw_places(places.slice(0, first, last), values.slice(0, first, last)));
  });
  return out;
}

}  // namespace

at::Tensor draw_on_cpu(const Atlas& atlas, const SceneProgram& s, std::int64_t resolution) {
  const std::int64_t rows = s.sprite.size(0);
  at::Tensor out = at::empty({rows, 3, resolution, resolution}, at::kFloat);
  const at::Tensor background = (s.background_rgb / 255).contiguous();
  at::Tensor backdrops{};
  at::Tensor backdrop{};
  const at::Tensor with_place = s.place.ge(0);
  if (with_place.any().item<bool>()) {
    const at::Tensor chosen = with_place.nonzero().view({-1});
    backdrops =
        paint_places(s.place.index_select(0, chosen), s.place_values.index_select(0, chosen));
    backdrop = at::where(with_place, with_place.to(at::kLong).cumsum(0) - 1, -1).contiguous();
  }
  const kernels::DrawSprites args{
      .index = atlas.index.const_data_ptr<std::uint8_t>(),
      .box = atlas.box.const_data_ptr<std::int32_t>(),
      .plane = atlas.plane.const_data_ptr<std::int32_t>(),
      .palette = atlas.palette.const_data_ptr<float>(),
      .scenes = rows,
      .objects = kMaxObjects,
      .sprite = s.sprite.const_data_ptr<std::int64_t>(),
      .center = s.center.const_data_ptr<float>(),
      .side = s.side.const_data_ptr<float>(),
      .mirror = s.mirror.const_data_ptr<bool>(),
      .background = background.const_data_ptr<float>(),
      .backdrops = backdrops.defined() ? backdrops.const_data_ptr<float>() : nullptr,
      .backdrop = backdrop.defined() ? backdrop.const_data_ptr<std::int64_t>() : nullptr,
      .resolution = resolution,
      .out = out.mutable_data_ptr<float>()};
  at::parallel_for(0, rows, 1, [&args](std::int64_t first, std::int64_t last) {
    kernels::draw_sprites(args, first, last);
  });
  return out;
}

at::Tensor draw_with_products(const Atlas& atlas, const SceneProgram& s, std::int64_t resolution) {
  const at::NoTF32Guard exact;  // the weights must keep their 24 bits
  std::vector<at::Tensor> parts{};
  for (std::int64_t first = 0; first < s.sprite.size(0); first += kChunk) {
    const std::int64_t last = std::min(first + kChunk, s.sprite.size(0));
    parts.push_back(draw_chunk(atlas, slice(s, first, last), resolution));
  }
  return at::cat(parts);
}

Atlas to_device(const Atlas& atlas, at::Device device) {
  Atlas out = atlas;
  out.index = atlas.index.to(device);
  out.palette = atlas.palette.to(device);
  out.plane = atlas.plane.to(device);
  out.box = atlas.box.to(device);
  return out;
}

}  // namespace tessera::data
