#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn.h>
#include <torch/optim.h>

#include "tests/vqvae/fixtures.h"
#include "vqvae/loss.h"
#include "vqvae/quantizer.h"
#include "vqvae/vqvae.h"

namespace tessera::vqvae {
namespace {

/// Four pictures of 32 pixels: a disc and a bar each, in colours of their own.
at::Tensor four_pictures() {
  const at::Tensor axis = at::arange(32, at::kFloat);
  const at::Tensor y = axis.view({32, 1});
  const at::Tensor x = axis.view({1, 32});
  at::Tensor out = at::empty({4, 3, 32, 32});
  const at::Tensor colours = test::normal(1, {4, 3, 3}).to(at::kFloat).clamp(-1, 1);
  for (std::int64_t i = 0; i < 4; ++i) {
    const double row = 9.0 + 4.0 * static_cast<double>(i);
    const at::Tensor disc = ((y - row).square() + (x - 11).square()).lt(49);
    const at::Tensor bar =
        ((x + y * (0.2 * static_cast<double>(i)) - 24).abs() < 3).expand({32, 32});
    for (std::int64_t c = 0; c < 3; ++c) {
      at::Tensor plane = at::full({32, 32}, colours[i][0][c].item<float>());
      plane = at::where(disc, colours[i][1][c], plane);
      out[i][c] = at::where(bar, colours[i][2][c], plane);
    }
  }
  return out;
}

class Overfit : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Quantizers,
                         Overfit,
                         ::testing::Values("ema", "straight-through"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(Overfit, FourPicturesComeBackAbove25Decibels) {
  VqVae codec(VqVaeOptions{.resolution = 32,
                           .unshuffle = 2,
                           .base_channels = 16,
                           .channel_multipliers = {1, 2},
                           .residual_blocks = 1,
                           .decoder_blocks = 1,
                           .codebook_size = 128,
                           .code_dim = 8,
                           .quantizer = GetParam()});
  codec->initialise(1);
  codec->train();
  const at::Tensor x = four_pictures();
  torch::optim::AdamW adam(codec->parameters(), torch::optim::AdamWOptions(3e-3));
  const nn::Rng rng = nn::Rng::of_run(2, 0, 1);
  constexpr int kPlain = 60;
  for (int step = 1; step <= 450; ++step) {
    adam.zero_grad();
    const at::Tensor z = codec->features(x);
    const bool plain = step <= kPlain;
    const Quantized q = plain ? Quantized{} : codec->quantize(z, {});
    at::Tensor loss = reconstruction_loss(codec->render(plain ? z : q.vectors), x, {}).total;
    if (!plain) loss = loss + q.loss;
    loss.backward();
    adam.step();
    Quantizer& quantizer = codec->quantizer();
    if (step == kPlain) quantizer.initialise_codebook(codec->features(x), rng);
    if (plain) continue;
    quantizer.update(quantizer.statistics(z, q.indices));
    if (step % 20 == 0 && step < 350) quantizer.revive(z, rng, step);
  }
  codec->eval();
  const at::Tensor indices = codec->encode(x);
  const at::Tensor db = psnr(codec->decode(indices), x);
  EXPECT_GT(db.mean().item<double>(), 25.0);
  EXPECT_GT(code_use(count_codes(indices, 128)).perplexity, 10.0);
}

}  // namespace
}  // namespace tessera::vqvae
