#include "text/clip_encoder.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::text {
namespace {

using test::expect_error;

constexpr ClipTextOptions kTiny{
    .vocabulary = 20, .length = 8, .width = 16, .layers = 2, .heads = 2, .mlp_width = 40};

std::shared_ptr<TextEncoder> tiny_encoder(const ClipTextOptions& options = kTiny) {
  auto encoder = make_clip_encoder(options);
  test::fill_parameters(*encoder, 0.3);
  return encoder;
}

at::Tensor ids(std::vector<std::int64_t> row) {
  return at::tensor(row, at::kLong).unsqueeze(0);
}

double largest(const at::Tensor& difference) {
  return difference.abs().max().item<double>();
}

using Row = std::vector<double>;
using Rows = std::vector<Row>;

/// The same network in plain loops of doubles, after the description of CLIP.
class PlainClip {
 public:
  PlainClip(torch::nn::Module& module, const ClipTextOptions& options) : options_(options) {
    for (const auto& item : module.named_parameters()) weights_[item.key()] = item.value();
  }

  Rows encode(const std::vector<std::int64_t>& tokens) {
    Rows x;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      Row row;
      for (std::int64_t d = 0; d < options_.width; ++d) {
        row.push_back(at("pieces.weight", tokens[i], d) +
                      at("positions.weight", static_cast<std::int64_t>(i), d));
      }
      x.push_back(row);
    }
    for (std::int64_t i = 0; i < options_.layers; ++i) {
      const std::string layer = "layers." + std::to_string(i) + ".";
      add(x, linear(layer + "attention.out", attention(layer, norm(layer + "attention_norm", x))));
      Rows inner = linear(layer + "mlp.up", norm(layer + "mlp_norm", x));
      for (Row& row : inner) {
        for (double& value : row) value = value / (1 + std::exp(-1.702 * value));
      }
      add(x, linear(layer + "mlp.out", inner));
    }
    Rows states = norm("norm", x);
    for (Row& row : states) {
      double squares = 0;
      for (const double value : row) squares += value * value;
      for (double& value : row) value /= std::sqrt(squares);
    }
    return states;
  }

 private:
  double at(const std::string& name, std::int64_t i) { return weights_.at(name)[i].item<double>(); }
  double at(const std::string& name, std::int64_t i, std::int64_t j) {
    return weights_.at(name)[i][j].item<double>();
  }

  static void add(Rows& x, const Rows& branch) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t d = 0; d < x[i].size(); ++d) x[i][d] += branch[i][d];
    }
  }

  Rows linear(const std::string& name, const Rows& x) {
    const std::int64_t outputs = weights_.at(name + ".weight").size(0);
    Rows y;
    for (const Row& row : x) {
      Row out;
      for (std::int64_t o = 0; o < outputs; ++o) {
        double sum = at(name + ".bias", o);
        for (std::size_t d = 0; d < row.size(); ++d) {
          sum += row[d] * at(name + ".weight", o, static_cast<std::int64_t>(d));
        }
        out.push_back(sum);
      }
      y.push_back(out);
    }
    return y;
  }

  Rows norm(const std::string& name, const Rows& x) {
    Rows y = x;
    for (Row& row : y) {
      const auto count = static_cast<double>(row.size());
      double mean = 0;
      double variance = 0;
      for (const double value : row) mean += value / count;
      for (const double value : row) variance += (value - mean) * (value - mean) / count;
      for (std::size_t d = 0; d < row.size(); ++d) {
        const auto i = static_cast<std::int64_t>(d);
        row[d] = (row[d] - mean) / std::sqrt(variance + options_.layer_norm_eps) *
                     at(name + ".weight", i) +
                 at(name + ".bias", i);
      }
    }
    return y;
  }

  /// What the heads put together, before the last product: position i looks at 0 … i.
  Rows attention(const std::string& layer, const Rows& x) {
    const Rows qkv = linear(layer + "attention.qkv", x);
    const auto width = static_cast<std::size_t>(options_.width);
    const std::size_t head = width / static_cast<std::size_t>(options_.heads);
    Rows mixed(x.size(), Row(width));
    for (std::size_t first = 0; first < width; first += head) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        Row weights;
        double sum = 0;
        for (std::size_t j = 0; j <= i; ++j) {
          double score = 0;
          for (std::size_t d = first; d < first + head; ++d) score += qkv[i][d] * qkv[j][width + d];
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(head))));
          sum += weights.back();
        }
        for (std::size_t j = 0; j <= i; ++j) {
          for (std::size_t d = first; d < first + head; ++d) {
            mixed[i][d] += weights[j] / sum * qkv[j][2 * width + d];
          }
        }
      }
    }
    return mixed;
  }

  ClipTextOptions options_;
  std::map<std::string, at::Tensor> weights_;
};

TEST(ClipEncoder, TheSameAsPlainLoops) {
  const at::NoGradGuard no_grad;
  auto encoder = tiny_encoder();
  const std::vector<std::int64_t> tokens{18, 3, 7, 3, 19, 0};
  const at::Tensor states = encoder->encode(ids(tokens)).tokens;
  const Rows plain = PlainClip(*encoder, kTiny).encode(tokens);
  ASSERT_EQ(states.sizes(), (std::vector<std::int64_t>{1, 6, 16}));
  for (std::int64_t i = 0; i < 6; ++i) {
    for (std::int64_t d = 0; d < 16; ++d) {
      EXPECT_NEAR(states[0][i][d].item<double>(),
                  plain[static_cast<std::size_t>(i)][static_cast<std::size_t>(d)],
                  2e-6);
    }
  }
}

TEST(ClipEncoder, TheConditionIsOfUnitStatesAndAllOfThem) {
  const at::NoGradGuard no_grad;
  const nn::Condition c = tiny_encoder()->encode(ids({18, 3, 19, 0, 0}));
  EXPECT_FALSE(c.mask.defined());
  EXPECT_LT(largest(c.tokens.norm(2, -1) - 1), 1e-6);
  ClipTextOptions raw = kTiny;
  raw.normalise = false;
  const at::Tensor states = tiny_encoder(raw)->encode(ids({18, 3, 19, 0, 0})).tokens;
  EXPECT_GT(largest(states.norm(2, -1) - 1), 0.1);
  EXPECT_LT(largest(states / states.norm(2, -1, true) - c.tokens), 1e-6);
}

TEST(ClipEncoder, LaterTokensNeverChangeEarlierStates) {
  const at::NoGradGuard no_grad;
  auto encoder = tiny_encoder();
  const at::Tensor a = encoder->encode(ids({18, 3, 7, 9, 19, 0, 0, 0})).tokens;
  const at::Tensor b = encoder->encode(ids({18, 3, 7, 4, 5, 6, 1, 2})).tokens;
  EXPECT_EQ(largest((a - b).slice(1, 0, 3)), 0.0);
  EXPECT_GT(largest((a - b).slice(1, 3, 4)), 1e-2) << "the encoder is deaf";
  const at::Tensor shorter = encoder->encode(ids({18, 3, 7})).tokens;
  EXPECT_LT(largest(a.slice(1, 0, 3) - shorter), 1e-6);
}

TEST(ClipEncoder, ABatchOfTwoIsTwoOfOne) {
  const at::NoGradGuard no_grad;
  auto encoder = tiny_encoder();
  const at::Tensor a = ids({18, 3, 7, 9, 19, 0});
  const at::Tensor b = ids({18, 19, 0, 0, 0, 0});
  const at::Tensor both = encoder->encode(at::cat({a, b})).tokens;
  const at::Tensor apart = at::cat({encoder->encode(a).tokens, encoder->encode(b).tokens});
  EXPECT_LT(largest(both - apart), 1e-6);
}

TEST(ClipEncoder, HalfWeightsStayNear) {
  const at::NoGradGuard no_grad;
  const at::Tensor row = ids({18, 3, 7, 9, 19, 0});
  const at::Tensor exact = tiny_encoder()->encode(row).tokens;
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    auto encoder = tiny_encoder();
    encoder->to(type);
    const at::Tensor states = encoder->encode(row).tokens;
    EXPECT_EQ(states.scalar_type(), at::kFloat);
    EXPECT_LT(largest(states - exact), type == at::kHalf ? 3e-3 : 3e-2);
    EXPECT_GT(largest(states - exact), 0.0);
  }
}

TEST(ClipEncoder, GradientsMatchFiniteDifferences) {
  ClipTextOptions raw = kTiny;
  raw.normalise = false;
  auto encoder = tiny_encoder(raw);
  encoder->to(at::kDouble);
  const at::Tensor batch = at::cat({ids({18, 3, 7, 19, 0}), ids({18, 5, 19, 0, 0})});
  const at::Tensor weight = test::normal_like(at::empty({2, 5, 16}), 1);
  test::expect_gradients_match(*encoder,
                               [&] { return (encoder->encode(batch).tokens * weight).sum(); });
}

TEST(ClipEncoder, Bfloat16HasABackwardPass) {
  auto encoder = tiny_encoder();
  encoder->to(at::kBFloat16);
  encoder->encode(ids({18, 3, 19})).tokens.select(-1, 0).sum().backward();
  for (const auto& item : encoder->named_parameters()) {
    EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
  }
}

TEST(ClipEncoder, ParametersOfTheReleasedTower) {
  const ClipTextOptions released;
  std::int64_t count = 0;
  for (const at::Tensor& p : make_clip_encoder(released)->parameters()) count += p.numel();
  // two tables, twelve layers of qkv, out, mlp and two norms, the last norm
  const std::int64_t layer = 3 * 512 * 513 + 512 * 513 + 2048 * 513 + 512 * 2049 + 4 * 512;
  EXPECT_EQ(count, (49408 + 77) * 512 + 12 * layer + 2 * 512);
}

TEST(ClipEncoder, WrongOptionsAndIdsAreRefused) {
  const auto make = [](auto change) {
    ClipTextOptions o = kTiny;
    change(o);
    return [o] { make_clip_encoder(o); };
  };
  constexpr auto kInvalid = ErrorCode::kInvalidArgument;
  expect_error(kInvalid, "vocabulary", make([](auto& o) { o.vocabulary = 0; }));
  expect_error(kInvalid, "length", make([](auto& o) { o.length = 1; }));
  expect_error(kInvalid, "heads", make([](auto& o) { o.heads = 3; }));
  expect_error(kInvalid, "width", make([](auto& o) { o.width = 0; }));
  expect_error(kInvalid, "mlp_width", make([](auto& o) { o.mlp_width = 0; }));
  expect_error(kInvalid, "layers", make([](auto& o) { o.layers = -1; }));
  expect_error(kInvalid, "layer_norm_eps", make([](auto& o) { o.layer_norm_eps = 0; }));
  expect_error(ErrorCode::kShapeMismatch, "at most 8", [] {
    tiny_encoder()->encode(at::zeros({1, 9}, at::kLong));
  });
}

}  // namespace
}  // namespace tessera::text
