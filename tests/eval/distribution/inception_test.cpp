#include "eval/inception/inception.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "eval/inception/layers.h"
#include "nn/rng.h"
#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

using test::largest_difference;
using test::recorded;

at::Tensor uniform(std::int64_t number, at::IntArrayRef sizes) {
  return nn::Rng::of_run(42, number, 1).uniform(Purpose::kInit, 0, sizes)[0];
}

std::map<std::string, std::vector<std::int64_t>> shapes() {
  std::map<std::string, std::vector<std::int64_t>> out;
  for (const InceptionLayer& layer : inception_layers()) {
    out[layer.name + ".conv.weight"] = {
        layer.out, layer.in, layer.kernel.height, layer.kernel.width};
    for (const char* part : {".bn.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var"}) {
      out[layer.name + part] = {layer.out};
    }
  }
  out["fc.weight"] = {kInceptionClasses, kInceptionFeatures};
  out["fc.bias"] = {kInceptionClasses};
  return out;
}

/// The rule of tools/golden/distribution.py, weight_of: by the place of the name among all of them.
io::StateDict random_weights() {
  io::StateDict state;
  std::int64_t number = 0;
  for (const auto& [name, sizes] : shapes()) {
    at::Tensor u = uniform(number++, sizes);
    if (name.ends_with("conv.weight")) {
      const auto fan_in = static_cast<double>(sizes[1] * sizes[2] * sizes[3]);
      u = (u * 2.0f - 1.0f) * static_cast<float>(std::sqrt(6.0 / fan_in));
    } else if (name == "fc.weight") {
      u = (u * 2.0f - 1.0f) * 0.25f;
    } else if (name.ends_with("bn.weight") || name.ends_with("running_var")) {
      u = u + 0.5f;
    } else {
      u = u * 0.5f - 0.25f;
    }
    state.tensors[name] = u;
  }
  return state;
}

/// Drawn once for all tests: 24 million numbers.
const io::StateDict& weights() {
  static const io::StateDict state = random_weights();
  return state;
}

const Inception& network() {
  static const Inception net(fold_inception_weights(weights(), "random"), at::kCPU, at::kFloat);
  return net;
}

TEST(InceptionLayers, AreThoseOfThePublishedNetwork) {
  EXPECT_EQ(inception_layers().size(), 94u);
  std::int64_t parameters = 0;
  for (const InceptionLayer& l : inception_layers()) {
    parameters += l.in * l.out * l.kernel.height * l.kernel.width;
  }
  EXPECT_EQ(parameters, 21'751'136);               // torchvision's, without its auxiliary head
  EXPECT_EQ(inception_flops(), 11'426'464'960.0);  // by hooks on torchvision's modules
}

TEST(Inception, EqualsTheNetworkOfPytorchFid) {
  const at::Tensor inputs = uniform(1000, {2, 3, 299, 299}) * 2.0f - 1.0f;
  const Features features = network().forward(inputs);
  const double scale = recorded("inception", "pooled").abs().max().item<double>();
  EXPECT_LT(largest_difference(features.pooled, recorded("inception", "pooled")), 2e-5 * scale);
  EXPECT_LT(largest_difference(features.spatial, recorded("inception", "spatial")),
            2e-5 * recorded("inception", "spatial").abs().max().item<double>());
  EXPECT_LT(largest_difference(features.logits, recorded("inception", "logits")),
            2e-5 * recorded("inception", "logits").abs().max().item<double>());
}

TEST(Inception, EveryWayOfPreprocessingGivesTheFeaturesOfItsTool) {
  for (const char* mode : {"clean", "legacy-pytorch", "torch-fidelity"}) {
    for (int k = 0; k < 3; ++k) {
      const std::string number = std::to_string(k);
      const at::Tensor input =
          inception_input(recorded("inception", "picture" + number), preprocess_named(mode));
      const at::Tensor wanted = recorded("inception", std::string(mode) + ".pooled" + number);
      EXPECT_LT(largest_difference(network().forward(input.unsqueeze(0)).pooled[0], wanted),
                1e-4 * wanted.abs().max().item<double>())
          << mode << k;
    }
  }
}

TEST(Inception, APictureDoesNotDependOnItsBatch) {
  // A whole chunk, and one more, which is filled up to one.
  const std::int64_t count = kInceptionChunk + 1;
  const at::Tensor inputs = uniform(1001, {count, 3, 299, 299});
  const Features all = network().forward(inputs);
  for (const std::int64_t row : {std::int64_t{1}, kInceptionChunk}) {
    const Features one = network().forward(inputs.narrow(0, row, 1));
    // In parts of the largest feature.
    const auto relative = [](const at::Tensor& a, const at::Tensor& b) {
      return largest_difference(a, b) / b.abs().max().item<double>();
    };
    EXPECT_LT(relative(one.pooled[0], all.pooled[row]), 1e-6) << all.pooled[row].abs().max();
    EXPECT_LT(relative(one.spatial[0], all.spatial[row]), 1e-6) << all.spatial[row].abs().max();
  }
}

TEST(Inception, HalfPrecisionStaysNear) {
  const Inception half(fold_inception_weights(weights(), "random"), at::kCPU, at::kBFloat16);
  const at::Tensor inputs = uniform(1000, {2, 3, 299, 299}) * 2.0f - 1.0f;
  const at::Tensor wanted = recorded("inception", "pooled");
  const at::Tensor off = half.forward(inputs).pooled - wanted;
  EXPECT_LT((off.norm() / wanted.norm()).item<double>(), 0.02);
}

TEST(InceptionWeights, TheNamesOfTheTorchScriptTranslationAreTheSameNetwork) {
  io::StateDict script;
  for (const InceptionLayer& layer : inception_layers()) {
    const std::string from = layer.name;
    const std::string to = "layers." + layer.script;
    for (const char* part : {".conv.weight", ".bn.bias", ".bn.running_mean", ".bn.running_var"}) {
      script.tensors[to + part] = weights().tensors.at(from + part);
    }
    // The translation has no gains: they are 1.
  }
  script.tensors["output.weight"] = weights().tensors.at("fc.weight");
  script.tensors["output.bias"] = weights().tensors.at("fc.bias");
  io::StateDict plain = weights();
  for (auto& [name, tensor] : plain.tensors) {
    if (name.ends_with("bn.weight")) tensor = at::ones_like(tensor);
  }
  const InceptionWeights a = fold_inception_weights(script, "script");
  const InceptionWeights b = fold_inception_weights(plain, "plain");
  for (const auto& [name, convolution] : a.convolutions) {
    EXPECT_TRUE(at::equal(convolution.weight, b.convolutions.at(name).weight)) << name;
    EXPECT_TRUE(at::equal(convolution.bias, b.convolutions.at(name).bias)) << name;
  }
}

TEST(InceptionWeights, RefusesEverythingThatDoesNotFit) {
  const auto fold = [](const io::StateDict& state) { fold_inception_weights(state, "net.pth"); };
  io::StateDict missing = weights();
  missing.tensors.erase("Mixed_7c.branch_pool.bn.running_var");
  tessera::test::expect_error(ErrorCode::kShapeMismatch,
                              "net.pth: not the weights of the Inception network of FID (1008 "
                              "classes): Mixed_7c.branch_pool.bn.running_var is missing",
                              [&] { fold(missing); });
  io::StateDict extra = weights();
  extra.tensors["AuxLogits.fc.weight"] = at::zeros({1});
  tessera::test::expect_error(
      ErrorCode::kShapeMismatch, "AuxLogits.fc.weight is unexpected", [&] { fold(extra); });
  io::StateDict classes = weights();
  classes.tensors["fc.weight"] = at::zeros({1000, 2048});
  tessera::test::expect_error(ErrorCode::kShapeMismatch,
                              "fc.weight is [1000, 2048] instead of [1008, 2048]",
                              [&] { fold(classes); });
  io::StateDict sick = weights();
  sick.tensors["fc.bias"] = at::full({1008}, std::nan(""));
  tessera::test::expect_error(ErrorCode::kCorruptFile, "fc.bias", [&] { fold(sick); });
  io::StateDict counted = weights();
  counted.tensors["Mixed_5b.branch1x1.bn.num_batches_tracked"] = at::zeros({}, at::kLong);
  EXPECT_NO_THROW(fold(counted));
}

TEST(Inception, RefusesInputsOfAnotherSize) {
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "[1, 3, 64, 64]", [] {
    network().forward(at::zeros({1, 3, 64, 64}));
  });
}

}  // namespace
}  // namespace tessera::eval
