#include "eval/inception/block_output.h"

#include <cstring>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "nn/pooling.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kRowsOfAThread = 8;
constexpr auto kLast = at::MemoryFormat::ChannelsLast;

void copy_pixels(const at::Tensor& from, const at::Tensor& to) {
  const auto bytes = static_cast<std::size_t>(from.size(1) * from.element_size());
  const auto step = static_cast<std::size_t>(to.stride(3) * to.element_size());
  const auto* source = static_cast<const char*>(from.const_data_ptr());
  auto* target = static_cast<char*>(to.data_ptr());
  const std::int64_t row = from.size(3);
  at::parallel_for(0, from.size(0) * from.size(2), kRowsOfAThread, [&](auto first, auto last) {
    for (auto pixel = static_cast<std::size_t>(first * row);
         pixel < static_cast<std::size_t>(last * row);
         ++pixel) {
      std::memcpy(target + pixel * step, source + pixel * bytes, bytes);
    }
  });
}

}  // namespace

BlockOutput::BlockOutput(const at::Tensor& x, std::int64_t channels, std::int64_t side)
    : all_(at::empty({x.size(0), channels, side, side}, x.options(), kLast)) {}

at::Tensor BlockOutput::next(std::int64_t channels) {
  used_ += channels;
  return all_.narrow(1, used_ - channels, channels);
}

void BlockOutput::add(const at::Tensor& branch) {
  const at::Tensor place = next(branch.size(1));
  if (branch.is_cpu() && branch.is_contiguous(kLast)) {
    copy_pixels(branch, place);
  } else {
    place.copy_(branch);
  }
}

void BlockOutput::add_maximum(const at::Tensor& x, std::int64_t stride, std::int64_t padding) {
  nn::maximum_into(x, stride, padding, next(x.size(1)));
}

void BlockOutput::add_rectified_mean(const at::Tensor& x) {
  nn::rectified_mean_into(x, next(x.size(1)));
}

at::Tensor halved_maximum(const at::Tensor& x) {
  const std::int64_t side = (x.size(2) - 3) / 2 + 1;
  at::Tensor out = at::empty({x.size(0), x.size(1), side, side}, x.options(), kLast);
  nn::maximum_into(x, 2, 0, out);
  return out;
}

}  // namespace tessera::eval
