#include "diffusion/gaussian/decoder.h"

#include <cmath>
#include <cstdio>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using test::expect_close;
using test::group;
using test::number;

GaussianMoments around(double mean, double log_deviation, at::ScalarType type = at::kDouble) {
  return {.mean = at::full({1}, mean, type),
          .log_variance = at::full({1}, 2 * log_deviation, type)};
}

TEST(PixelDecoder, BinsAreThoseOf40Digits) {
  for (const std::string& name : test::groups_below("discretised_lnp/")) {
    int pixel = 0;
    double mean = 0, log_deviation = 0;
    ASSERT_EQ(
        std::sscanf(name.c_str(), "discretised_lnp/k%d_mu%lf_ls%lf", &pixel, &mean, &log_deviation),
        3);
    const at::Tensor x = from_pixels(at::full({1}, pixel, at::kLong), at::kDouble);
    const GaussianMoments p = around(mean, log_deviation);
    expect_close(
        pixel_log_likelihood(x, p).item<double>(), number(group(name), "exact"), 1e-10, name);
    expect_close(pixel_log_likelihood_published(x, p).item<double>(),
                 number(group(name), "tanh_clamped"),
                 1e-10,
                 name);
  }
}

TEST(PixelDecoder, BinsSumToOne) {
  const at::Tensor x = from_pixels(at::arange(256, at::kLong), at::kDouble);
  for (const auto& [mean, log_deviation] :
       {std::pair{0.1, -2.0}, {-1.3, 0.0}, {0.999, -6.0}, {0.0, 3.0}}) {
    const GaussianMoments p = around(mean, log_deviation);
    expect_close(pixel_log_likelihood(x, p).exp().sum().item<double>(), 1.0, 1e-12, "exact");
    expect_close(
        pixel_log_likelihood_published(x, p).exp().sum().item<double>(), 1.0, 1e-9, "published");
  }
}

TEST(PixelDecoder, IsFiniteAndDifferentiableAtAnyDistance) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor x = from_pixels(at::arange(256, at::kLong), type);
    at::Tensor mean = at::full({256}, 3.0, type).requires_grad_();
    at::Tensor log_variance = at::full({256}, -14.0, type).requires_grad_();
    const at::Tensor log_p = pixel_log_likelihood(x, {.mean = mean, .log_variance = log_variance});
    EXPECT_EQ(log_p.scalar_type(), type);
    EXPECT_TRUE(log_p.isfinite().all().item<bool>());
    log_p.sum().backward();
    EXPECT_TRUE(mean.grad().isfinite().all().item<bool>());
    EXPECT_TRUE(log_variance.grad().isfinite().all().item<bool>());
    // Up to the last pixel's open bin the mean wants to come down to it.
    EXPECT_TRUE((mean.grad().narrow(0, 0, 255) < 0).all().item<bool>());
  }
}

TEST(PixelDecoder, ANarrowBinIsDensityTimesWidth) {
  const GaussianMoments p = around(0.3, 4.0);  // a deviation of 55
  const at::Tensor x = from_pixels(at::full({1}, 200, at::kLong), at::kDouble);
  expect_close(pixel_log_likelihood(x, p).item<double>(),
               normal_log_density(x, p).item<double>() + std::log(2.0 / 255.0),
               1e-10,
               "density");
}

TEST(NormalDecoder, IsTheDensity) {
  const double got = normal_log_density(at::full({1}, 0.7, at::kDouble), around(0.2, std::log(0.5)))
                         .item<double>();
  expect_close(got, -0.5 * std::log(2.0 * M_PI * 0.25) - 0.5, 1e-14, "one deviation off");
}

TEST(Pixels, ThereAndBack) {
  const at::Tensor all = at::arange(256, at::kByte);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    EXPECT_TRUE(at::equal(to_pixels(from_pixels(all, type)), all));
  }
  const at::Tensor wild = to_pixels(at::tensor({-7.0, 9.0, 0.0039}));
  EXPECT_TRUE(at::equal(wild, at::tensor({0, 255, 128}, at::kByte)));
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "floating type", [&] { from_pixels(all, at::kLong); });
}

}  // namespace
}  // namespace tessera::diffusion
