// Operators with kernels of their own, on every device that is there, against plain expressions in
// float64.

#include "tests/support/devices.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/cuda_kernels.h"
#include "nn/gelu2.h"
#include "nn/nearest_row.h"
#include "nn/residual_norm.h"
#include "tests/support/finite_differences.h"

namespace tessera::nn {
namespace {

using test::numbers;

/// Autocast to bfloat16 of a device while it lives.
class Halves {
 public:
  explicit Halves(c10::Device device) : type_(device.type()) {
    at::autocast::set_autocast_dtype(type_, at::kBFloat16);
    at::autocast::set_autocast_enabled(type_, true);
  }
  ~Halves() {
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(type_, false);
  }
  Halves(const Halves&) = delete;
  Halves& operator=(const Halves&) = delete;

 private:
  c10::DeviceType type_;
};

/// A norm of numbers of a width, its outputs and the gradients of everything that goes in.
struct NormCase {
  std::int64_t width = 0;
  bool shared_gain = false;
  bool has_branch = false;

  std::vector<at::Tensor> run(const at::TensorOptions& options) const {
    const auto leaf = [&](at::IntArrayRef shape, std::uint32_t stream) {
      return numbers(shape, stream).to(options).set_requires_grad(true);
    };
    const std::int64_t gains = shared_gain ? 1 : 3;
    const std::vector<std::int64_t> shape{3, 37, width};
    std::vector<at::Tensor> leaves{
        leaf(shape, 1), leaf({gains, width}, 2), leaf({gains, width}, 3)};
    if (has_branch) leaves.push_back(leaf(shape, 4));
    const ResidualNorm found =
        residual_norm(leaves[0], has_branch ? leaves[3] : at::Tensor(), {leaves[1], leaves[2]});
    ((found.output * numbers(shape, 5).to(options)).sum() +
     (found.sum * numbers(shape, 6).to(options)).sum())
        .backward();
    std::vector<at::Tensor> results{found.sum.detach(), found.output.detach()};
    for (const at::Tensor& x : leaves) results.push_back(x.grad());
    for (at::Tensor& x : results) x = x.to(at::kCPU, at::kDouble);
    return results;
  }
};

std::vector<NormCase> norm_cases() {
  std::vector<NormCase> all;
  for (const std::int64_t width : {16, 256, 1408, 1424, 30}) {  // the last two are composed on GPUs
    for (const bool shared : {true, false}) {
      for (const bool branch : {true, false}) all.push_back({width, shared, branch});
    }
  }
  return all;
}

double worst(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).abs() / expected.abs().clamp_min(1.0)).max().item<double>();
}

TEST(Devices, ResidualNormAndItsGradientsEqualTheirParts) {
  for (const c10::Device device : test::devices()) {
    for (const NormCase& c : norm_cases()) {
      const auto expected = c.run(at::TensorOptions().dtype(at::kDouble));
      const auto found = c.run(at::TensorOptions(device).dtype(at::kFloat));
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_LT(worst(found[i], expected[i]), 3e-5) << device << ", " << c.width << ", " << i;
      }
    }
  }
}

TEST(Devices, ResidualNormAnswersInHalvesUnderAutocast) {
  for (const c10::Device device : test::devices()) {
    if (device.is_cuda() && cuda_kernels() == nullptr) continue;
    const at::TensorOptions options = at::TensorOptions(device).dtype(at::kFloat);
    const at::Tensor x = numbers({2, 33, 256}, 1).to(options);
    const at::Tensor branch = numbers({2, 33, 256}, 2).to(options);
    const NormWeights weights{.gain = at::ones({1, 256}, options),
                              .shift = at::zeros({1, 256}, options)};
    const ResidualNorm plain = residual_norm(x, branch, weights);
    const Halves halves(device);
    const ResidualNorm found = residual_norm(x, branch, weights);
    EXPECT_EQ(found.output.scalar_type(), at::kBFloat16) << device;
    EXPECT_EQ(found.sum.scalar_type(), at::kFloat) << device;
    EXPECT_LT((found.output - plain.output).abs().max().item<double>(), 0.04) << device;
  }
}

TEST(Devices, Gelu2EqualsItsDefinition) {
  const at::NoGradGuard no_grad;
  for (const c10::Device device : test::devices()) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      for (const std::int64_t count : {0, 1, 7, 100003}) {
        const at::Tensor given = (numbers({count + 3}, 1) * 5).to(device, type).slice(0, 3);
        if (!fits_gelu2_in_place(given)) {
          EXPECT_TRUE(device.is_cuda() && cuda_kernels() == nullptr);
          continue;
        }
        const at::Tensor wide = given.to(at::kDouble);
        const at::Tensor expected = wide * (wide * 1.702).sigmoid();
        gelu2_in_place(given);
        if (count == 0) continue;
        EXPECT_LT(worst(given.to(at::kDouble), expected), type == at::kFloat ? 2e-6 : 1.0 / 256)
            << device << ", " << count;
      }
    }
  }
}

TEST(Devices, NearestRowIsNoneCloser) {
  for (const c10::Device device : test::devices()) {
    for (const std::int64_t rows : {0, 1, 500, 20000}) {
      const at::Tensor z = numbers({rows, 31}, 1).to(device, at::kFloat);
      const at::Tensor table = numbers({130, 31}, 2).to(device, at::kFloat);
      EXPECT_EQ(fits_nearest_row(z, table), device.is_cuda() && cuda_kernels() != nullptr);
      if (!fits_nearest_row(z, table)) continue;
      const at::Tensor found = nearest_row(z, table);
      ASSERT_EQ(found.size(0), rows);
      if (rows == 0) continue;
      const at::Tensor distances = at::cdist(z.to(at::kDouble), table.to(at::kDouble));
      EXPECT_TRUE(at::allclose(
          distances.gather(1, found.unsqueeze(1)).squeeze(1), distances.amin(1), 0.0, 1e-5));
    }
  }
}

/// A GPU where one works and the library was built: then it has to have been found.
TEST(Devices, OurKernelsAreLoadedWithTheGpu) {
  if (!test::devices().back().is_cuda()) {
    EXPECT_EQ(cuda_kernels(), nullptr);
    return;
  }
  if (cuda_kernels() == nullptr) GTEST_SKIP() << "libtessera_cuda.so is not beside this program";
  EXPECT_EQ(cuda_kernels()->version, kernels::kCudaKernelsVersion);
}

}  // namespace
}  // namespace tessera::nn
