// The published codecs' bricks against plain loops in float64.

#include "vqvae/vqgan_blocks.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/vqvae/fixtures.h"

namespace tessera::vqvae {
namespace {

/// [C, H, W] float64 numbers with loops over everything.
struct Grid {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> values{};

  double& at(std::int64_t c, std::int64_t y, std::int64_t x) {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
  /// Zero outside.
  double get(std::int64_t c, std::int64_t y, std::int64_t x) const {
    if (y < 0 || y >= height || x < 0 || x >= width) return 0;
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

Grid empty_grid(std::int64_t channels, std::int64_t height, std::int64_t width) {
  return {channels,
          height,
          width,
          std::vector<double>(static_cast<std::size_t>(channels * height * width))};
}

Grid grid_of(const at::Tensor& x) {
  Grid grid = empty_grid(x.size(0), x.size(1), x.size(2));
  const auto a = x.accessor<double, 3>();
  for (std::int64_t c = 0; c < grid.channels; ++c) {
    for (std::int64_t y = 0; y < grid.height; ++y) {
      for (std::int64_t i = 0; i < grid.width; ++i) grid.at(c, y, i) = a[c][y][i];
    }
  }
  return grid;
}

at::Tensor tensor_of(const Grid& grid) {
  return at::tensor(grid.values, at::kDouble).view({grid.channels, grid.height, grid.width});
}

using Weights = torch::OrderedDict<std::string, at::Tensor>;

Grid norm(const Grid& in, const at::Tensor& gain, const at::Tensor& bias, std::int64_t groups) {
  Grid out = in;
  const std::int64_t share = in.channels / groups;
  for (std::int64_t g = 0; g < groups; ++g) {
    double sum = 0;
    double squares = 0;
    const double count = static_cast<double>(share * in.height * in.width);
    for (std::int64_t c = g * share; c < (g + 1) * share; ++c) {
      for (std::int64_t y = 0; y < in.height; ++y) {
        for (std::int64_t x = 0; x < in.width; ++x) sum += in.get(c, y, x);
      }
    }
    for (std::int64_t c = g * share; c < (g + 1) * share; ++c) {
      for (std::int64_t y = 0; y < in.height; ++y) {
        for (std::int64_t x = 0; x < in.width; ++x) {
          squares += std::pow(in.get(c, y, x) - sum / count, 2);
        }
      }
    }
    const double scale = 1 / std::sqrt(squares / count + 1e-6);
    for (std::int64_t c = g * share; c < (g + 1) * share; ++c) {
      for (std::int64_t y = 0; y < in.height; ++y) {
        for (std::int64_t x = 0; x < in.width; ++x) {
          out.at(c, y, x) = (in.get(c, y, x) - sum / count) * scale * gain[c].item<double>() +
                            bias[c].item<double>();
        }
      }
    }
  }
  return out;
}

Grid swish(Grid grid) {
  for (double& v : grid.values) v = v / (1 + std::exp(-v));
  return grid;
}

/// Odd windows, stride 1, zeros around.
Grid conv(const Grid& in, const at::Tensor& weight, const at::Tensor& bias) {
  Grid out = empty_grid(weight.size(0), in.height, in.width);
  const std::int64_t window = weight.size(2);
  const auto w = weight.accessor<double, 4>();
  for (std::int64_t o = 0; o < out.channels; ++o) {
    for (std::int64_t y = 0; y < in.height; ++y) {
      for (std::int64_t x = 0; x < in.width; ++x) {
        double sum = bias[o].item<double>();
        for (std::int64_t c = 0; c < in.channels; ++c) {
          for (std::int64_t v = 0; v < window; ++v) {
            for (std::int64_t u = 0; u < window; ++u) {
              sum += w[o][c][v][u] * in.get(c, y + v - window / 2, x + u - window / 2);
            }
          }
        }
        out.at(o, y, x) = sum;
      }
    }
  }
  return out;
}

Grid plus(Grid a, const Grid& b) {
  for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] += b.values[i];
  return a;
}

/// x [C, N], weight [O, C] -> [O, N] of plain numbers.
std::vector<std::vector<double>> product(const at::Tensor& weight,
                                         const at::Tensor& bias,
                                         const Grid& x) {
  std::vector<std::vector<double>> out;
  const auto cells = static_cast<std::size_t>(x.height * x.width);
  for (std::int64_t o = 0; o < weight.size(0); ++o) {
    out.emplace_back(cells, bias[o].item<double>());
    for (std::size_t n = 0; n < cells; ++n) {
      for (std::int64_t c = 0; c < x.channels; ++c) {
        out.back()[n] +=
            weight[o][c].item<double>() * x.values[static_cast<std::size_t>(c) * cells + n];
      }
    }
  }
  return out;
}

template <typename Module>
Module filled(Module module, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  module->to(at::kDouble);
  for (at::Tensor& weight : module->parameters()) {
    weight.copy_(0.4 * test::normal(++seed, weight.sizes()));
  }
  return module;
}

TEST(VqganBlock, AgreesWithPlainLoops) {
  const at::NoGradGuard no_grad;
  for (const std::int64_t outputs : {4, 6}) {
    VqganBlock block =
        filled(VqganBlock(VqganBlockOptions{.inputs = 4, .outputs = outputs, .groups = 2}), 3);
    const Weights w = block->named_parameters();
    const at::Tensor x = test::normal(1, {2, 4, 3, 5});
    const at::Tensor y = block(x);
    for (std::int64_t i = 0; i < 2; ++i) {
      const Grid in = grid_of(x[i]);
      const Grid first = conv(swish(norm(in, w["norm1.weight"], w["norm1.bias"], 2)),
                              w["conv1.weight"],
                              w["conv1.bias"]);
      const Grid branch = conv(swish(norm(first, w["norm2.weight"], w["norm2.bias"], 2)),
                               w["conv2.weight"],
                               w["conv2.bias"]);
      const Grid kept = outputs == 4 ? in : conv(in, w["shortcut.weight"], w["shortcut.bias"]);
      EXPECT_LT((y[i] - tensor_of(plus(branch, kept))).abs().max().item<double>(), 1e-12);
    }
    EXPECT_EQ(w.contains("shortcut.weight"), outputs != 4);
  }
}

TEST(VqganAttention, AgreesWithPlainLoops) {
  const at::NoGradGuard no_grad;
  VqganAttention attention = filled(VqganAttention(4, 2), 7);
  const Weights w = attention->named_parameters();
  const at::Tensor x = test::normal(2, {1, 4, 2, 3});
  const Grid in = grid_of(x[0]);
  const Grid normed = norm(in, w["norm.weight"], w["norm.bias"], 2);
  const auto qkv = product(w["attention.qkv.weight"], w["attention.qkv.bias"], normed);
  Grid seen = empty_grid(4, 2, 3);
  for (std::size_t n = 0; n < 6; ++n) {
    std::vector<double> share;
    double total = 0;
    for (std::size_t m = 0; m < 6; ++m) {
      double score = 0;
      for (std::size_t c = 0; c < 4; ++c) score += qkv[c][n] * qkv[4 + c][m];
      share.push_back(std::exp(score / std::sqrt(4.0)));
      total += share.back();
    }
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t m = 0; m < 6; ++m) {
        seen.values[c * 6 + n] += share[m] / total * qkv[8 + c][m];
      }
    }
  }
  const auto out = product(w["attention.out.weight"], w["attention.out.bias"], seen);
  const at::Tensor y = attention(x).contiguous();
  const double* got = y.const_data_ptr<double>();
  for (std::size_t c = 0; c < 4; ++c) {
    for (std::size_t n = 0; n < 6; ++n) {
      EXPECT_NEAR(got[c * 6 + n], in.values[c * 6 + n] + out[c][n], 1e-12);
    }
  }
}

TEST(VqganMiddle, IsBlockAttentionBlock) {
  const at::NoGradGuard no_grad;
  VqganMiddle middle = filled(VqganMiddle(4, 2), 11);
  const auto parts = middle->named_children();
  const at::Tensor x = test::normal(3, {1, 4, 3, 2});
  at::Tensor expected = parts["block0"]->as<VqganBlockImpl>()->forward(x);
  expected = parts["attention"]->as<VqganAttentionImpl>()->forward(expected);
  expected = parts["block1"]->as<VqganBlockImpl>()->forward(expected);
  EXPECT_TRUE(middle(x).equal(expected));
}

TEST(VqganBlock, AllGradientsAreTheDerivative) {
  VqganBlock block =
      filled(VqganBlock(VqganBlockOptions{.inputs = 4, .outputs = 6, .groups = 2}), 5);
  VqganAttention attention = filled(VqganAttention(6, 3), 6);
  at::Tensor x = test::normal(4, {2, 4, 3, 3}).set_requires_grad(true);
  const at::Tensor pull = test::normal(8, {2, 6, 3, 3});
  const auto loss = [&] { return (attention(block(x)) * pull).sum(); };
  test::expect_gradient(x, loss, "x");
  for (auto& item : block->named_parameters())
    test::expect_gradient(item.value(), loss, item.key());
  for (auto& item : attention->named_parameters()) {
    test::expect_gradient(item.value(), loss, item.key());
  }
}

TEST(VqganBlock, KeepsItsInputWithAndWithoutGradient) {
  // Without gradients the sum is written into the branch's memory, never into the input's.
  VqganBlock block =
      filled(VqganBlock(VqganBlockOptions{.inputs = 4, .outputs = 4, .groups = 2}), 5);
  VqganAttention attention = filled(VqganAttention(4, 2), 6);
  const at::Tensor x = test::normal(4, {1, 4, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor before = x.clone();
  const at::Tensor with = attention(block(x)).detach();
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(attention(block(x)).allclose(with, 1e-12, 1e-12));
  EXPECT_TRUE(x.equal(before));
}

}  // namespace
}  // namespace tessera::vqvae
