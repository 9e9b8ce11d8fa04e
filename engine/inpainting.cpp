#include "engine/inpainting.h"

#include <ATen/ATen.h>

#include "engine/image_convert.h"

namespace tessera::engine {
namespace {

constexpr std::uint8_t kWhite = 128;  // from here on a mask's pixel says "change"

bool changes(const Image& mask, std::size_t pixel) {
  return mask.pixels[3 * pixel] >= kWhite;
}

}  // namespace

Inpainting::Inpainting(const pipeline::Pipeline& pipeline, const GenerateRequest& request)
    : request_(request) {
  if (!request.start) return;
  if (pipeline.facts().path == pipeline::kGaussianPath) {
    images_ = to_tensor(*request.start);
  } else {
    codes_ = pipeline.encode(to_tensor(*request.start)).flatten(1).to(at::kCPU);
  }
  if (!request.mask) return;
  const Image& mask = *request.mask;
  at::Tensor white = at::zeros({mask.height, mask.width}, at::kBool);
  for (std::size_t i = 0; i < mask.pixels.size() / 3; ++i) {
    white.mutable_data_ptr<bool>()[i] = changes(mask, i);
  }
  const std::int64_t s = pipeline.facts().codec.downsample();
  keep_ =
      white.view({mask.height / s, s, mask.width / s, s}).any(3).any(1).logical_not().view({1, -1});
}

pipeline::Start Inpainting::start(std::int64_t rows) const {
  pipeline::Start start{.strength = request_.strength};
  if (codes_.defined()) start.codes = codes_.expand({rows, -1}).contiguous();
  if (images_.defined()) start.images = images_.expand({rows, -1, -1, -1}).contiguous();
  if (keep_.defined()) start.keep = keep_.expand({rows, -1}).contiguous();
  return start;
}

void Inpainting::restore(Image& image) const {
  if (!request_.mask) return;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    if (!changes(*request_.mask, i / 3)) image.pixels[i] = request_.start->pixels[i];
  }
}

bool Inpainting::keeps_everything() const {
  return keep_.defined() && keep_.all().item<bool>();
}

}  // namespace tessera::engine
