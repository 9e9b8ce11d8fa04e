#include "lab/altered_denoiser.h"

#include <ATen/ATen.h>

#include "lab/times.h"
#include "lab/worlds.h"
#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

World world() {
  return normal_world(diffusion::schedule_of_betas({0.1, 0.2}), 0.0, 1.0);
}

TEST(AlteredDenoiser, ScalesThePredictionAndSaysItsVariances) {
  const World known = world();
  const auto altered =
      make_altered_denoiser(known.denoiser, {.factor = 0.5, .variances = {1.0, 0.25, 0.75}});
  const at::Tensor x = as_pictures(at::tensor({1.0, -2.0}, at::kDouble));
  const at::Tensor t = at::tensor({2, 1}, at::kLong);
  const at::Tensor said = altered->forward(x, t, {});
  EXPECT_EQ(altered->variance(), diffusion::GaussianVariance::kDiagonal);
  ASSERT_EQ(said.size(1), 2);
  EXPECT_TRUE(said.narrow(1, 0, 1).allclose(0.5 * known.denoiser->forward(x, t, {})));
  EXPECT_TRUE(
      as_numbers(said.narrow(1, 1, 1).exp()).allclose(at::tensor({0.75, 0.25}, at::kDouble)));
}

TEST(AlteredDenoiser, RefusesALearnedVariance) {
  const auto altered = make_altered_denoiser(world().denoiser, {.variances = {1.0, 0.25, 0.75}});
  test::expect_error(ErrorCode::kInvalidArgument, "learned variance", [&] {
    make_altered_denoiser(altered, {.factor = 2.0});
  });
}

}  // namespace
}  // namespace tessera::lab
