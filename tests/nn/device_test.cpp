#include "nn/device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "nn/transfer.h"
#include "tests/support/expect_error.h"

namespace tessera::nn {
namespace {

using test::expect_error;

TEST(Device, CpuAndAutoAlwaysWork) {
  EXPECT_EQ(resolve_device("cpu"), c10::Device(c10::kCPU));
  const c10::Device automatic = resolve_device("auto");
  EXPECT_TRUE(automatic.is_cpu() || automatic.is_cuda());
}

TEST(Device, UnknownNamesAreRefused) {
  for (const char* name : {"gpu", "cuda0", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:999"}) {
    expect_error(ErrorCode::kInvalidArgument, "device", [&] { resolve_device(name); });
  }
}

TEST(Device, CudaIsAnErrorWhereItDoesNotWork) {
  if (resolve_device("auto").is_cuda()) GTEST_SKIP() << "CUDA works here";
  expect_error(ErrorCode::kUnavailable, "\"cuda\"", [] { resolve_device("cuda"); });
}

/// A copy between devices of one kind is the tensor itself; the other way is checked where there is
/// a GPU.
TEST(Transfer, KeepsValuesTypeAndLeavesWhatIsThere) {
  const at::Tensor x = at::arange(6, at::kLong).view({2, 3});
  EXPECT_TRUE(to_device(x, at::kCPU).is_same(x));
  EXPECT_TRUE(staged_for(x, at::kCPU).is_same(x));
  const at::Tensor there = to_device(x, at::kMeta);
  EXPECT_TRUE(there.is_meta());
  EXPECT_EQ(there.sizes(), x.sizes());
  EXPECT_EQ(there.scalar_type(), at::kLong);
  if (!resolve_device("auto").is_cuda()) GTEST_SKIP() << "no GPU here";
  EXPECT_TRUE(at::equal(to_device(x, at::kCUDA).cpu(), x));
}

TEST(Device, ThreadsAreSet) {
  const int before = at::get_num_threads();
  set_threads(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_threads(before);
  expect_error(ErrorCode::kInvalidArgument, "-1", [] { set_threads(-1); });
  expect_error(ErrorCode::kInvalidArgument, "5000", [] { set_threads(5000); });
}

}  // namespace
}  // namespace tessera::nn
