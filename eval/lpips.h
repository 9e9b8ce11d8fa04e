#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// Weights of the learned perceptual distance, as they are published: the features of AlexNet or
/// VGG16 ("features.0.weight", …; "classifier.…" is passed over) and, for version 0.1 of the
/// distance, five linear heads on them ("lin0.model.1.weight" [1, C, 1, 1], …).
struct LpipsFiles {
  std::filesystem::path backbone{};
  std::filesystem::path heads{};
};

/// LPIPS (Zhang et al. 2018, eq. 1): both pictures through the network, features of five layers
/// divided by their length at every place, squared differences weighed by the heads, means over
/// places, and their sum. 0 = equal.
class Lpips {
 public:
  /// Which network it is, is told by the shapes. Throws kNotFound, kCorruptFile, or kShapeMismatch
  /// listing every tensor that is missing, unexpected or of another shape.
  static Lpips load(const LpipsFiles& files, at::Device device);

  /// "lpips-0.1-alex" or "lpips-0.1-vgg": the definition to name beside the number.
  std::string definition() const;
  /// Pictures [B, 3, H, W] in [-1, 1], rounded to 8-bit levels first; [B] float64 on the CPU.
  /// Throws kInvalidArgument for sides too small for the network.
  at::Tensor distance(const at::Tensor& a, const at::Tensor& b) const;

 private:
  struct Layer {
    at::Tensor weight{};
    at::Tensor bias{};
  };
  explicit Lpips(bool alex) : alex_(alex) {}
  std::vector<at::Tensor> features(const at::Tensor& images) const;

  bool alex_;
  std::vector<Layer> layers_{};      // convolutions in order
  std::vector<at::Tensor> heads_{};  // [1, C, 1, 1] float32
};

}  // namespace tessera::eval
