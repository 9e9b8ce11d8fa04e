#include <cstring>

#include <gtest/gtest.h>

#include "kernels/cuda/mirror.cuh"
#include "tests/kernels/cuda_table.h"

namespace tessera::kernels {

const CudaKernels* test::cuda_table() {
  std::string missing;
  const CudaKernels* opened = open_cuda_kernels(missing);
  if (opened == nullptr) ADD_FAILURE() << missing;
  return opened;
}

namespace {

TEST(CudaLibrary, GivesAWholeTableOfThisVersion) {
  const CudaKernels* kernels = test::cuda_table();
  ASSERT_NE(kernels, nullptr);
  EXPECT_EQ(kernels->version, kCudaKernelsVersion);
  EXPECT_NE(kernels->residual_norm, nullptr);
  EXPECT_NE(kernels->residual_norm_half, nullptr);
  EXPECT_NE(kernels->residual_norm_gradient, nullptr);
  EXPECT_NE(kernels->residual_norm_gradient_half, nullptr);
  EXPECT_NE(kernels->gelu2, nullptr);
  EXPECT_NE(kernels->gelu2_half, nullptr);
  EXPECT_NE(kernels->nearest_code, nullptr);
  EXPECT_NE(kernels->draw_codes, nullptr);
}

TEST(CudaLibrary, ALaunchWithoutADeviceSaysWhy) {
  const CudaKernels* kernels = test::cuda_table();
  ASSERT_NE(kernels, nullptr);
  if (cuda::has_device()) GTEST_SKIP() << "a device answers here";
  const auto expect_reason = [](const char* failure) {
    ASSERT_NE(failure, nullptr);
    EXPECT_GT(std::strlen(failure), 5u);
  };
  expect_reason(kernels->residual_norm({.width = 16, .rows_in_group = 4}, 1, nullptr));
  expect_reason(kernels->residual_norm_half({.width = 16, .rows_in_group = 4}, 1, nullptr));
  expect_reason(kernels->residual_norm_gradient({.width = 16, .rows_in_group = 4}, 1, nullptr));
  expect_reason(
      kernels->residual_norm_gradient_half({.width = 1408, .rows_in_group = 4}, 1, nullptr));
  expect_reason(kernels->gelu2({}, 5, nullptr));
  expect_reason(kernels->gelu2_half({}, 5, nullptr));
  expect_reason(kernels->nearest_code({.codes = 4, .width = 4}, 1, nullptr));
  expect_reason(kernels->draw_codes({.codes = 4}, 1, nullptr));
  expect_reason(kernels->draw_codes({.codes = kMostCudaCodes}, 1, nullptr));
}

}  // namespace
}  // namespace tessera::kernels
