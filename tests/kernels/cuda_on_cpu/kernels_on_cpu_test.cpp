#include <gtest/gtest.h>

#include "kernels/cuda/mirror.cuh"
#include "tests/kernels/cuda_table.h"
#include "tests/kernels/draw_rows.h"
#include "tests/kernels/norm_rows.h"

extern "C" const tessera::kernels::CudaKernels* tessera_cuda_kernels();

namespace tessera::kernels {

const CudaKernels* test::cuda_table() {
  return tessera_cuda_kernels();
}

namespace {

using cuda::Mirror;
using cuda::Order;
using test::numbers;

/// What `run` gives must not depend on which thread comes first between two barriers.
template <typename Run>
void expect_the_same_in_every_order(Run&& run) {
  const auto forwards = run();
  for (const Order order : {Order::kBackwards, Order::kMixed}) {
    cuda::order = order;
    EXPECT_EQ(run(), forwards) << "order " << static_cast<int>(order);
  }
  cuda::order = Order::kForwards;
}

TEST(KernelsOnCpu, TheDrawNeedsNoOrderOfThreads) {
  for (const test::DrawCase& c : test::draw_cases()) {
    if (c.tokens == 0) continue;
    test::DrawRows rows(c, 5);
    expect_the_same_in_every_order([&] {
      test::Draws answers = rows.blank();
      Mirror mirror;
      const char* failure =
          test::cuda_table()->draw_codes(rows.arguments(answers, mirror), c.tokens, nullptr);
      EXPECT_EQ(failure, nullptr) << failure;
      mirror.fetch();
      return std::tuple(answers.drawn, answers.log_p, answers.best);
    });
  }
}

TEST(KernelsOnCpu, TheSearchNeedsNoOrderOfThreads) {
  const auto z = numbers<float>(70 * 37, 1, 2);
  const auto codebook = numbers<float>(200 * 37, 2, 2);
  expect_the_same_in_every_order([&] {
    std::vector<std::int64_t> nearest(70, -1);
    const char* failure = test::cuda_table()->nearest_code({.codes = 200,
                                                            .width = 37,
                                                            .z = z.data(),
                                                            .codebook = codebook.data(),
                                                            .nearest = nearest.data()},
                                                           70,
                                                           nullptr);
    EXPECT_EQ(failure, nullptr) << failure;
    return nearest;
  });
}

TEST(KernelsOnCpu, TheNormAndItsGradientNeedNoOrderOfThreads) {
  for (const test::NormCase& c : {test::NormCase{2, 70, 256, true, false, true},
                                  test::NormCase{1, 100, 1408, true, true, true},
                                  test::NormCase{270, 9, 144, true, false, true}}) {
    test::NormRows<float> rows(c, 3);
    expect_the_same_in_every_order([&] {
      const auto here = [](auto& v) { return v.data(); };
      const CudaKernels& kernels = *test::cuda_table();
      EXPECT_EQ(kernels.launch(rows.forward(c, here), c.groups, nullptr), nullptr);
      EXPECT_EQ(kernels.launch(rows.backward(c, here), c.groups, nullptr), nullptr);
      return std::tuple(rows.output, rows.grad_residual, rows.grad_gain, rows.grad_shift);
    });
  }
}

// --- what the CPU's grids see

void waits_alone() {
  if (threadIdx.x != 3) __syncthreads();
  if (threadIdx.x < 32) __shfl_xor_sync(~0u, 1.0f, 1);
}

void leaves_a_lane_out() {
  if (threadIdx.x % 2 == 0) __shfl_xor_sync(~0u, 1.0f, 2);
}

void writes_behind() {
  cuda::shared_by_block[4] = {};
}

/// Without a barrier between them.
void reads_what_another_writes(int* seen) {
  __shared__ int passed[64];
  passed[threadIdx.x] = static_cast<int>(threadIdx.x);
  seen[threadIdx.x] = passed[threadIdx.x ^ 32];
  __syncthreads();
  passed[threadIdx.x] = -1;
}

template <typename... Parameters, typename... Arguments>
const char* failure_of(void (*kernel)(Parameters...), Arguments... arguments) {
  cudaLaunchConfig_t config;
  config.blockDim = 64;
  config.dynamicSmemBytes = 64;
  const cudaError_t error = cudaLaunchKernelEx(&config, kernel, arguments...);
  return error == cudaSuccess ? "" : cudaGetErrorString(error);
}

TEST(GridOnCpu, SeesLanesThatStandApart) {
  EXPECT_STREQ(failure_of(waits_alone), "lanes of one warp stand at different barriers");
  EXPECT_STREQ(failure_of(leaves_a_lane_out), "lanes of one warp stand at different barriers");
}

TEST(GridOnCpu, SeesWritesBehindABlocksMemory) {
  EXPECT_STREQ(failure_of(writes_behind), "a block wrote behind its memory");
}

TEST(GridOnCpu, AMissingBarrierShowsInAnotherOrder) {
  const auto seen_in = [](Order order) {
    cuda::order = order;
    std::vector<int> seen(64);
    EXPECT_STREQ(failure_of(reads_what_another_writes, seen.data()), "");
    cuda::order = Order::kForwards;
    return seen;
  };
  EXPECT_NE(seen_in(Order::kForwards), seen_in(Order::kBackwards));
}

}  // namespace
}  // namespace tessera::kernels
