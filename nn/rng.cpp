#include "nn/rng.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/error.h"
#include "kernels/philox_fill.h"
#include "nn/philox_ops.h"
#include "nn/transfer.h"

namespace tessera::nn {
namespace {

using Fill = void (*)(const kernels::PhiloxFill&, std::int64_t, std::int64_t);
using FillThere = at::Tensor (*)(at::Device, const PhiloxRows&);

constexpr std::int64_t kWorthADevice = 1 << 16;  // numbers; fewer are drawn sooner than a hundred
                                                 // kernels are launched

at::Tensor fill(const Rng& rng,
                Fill kernel,
                FillThere there,
                Purpose purpose,
                std::int64_t step,
                at::IntArrayRef shape,
                at::Device device) {
  TESSERA_CHECK(rng.images.defined() && rng.images.dim() == 1,
                kShapeMismatch,
                "Rng.images must be a [B] tensor of image indices");
  const at::Tensor images = rng.images.to(at::kCPU, at::kLong).contiguous();
  const at::Tensor seeds =
      rng.seeds.defined() ? rng.seeds.to(at::kCPU, at::kLong).contiguous() : at::Tensor();
  TESSERA_CHECK(!seeds.defined() || seeds.sizes() == images.sizes(),
                kShapeMismatch,
                "Rng.seeds must have one entry an image");
  std::vector<std::int64_t> sizes{images.size(0)};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  const std::int64_t numbers = c10::multiply_integers(sizes);
  if (!device.is_cpu() && numbers >= kWorthADevice) {
    return there(device,
                 {.seeds = seeds.defined()
                               ? seeds
                               : at::full_like(images, static_cast<std::int64_t>(rng.seed)),
                  .images = images,
                  .per_image = numbers / images.size(0),
                  .purpose = purpose,
                  .step = static_cast<std::uint32_t>(step)})
        .view(sizes);
  }
  at::Tensor out = at::empty(sizes, at::kFloat);
  const kernels::PhiloxFill args{
      .seed = rng.seed,
      .seeds = seeds.defined() ? seeds.const_data_ptr<std::int64_t>() : nullptr,
      .images = images.const_data_ptr<std::int64_t>(),
      .rows = images.size(0),
      .per_image = images.size(0) > 0 ? out.numel() / images.size(0) : 0,
      .purpose = purpose,
      .step = static_cast<std::uint32_t>(step),
      .out = out.mutable_data_ptr<float>()};
  at::parallel_for(
      0, args.rows, 1, [&](std::int64_t begin, std::int64_t end) { kernel(args, begin, end); });
  return to_device(out, device);
}

/// In float64 and rounded once, so that devices whose log differs in the last bit agree.
at::Tensor gumbel_of(const at::Tensor& uniform) {
  return uniform.to(at::kDouble).log().neg().log().neg().to(at::kFloat);
}

}  // namespace

Rng Rng::of_run(std::uint64_t seed, std::int64_t first, std::int64_t count) {
  return {.seed = seed, .images = at::arange(first, first + count, at::kLong)};
}

Rng Rng::of_seeds(std::span<const std::uint64_t> seeds) {
  const auto count = static_cast<std::int64_t>(seeds.size());
  Rng rng{.images = at::zeros({count}, at::kLong), .seeds = at::empty({count}, at::kLong)};
  for (std::int64_t row = 0; row < count; ++row) {
    rng.seeds.mutable_data_ptr<std::int64_t>()[row] =
        static_cast<std::int64_t>(seeds[static_cast<std::size_t>(row)]);
  }
  return rng;
}

at::Tensor Rng::uniform(Purpose purpose,
                        std::int64_t step,
                        at::IntArrayRef shape,
                        at::Device device) const {
  return fill(*this, kernels::philox_uniform, philox_uniform_on, purpose, step, shape, device);
}

at::Tensor Rng::normal(Purpose purpose,
                       std::int64_t step,
                       at::IntArrayRef shape,
                       at::Device device) const {
  return fill(*this, kernels::philox_normal, philox_normal_on, purpose, step, shape, device);
}

at::Tensor Rng::gumbel(Purpose purpose,
                       std::int64_t step,
                       at::IntArrayRef shape,
                       at::Device device) const {
  return to_device(gumbel_of(uniform(purpose, step, shape)), device);
}

at::Tensor Noise::uniform(Purpose purpose,
                          std::int64_t step,
                          at::IntArrayRef shape,
                          at::Device device) const {
  if (!recorded) return rng.uniform(purpose, step, shape, device);
  std::vector<std::int64_t> sizes{-1};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  return recorded->to(device).reshape(sizes);
}

at::Tensor Noise::gumbel(Purpose purpose,
                         std::int64_t step,
                         at::IntArrayRef shape,
                         at::Device device) const {
  const at::Tensor u = uniform(purpose, step, shape);
  if (recorded) return u.add(1e-30).log().neg().add(1e-30).log().neg().to(device);
  return gumbel_of(u).to(device);
}

}  // namespace tessera::nn
