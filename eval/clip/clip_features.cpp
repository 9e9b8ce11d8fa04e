#include "eval/clip/clip_features.h"

#include <torch/nn.h>

#include "core/error.h"
#include "eval/clip/preprocess.h"

namespace tessera::eval {
namespace {

class ClipFeatures final : public FeatureExtractor {
 public:
  explicit ClipFeatures(const LoadedClip& clip)
      : model_(clip.model), device_(clip.model->parameters().front().device()) {
    const ClipOptions& o = clip.model->options();
    facts_ = {.name = "clip",
              .weights = clip.sha256,
              .preprocessing = concat("clip-bicubic-", o.vision.resolution),
              .dims = o.projection};
  }

  const FeatureFacts& facts() const override { return facts_; }

  at::Tensor prepare(const at::Tensor& picture) const override {
    return clip_picture(picture, options());
  }

  Features extract(const at::Tensor& inputs) const override {
    const at::NoGradGuard no_grad;
    ClipModel model = model_;
    return {.pooled = model->image_features(inputs.to(device_)).to(at::kCPU).contiguous()};
  }

 private:
  const ClipOptions& options() const { return model_.get()->options(); }

  ClipModel model_;
  at::Device device_;
  FeatureFacts facts_{};
};

}  // namespace

std::unique_ptr<const FeatureExtractor> make_clip_features(const LoadedClip& clip) {
  return std::make_unique<ClipFeatures>(clip);
}

}  // namespace tessera::eval
