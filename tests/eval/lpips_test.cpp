#include "eval/lpips.h"

#include <cmath>

#include <gtest/gtest.h>

#include "io/state_dict.h"
#include "tests/eval/wave_pictures.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

struct Shape {
  int place;
  std::int64_t outputs, inputs, kernel;
};

/// Weights by formula: sines, scaled by the fan-in; `index` counts weights and biases together.
at::Tensor wave(const std::vector<std::int64_t>& sizes, std::int64_t index) {
  at::Tensor out = at::empty(sizes, at::kFloat);
  const std::int64_t fan = sizes.size() > 1 ? out[0].numel() : 1;
  const double scale = sizes.size() > 1 ? std::sqrt(2 / static_cast<double>(fan)) * 1.3 : 0.1;
  float* values = out.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    const double angle = 1.7 * static_cast<double>(i) + 0.5 + static_cast<double>(index);
    values[i] = static_cast<float>(scale * std::sin(angle));
  }
  return out;
}

io::StateDict backbone(const std::vector<Shape>& shapes) {
  io::StateDict out;
  std::int64_t index = 0;
  for (const Shape& s : shapes) {
    const std::string name = "features." + std::to_string(s.place);
    out.tensors[name + ".weight"] = wave({s.outputs, s.inputs, s.kernel, s.kernel}, index++);
    out.tensors[name + ".bias"] = wave({s.outputs}, index++);
  }
  out.tensors["classifier.1.weight"] = at::zeros({2, 2});
  return out;
}

io::StateDict heads(const std::vector<std::int64_t>& channels) {
  io::StateDict out;
  for (std::size_t k = 0; k < channels.size(); ++k) {
    at::Tensor head = at::empty({1, channels[k], 1, 1}, at::kFloat);
    for (std::int64_t i = 0; i < channels[k]; ++i) {
      head.mutable_data_ptr<float>()[i] = static_cast<float>(
          std::abs(std::sin(0.7 * static_cast<double>(i) + static_cast<double>(k))));
    }
    out.tensors["lin" + std::to_string(k) + ".model.1.weight"] = head;
  }
  return out;
}

const std::vector<Shape> kAlex = {
    {0, 64, 3, 11}, {3, 192, 64, 5}, {6, 384, 192, 3}, {8, 256, 384, 3}, {10, 256, 256, 3}};
const std::vector<std::int64_t> kAlexHeads = {64, 192, 384, 256, 256};

class LpipsTest : public ::testing::Test {
 protected:
  LpipsFiles write(const io::StateDict& base, const io::StateDict& lin) const {
    const LpipsFiles files{.backbone = folder_ / "backbone", .heads = folder_ / "heads"};
    io::write_safetensors(files.backbone, base);
    io::write_safetensors(files.heads, lin);
    return files;
  }
  test::TemporaryFolder folder_{};
};

double of(const Lpips& lpips, std::int64_t height, std::int64_t width, int kind) {
  const at::Tensor a = test::wave_picture(height, width, kind);
  return lpips.distance(a, test::disturbed(a, kind + 1)).item<double>();
}

// Recorded from the authors' program (lpips 0.1.4, PyTorch 2.11) with the same weights by formula.
TEST_F(LpipsTest, OnAlexNetIsThatOfTheAuthors) {
  const Lpips lpips = Lpips::load(write(backbone(kAlex), heads(kAlexHeads)), at::kCPU);
  EXPECT_EQ(lpips.definition(), "lpips-0.1-alex");
  EXPECT_NEAR(of(lpips, 64, 64, 1), 0.006979977712035179, 2e-7);
  EXPECT_NEAR(of(lpips, 33, 40, 2), 0.010235677473247051, 2e-7);
  const at::Tensor a = test::wave_picture(64, 64, 1);
  EXPECT_EQ(lpips.distance(a, a).item<double>(), 0.0);
  const at::Tensor pair = lpips.distance(at::cat({a, a}), at::cat({a, test::disturbed(a, 2)}));
  EXPECT_EQ(pair[0].item<double>(), 0.0);
  EXPECT_NEAR(pair[1].item<double>(), 0.006979977712035179, 2e-7);
}

TEST_F(LpipsTest, OnVgg16IsThatOfTheAuthors) {
  const std::vector<Shape> vgg = {{0, 64, 3, 3},
                                  {2, 64, 64, 3},
                                  {5, 128, 64, 3},
                                  {7, 128, 128, 3},
                                  {10, 256, 128, 3},
                                  {12, 256, 256, 3},
                                  {14, 256, 256, 3},
                                  {17, 512, 256, 3},
                                  {19, 512, 512, 3},
                                  {21, 512, 512, 3},
                                  {24, 512, 512, 3},
                                  {26, 512, 512, 3},
                                  {28, 512, 512, 3}};
  const Lpips lpips = Lpips::load(write(backbone(vgg), heads({64, 128, 256, 512, 512})), at::kCPU);
  EXPECT_EQ(lpips.definition(), "lpips-0.1-vgg");
  EXPECT_NEAR(of(lpips, 33, 40, 2), 0.19585078954696655, 2e-6);
}

TEST_F(LpipsTest, WeightsMustFitExactly) {
  const auto refused = [&](const io::StateDict& base,
                           const io::StateDict& lin,
                           const std::string& message) {
    const LpipsFiles files = write(base, lin);
    test::expect_error(ErrorCode::kShapeMismatch, message, [&] { Lpips::load(files, at::kCPU); });
  };
  const io::StateDict whole = backbone(kAlex);
  const io::StateDict lins = heads(kAlexHeads);
  io::StateDict less = whole;
  less.tensors.erase("features.8.bias");
  refused(less, lins, "no features.8.bias");
  io::StateDict more = whole;
  more.tensors["features.12.weight"] = at::zeros({1});
  refused(more, lins, "unexpected features.12.weight");
  io::StateDict other = whole;
  other.tensors["features.3.weight"] = at::zeros({192, 64, 3, 3});
  refused(other, lins, "features.3.weight is [192, 64, 3, 3], not [192, 64, 5, 5]");
  io::StateDict strange = whole;
  strange.tensors["features.0.weight"] = at::zeros({32, 3, 7, 7});
  refused(strange, lins, "AlexNet has [64, 3, 11, 11]");
  refused(lins, lins, "no features.0.weight");
  refused(whole, heads({64, 128, 256, 512, 512}), "lin1.model.1.weight is [1, 128, 1, 1]");
  io::StateDict bad = lins;
  bad.tensors["lin0.model.1.weight"] = at::full({1, 64, 1, 1}, std::nan(""));
  refused(whole, bad, "no numbers");
  test::expect_error(ErrorCode::kNotFound, "none", [&] {
    Lpips::load({.backbone = folder_ / "none", .heads = folder_ / "heads"}, at::kCPU);
  });
}

TEST_F(LpipsTest, SmallPicturesAreRefused) {
  const Lpips lpips = Lpips::load(write(backbone(kAlex), heads(kAlexHeads)), at::kCPU);
  const at::Tensor small = test::wave_picture(30, 40, 0);
  test::expect_error(
      ErrorCode::kInvalidArgument, "at least 31", [&] { lpips.distance(small, small); });
  const at::Tensor enough = test::wave_picture(31, 31, 0);
  EXPECT_EQ(lpips.distance(enough, enough).item<double>(), 0);
}

}  // namespace
}  // namespace tessera::eval
