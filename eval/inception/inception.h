#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "eval/features/feature_extractor.h"
#include "eval/inception/layer_convolution.h"
#include "eval/inception/weights.h"
#include "eval/preprocess/preprocess.h"

namespace tessera::eval {

struct InceptionOptions {
  Preprocess preprocess = Preprocess::kClean;
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;  // kBFloat16: twice as fast where the processor knows it
};

/// The network of FID: Inception v3 of 2015-12-05 as the published scores use it, not
/// torchvision's. It differs in that average pools leave the border out of their count, and the
/// last block's pool takes the maximum (Heusel et al., NeurIPS 2017, appendix).
class Inception {
 public:
  Inception(const InceptionWeights& weights, at::Device device, at::ScalarType type);

  /// `inputs` [B, 3, 299, 299] float32 in about [-1, 1]. Gives float32 on the CPU:
  /// pooled [B, 2048], the global average after the last block;
  /// spatial [B, 2023], the first 7 channels, 17 x 17 places, of the first branch of the block
  /// before the last of that size (sFID: Nash et al., 2021, as the evaluation of Dhariwal and
  /// Nichol, 2021); logits [B, 1008] without the bias, as the Inception Score's original leaves it
  /// out.
  Features forward(const at::Tensor& inputs) const;

 private:
  enum class LastPool : unsigned char { kMean, kMaximum };
  struct Middle {
    at::Tensor pooled{};
    at::Tensor spatial{};
  };
  Middle run(const at::Tensor& inputs) const;
  Middle run_chunks(const at::Tensor& inputs) const;
  const LayerConvolution& layer(const std::string& name) const { return convolutions_.at(name); }
  at::Tensor chain(const at::Tensor& x,
                   const std::string& block,
                   std::initializer_list<const char*> layers) const;
  at::Tensor block_35(const at::Tensor& x, const std::string& name) const;
  at::Tensor block_35_to_17(const at::Tensor& x, const std::string& name) const;
  at::Tensor block_17(const at::Tensor& x, const std::string& name) const;
  at::Tensor block_17_to_8(const at::Tensor& x, const std::string& name) const;
  at::Tensor block_8(const at::Tensor& x, const std::string& name, LastPool pool) const;

  std::map<std::string, LayerConvolution> convolutions_{};
  at::Tensor classes_{};
  at::Device device_;
  at::ScalarType type_;
};

/// Multiplications and additions of one picture, both counted.
double inception_flops();

/// The network as features, from a weight file in any format of io::read_state_dict. Throws
/// kNotFound, kCorruptFile, or kShapeMismatch as fold_inception_weights does.
std::unique_ptr<FeatureExtractor> make_inception_features(const std::filesystem::path& weights,
                                                          const InceptionOptions& options);

}  // namespace tessera::eval
