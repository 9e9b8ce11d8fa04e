#include "eval/inception/inception.h"
#include "eval/inception/layers.h"
#include "io/sha256.h"
#include "io/state_dict.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kSpatialFeatures = 7 * 17 * 17;

class InceptionFeatures final : public FeatureExtractor {
 public:
  InceptionFeatures(const std::filesystem::path& file, const InceptionOptions& options)
      : network_(fold_inception_weights(io::read_state_dict(file), file.string()),
                 options.device,
                 options.type),
        preprocess_(options.preprocess),
        facts_{.name = "inception-2015-12-05",
               .weights = io::sha256_of_file(file),
               .preprocessing = to_string(options.preprocess),
               .precision = options.type == at::kFloat ? "fp32" : "bf16",
               .dims = kInceptionFeatures,
               .spatial = kSpatialFeatures,
               .classes = kInceptionClasses} {}

  const FeatureFacts& facts() const override { return facts_; }
  at::Tensor prepare(const at::Tensor& picture) const override {
    return inception_input(picture, preprocess_);
  }
  Features extract(const at::Tensor& inputs) const override { return network_.forward(inputs); }

 private:
  Inception network_;
  Preprocess preprocess_;
  FeatureFacts facts_;
};

/// Of the outputs along one axis.
std::int64_t places(const InceptionLayer& layer, std::int64_t kernel, std::int64_t padding) {
  return (layer.side + 2 * padding - kernel) / layer.stride + 1;
}

}  // namespace

double inception_flops() {
  double sum = 0;
  for (const InceptionLayer& layer : inception_layers()) {
    const std::int64_t outputs = places(layer, layer.kernel.height, layer.padding.height) *
                                 places(layer, layer.kernel.width, layer.padding.width);
    sum += 2.0 * static_cast<double>(layer.in * layer.out * layer.kernel.height *
                                     layer.kernel.width * outputs);
  }
  return sum + 2.0 * kInceptionFeatures * kInceptionClasses;
}

std::unique_ptr<FeatureExtractor> make_inception_features(const std::filesystem::path& weights,
                                                          const InceptionOptions& options) {
  return std::make_unique<InceptionFeatures>(weights, options);
}

}  // namespace tessera::eval
