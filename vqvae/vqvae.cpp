#include "vqvae/vqvae.h"

#include <cmath>

#include <torch/nn.h>

#include "core/error.h"
#include "nn/linear.h"
#include "vqvae/code_remap.h"
#include "vqvae/grid_attention.h"
#include "vqvae/network.h"
#include "vqvae/quantizer.h"
#include "vqvae/residual_block.h"
#include "vqvae/vqgan_blocks.h"

namespace tessera::vqvae {
namespace {

constexpr double kPositionSpread = 0.02;

VqVaeOptions checked(VqVaeOptions options) {
  options.validate();
  return options;
}

VqVaeOptions with_all_codes(VqVaeOptions options) {
  if (options.full_codebook_size > 0) options.codebook_size = options.full_codebook_size;
  return options;
}

/// Normal numbers of variance 1 / fan-in, so that a linear layer keeps the variance; bias zero.
void fill(at::Tensor& weight, at::Tensor& bias, const nn::Rng& rng, std::int64_t stream) {
  const double fan_in = static_cast<double>(weight[0].numel());
  weight.copy_(rng.normal(Purpose::kInit, stream, weight.sizes()).squeeze(0) / std::sqrt(fan_in));
  if (bias.defined()) bias.zero_();
}

at::Tensor full_precision(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf ? x.to(at::kFloat) : x;
}

}  // namespace

VqVaeImpl::VqVaeImpl(VqVaeOptions options)
    : options_(checked(std::move(options))),
      encoder_(register_module("encoder", make_encoder(options_))),
      decoder_(register_module("decoder", make_decoder(options_))),
      quantizer_(register_module("quantizer", make_quantizer(with_all_codes(options_)))) {
  if (options_.full_codebook_size > 0) {
    used_codes_ = register_module(
        "used_codes",
        std::make_shared<CodeRemap>(options_.full_codebook_size, options_.codebook_size));
  }
}

void VqVaeImpl::initialise(std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const nn::Rng rng = nn::Rng::of_run(seed, 0, 1);
  std::int64_t stream = 0;  // 0 is the codebook's
  for (const std::shared_ptr<Module>& module : modules(/*include_self=*/false)) {
    ++stream;
    if (auto* conv = module->as<torch::nn::Conv2dImpl>()) {
      fill(conv->weight, conv->bias, rng, stream);
    } else if (auto* linear = module->as<torch::nn::LinearImpl>()) {
      fill(linear->weight, linear->bias, rng, stream);
    } else if (auto* product = module->as<nn::LinearImpl>()) {
      fill(product->weight, product->bias, rng, stream);
    } else if (auto* norm = module->as<torch::nn::GroupNormImpl>()) {
      norm->reset_parameters();
    } else if (auto* grid = module->as<GridTransformerImpl>()) {
      if (at::Tensor& table = grid->positions(); table.defined()) {
        table.copy_(rng.normal(Purpose::kInit, stream, table.sizes()).squeeze(0) * kPositionSpread);
      }
    }
  }
  for (const std::shared_ptr<Module>& module : modules(/*include_self=*/false)) {
    if (auto* block = module->as<ResidualBlockImpl>()) block->close();
    if (auto* block = module->as<GridAttentionImpl>()) block->close();
    if (auto* block = module->as<VqganBlockImpl>()) block->close();
    if (auto* block = module->as<VqganAttentionImpl>()) block->close();
  }
  quantizer_->initialise(rng);
}

at::Tensor VqVaeImpl::encode(const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  const at::Tensor indices = quantizer_->indices_of(features(images));
  return used_codes_ ? used_codes_->to_reduced(indices) : indices;
}

at::Tensor VqVaeImpl::draw(const at::Tensor& images, const nn::Noise& noise) {
  const at::NoGradGuard no_grad;
  const at::Tensor indices = quantizer_->draw_indices(features(images), noise);
  return used_codes_ ? used_codes_->to_reduced(indices) : indices;
}

at::Tensor VqVaeImpl::decode(const at::Tensor& indices) {
  return render(quantizer_->codes(used_codes_ ? used_codes_->to_full(indices) : indices));
}

at::Tensor VqVaeImpl::features(const at::Tensor& images) {
  const std::int64_t side = options_.downsample();
  TESSERA_CHECK(images.dim() == 4 && images.size(1) == options_.image_channels &&
                    images.size(2) > 0 && images.size(2) % side == 0 && images.size(3) > 0 &&
                    images.size(3) % side == 0,
                kShapeMismatch,
                "pictures must be [B, ",
                options_.image_channels,
                ", H, W] with H and W multiples of ",
                side,
                ", got ",
                images.sizes());
  return full_precision(encoder_->forward(images));
}

Quantized VqVaeImpl::quantize(const at::Tensor& features, const nn::Noise& noise) {
  return quantizer_->quantize(features, noise, is_training());
}

at::Tensor VqVaeImpl::render(const at::Tensor& vectors) {
  TESSERA_CHECK(vectors.dim() == 4 && vectors.size(1) == options_.code_dim,
                kShapeMismatch,
                "code vectors must be [B, ",
                options_.code_dim,
                ", H, W], got ",
                vectors.sizes());
  return full_precision(decoder_->forward(vectors));
}

Quantizer& VqVaeImpl::quantizer() {
  return *quantizer_;
}

void VqVaeImpl::set_used_codes(const CodeMap& map) {
  TESSERA_CHECK(used_codes_ != nullptr,
                kInvalidArgument,
                "a codec whose ",
                options_.codebook_size,
                " codes are all in use takes no map of them");
  used_codes_->set(map);
}

void VqVaeImpl::check_used_codes() const {
  if (used_codes_) used_codes_->check();
}

}  // namespace tessera::vqvae
