#include "lab/tiny_denoiser.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "lab/draws.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

TEST(TinyDenoiser, AnswersInTheShapeAndTypeOfItsInput) {
  TinyDenoiser network(
      {.numbers = 12, .width = 16, .steps = 10}, diffusion::GaussianPrediction::kVelocity, 1);
  const at::Tensor x = draw_normal({1, 0}, {5, 3, 2, 2});
  const at::Tensor said = network.forward(x, times_of(3, 5), {});
  EXPECT_EQ(said.sizes(), x.sizes());
  EXPECT_EQ(said.scalar_type(), at::kDouble);
  EXPECT_EQ(network.prediction(), diffusion::GaussianPrediction::kVelocity);
  // It sees the time, and each row by itself.
  EXPECT_FALSE(said.allclose(network.forward(x, times_of(4, 5), {})));
  EXPECT_TRUE(said.narrow(0, 2, 1).allclose(
      network.forward(x.narrow(0, 2, 1), times_of(3), {}), 1e-5, 1e-6));
}

}  // namespace
}  // namespace tessera::lab
