#include "lab/reference_chain.h"

#include <cmath>

#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

/// Five steps that can be followed by hand: ᾱ = 0.9, 0.72, 0.504, 0.3024, 0.1512.
ReferenceChain toy() {
  return ReferenceChain({0.0, 0.1, 0.2, 0.3, 0.4, 0.5});
}

TEST(ReferenceChain, FiveStepsByHand) {
  const ReferenceChain chain = toy();
  EXPECT_EQ(chain.steps(), 5);
  EXPECT_NEAR(chain.kept(3), 0.504, 1e-15);
  EXPECT_NEAR(chain.lost(5), 0.8488, 1e-15);
  EXPECT_NEAR(chain.posterior_variance(2), 0.2 * 0.1 / 0.28, 1e-15);
  EXPECT_NEAR(chain.of_data(2), 0.677630927179, 1e-12);
  EXPECT_NEAR(chain.of_state(2), 0.3194382825, 1e-12);
  EXPECT_EQ(chain.posterior_variance(1), 0.0);
  EXPECT_NEAR(chain.of_data(1), 1.0, 1e-15);
}

TEST(ReferenceChain, BoundAndSamplerAgainstFiftyDigits) {
  const ReferenceChain chain = toy();
  double bound = chain.prior_term(0.25) + chain.term(1, 0.25, chain.posterior_variance(2));
  std::vector<double> small = {0.0, chain.posterior_variance(2)};
  for (std::int64_t t = 2; t <= 5; ++t) {
    small.push_back(chain.posterior_variance(t));
    bound += chain.term(t, 0.25, small.back());
  }
  EXPECT_NEAR(bound, 0.903565060536, 1e-11);
  EXPECT_NEAR(chain.sampler_variance(0.25, small), 0.193652636262, 1e-11);
}

TEST(ReferenceChain, LosesNoDigitsOfTheFirstStep) {
  std::vector<double> beta(1001, 1e-9);
  EXPECT_NEAR(ReferenceChain(beta).lost(1), 1e-9, 1e-24);
}

}  // namespace
}  // namespace tessera::lab
