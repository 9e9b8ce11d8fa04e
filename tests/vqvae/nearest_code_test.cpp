#include "vqvae/nearest_code.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include "tests/support/devices.h"
#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"

namespace tessera::vqvae {
namespace {

/// Squared distance of row r to code k, in float64 and without the expanded square.
double distance(const at::Tensor& z, const at::Tensor& book, std::int64_t r, std::int64_t k) {
  return (z[r].to(at::kDouble) - book[k].to(at::kDouble)).square().sum().item<double>();
}

/// On one device; the answer on the CPU.
at::Tensor found_on(c10::Device device, const at::Tensor& z, const at::Tensor& book) {
  return nearest_code(z.to(device), book.to(device)).cpu();
}

TEST(NearestCode, AgreesWithBruteForceInFloat64) {
  const at::Tensor z = test::normal(1, {200, 5}).to(at::kFloat);
  const at::Tensor book = test::normal(2, {37, 5}).to(at::kFloat);
  for (const c10::Device device : test::devices()) {
    const at::Tensor found = found_on(device, z, book);
    for (std::int64_t r = 0; r < z.size(0); ++r) {
      double best = distance(z, book, r, 0);
      for (std::int64_t k = 1; k < book.size(0); ++k) {
        best = std::min(best, distance(z, book, r, k));
      }
      EXPECT_NEAR(distance(z, book, r, found[r].item<std::int64_t>()), best, 1e-5) << r;
    }
  }
}

TEST(NearestCode, ACodeFindsItself) {
  const at::Tensor book = test::normal(3, {500, 8}).to(at::kFloat);
  for (const c10::Device device : test::devices()) {
    EXPECT_TRUE(found_on(device, book, book).equal(at::arange(500))) << device;
  }
}

TEST(NearestCode, LowestIndexWinsATie) {
  const at::Tensor book = at::tensor({5.F, 1.F, -1.F, 1.F}).view({4, 1});
  const at::Tensor z = at::tensor({1.F, 0.F, -2.F}).view({3, 1});
  for (const c10::Device device : test::devices()) {
    EXPECT_TRUE(found_on(device, z, book).equal(at::tensor({1, 1, 2}, at::kLong))) << device;
  }
}

TEST(NearestCode, ChunksGiveWhatRowsGiveAlone) {
  // 2^15 codes: 128 rows a chunk.
  const at::Tensor z = test::normal(4, {300, 2}).to(at::kFloat);
  const at::Tensor book = test::normal(5, {1 << 15, 2}).to(at::kFloat);
  const at::Tensor found = nearest_code(z, book);
  ASSERT_EQ(found.size(0), 300);
  for (const std::int64_t r : {0, 127, 128, 255, 256, 299}) {
    EXPECT_NEAR(distance(z, book, r, found[r].item<std::int64_t>()),
                (z[r] - book).to(at::kDouble).square().sum(1).min().item<double>(),
                1e-6);
  }
  EXPECT_EQ(nearest_code(z.slice(0, 0, 0), book).size(0), 0);
}

TEST(NearestCode, KeepsFullPrecisionUnderAutocast) {
  // Codes apart by less than bf16 can tell.
  const at::Tensor book = (100 + 0.01 * at::arange(50, at::kFloat)).view({50, 1});
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const at::Tensor found = nearest_code(book - 100, book - 100);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_TRUE(found.equal(at::arange(50)));
}

TEST(NearestCode, RefusesOtherWidths) {
  test::expect_error(ErrorCode::kShapeMismatch, "[4, 3]", [] {
    nearest_code(at::zeros({2, 2}), at::zeros({4, 3}));
  });
}

}  // namespace
}  // namespace tessera::vqvae
