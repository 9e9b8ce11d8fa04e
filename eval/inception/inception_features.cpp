#include <map>

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

/// Pixels a side of the output of each layer: what the network's own sizes give for 299.
std::int64_t output_side(const std::string& name) {
  static const std::map<std::string, std::int64_t> stem = {{"Conv2d_1a_3x3", 149},
                                                           {"Conv2d_2a_3x3", 147},
                                                           {"Conv2d_2b_3x3", 147},
                                                           {"Conv2d_3b_1x1", 73},
                                                           {"Conv2d_4a_3x3", 71}};
  if (const auto found = stem.find(name); found != stem.end()) return found->second;
  // The convolutions of the two halving blocks that do not halve work at the size before.
  if (name.starts_with("Mixed_5") || name == "Mixed_6a.branch3x3dbl_1" ||
      name == "Mixed_6a.branch3x3dbl_2") {
    return 35;
  }
  const bool halves = name == "Mixed_7a.branch3x3_2" || name == "Mixed_7a.branch7x7x3_4";
  if (name.starts_with("Mixed_6") || (name.starts_with("Mixed_7a") && !halves)) return 17;
  return 8;
}

}  // namespace

double inception_flops() {
  double sum = 0;
  for (const InceptionLayer& layer : inception_layers()) {
    const std::int64_t side = output_side(layer.name);
    sum += 2.0 * static_cast<double>(layer.in * layer.out * layer.kernel.height *
                                     layer.kernel.width * side * side);
  }
  return sum + 2.0 * kInceptionFeatures * kInceptionClasses;
}

std::unique_ptr<FeatureExtractor> make_inception_features(const std::filesystem::path& weights,
                                                          const InceptionOptions& options) {
  return std::make_unique<InceptionFeatures>(weights, options);
}

}  // namespace tessera::eval
