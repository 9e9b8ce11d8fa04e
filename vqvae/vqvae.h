#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "nn/rng.h"
#include "vqvae/options.h"

namespace tessera::vqvae {

struct Quantized {
  at::Tensor indices{};  // [B, H, W] int64 in [0, K)
  at::Tensor vectors{};  // [B, D, H, W], gradient straight through to the features
  at::Tensor loss{};     // scalar: commitment (and codebook or KL, as the quantiser needs)
};

/// Use of the codes over what has been counted.
struct CodeUse {
  std::int64_t used = 0;    // codes met at least once
  double perplexity = 0.0;  // exp(entropy of use), 1..K
};
CodeUse code_use(const at::Tensor& counts);  // counts [K] of any number type
/// How often each code occurs: indices, any shape, int64 in [0, K) -> [K] int64.
at::Tensor count_codes(const at::Tensor& indices, std::int64_t codebook_size);

struct CodeMap;   // vqvae/code_remap.h
class CodeRemap;  // vqvae/code_remap.h
class Network;    // vqvae/network.h
class Quantizer;  // vqvae/quantizer.h

/// Pictures to a grid of codes and back (van den Oord et al. 2017; VQ-VAE-2's EMA codebook).
/// Where only K of the codebook's codes are in use (options().full_codebook_size), ids of encode()
/// and decode() are the used ones' own numbers, 0 to K - 1; the quantiser's are the codebook's.
/// Runs in float32, float64, or under autocast; features, vectors and pictures come back in float32
/// under autocast, and codes are always searched in full precision.
class VqVaeImpl : public torch::nn::Module {
 public:
  /// The weights are arbitrary until initialise() or a checkpoint sets them.
  explicit VqVaeImpl(VqVaeOptions options);
  /// Weights of stream `seed`, the same on every machine. Residual branches begin at zero. Training
  /// should give the quantiser codes of its own data: quantizer().initialise_codebook().
  void initialise(std::uint64_t seed);

  /// images [B, C, H*s, W*s] in [-1, 1] -> indices [B, H, W]; s = options().downsample().
  at::Tensor encode(const at::Tensor& images);
  /// The same with codes drawn from a Gumbel quantiser's distribution at temperature 1, as the
  /// published one does whenever it encodes; other quantisers have none and give encode().
  at::Tensor draw(const at::Tensor& images, const nn::Noise& noise);
  /// indices [B, H, W] int64 in [0, K) -> images [B, C, H*s, W*s]; callers clamp to [-1, 1].
  at::Tensor decode(const at::Tensor& indices);

  // The training path. A plain autoencoder (before the codebook has codes) renders its features.
  at::Tensor features(const at::Tensor& images);  // [B, D, H, W]
  /// Draws noise only where the quantiser has some and the module is in training mode; the noise's
  /// `images` should number the samples of the whole run, so that no two steps share numbers.
  Quantized quantize(const at::Tensor& features, const nn::Noise& noise);
  at::Tensor render(const at::Tensor& vectors);  // [B, D, H, W] -> images
  Quantizer& quantizer();

  /// Which codes are in use; only where options().full_codebook_size is not 0.
  void set_used_codes(const CodeMap& map);
  /// Throws kCorruptFile where weights that were loaded hold a map with ids out of range.
  void check_used_codes() const;

  const VqVaeOptions& options() const { return options_; }

 private:
  VqVaeOptions options_;
  std::shared_ptr<Network> encoder_;
  std::shared_ptr<Network> decoder_;
  std::shared_ptr<Quantizer> quantizer_;
  std::shared_ptr<CodeRemap> used_codes_{};  // none where all codes are in use
};
TORCH_MODULE(VqVae);

}  // namespace tessera::vqvae
