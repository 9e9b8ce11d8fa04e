#include "nn/device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

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
