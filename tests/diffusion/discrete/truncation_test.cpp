#include "diffusion/discrete/truncation.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/guidance.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

at::Tensor log_row(const std::vector<double>& p) {
  return at::tensor(p, at::kDouble).log().view({1, 1, -1});
}

std::vector<std::int64_t> kept(const std::vector<double>& p,
                               const Truncation& truncation,
                               at::ScalarType type = at::kFloat) {
  const at::Tensor all = log_row(p).to(type);
  const at::Tensor out = truncate(all, truncation).view({-1});
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < out.size(0); ++i) {
    if (out[i].item<double>() == -INFINITY) continue;
    EXPECT_EQ(out[i].item<double>(), all.view({-1})[i].item<double>());
    indices.push_back(i);
  }
  return indices;
}

using Indices = std::vector<std::int64_t>;

TEST(Guide, MixesLogProbabilities) {
  const at::Tensor c = log_row({0.7, 0.2, 0.1});
  const at::Tensor u = log_row({0.5, 0.25, 0.25});
  const auto expect = [&](double scale, const std::vector<double>& want) {
    const at::Tensor got = guide(c, u, scale).exp();
    EXPECT_LE((got - log_row(want).exp()).abs().max().item<double>(), 1e-8) << scale << got;
  };
  expect(0.0, {0.5, 0.25, 0.25});
  expect(1.0, {0.7, 0.2, 0.1});
  expect(1.5, {0.77379015, 0.16712296, 0.05908689});
  expect(3.0, {0.90501319, 0.084432718, 0.01055409});
  expect(5.0, {0.96954139, 0.029535622, 0.00092298817});
}

TEST(Guide, KeepsZeroAndMakesNoNaN) {
  for (const double scale : {0.0, 0.5, 1.0, 3.0}) {
    const at::Tensor both = guide(log_row({0.0, 0.4, 0.6}), log_row({0.0, 0.5, 0.5}), scale).exp();
    EXPECT_EQ(both[0][0][0].item<double>(), 0.0);
    EXPECT_NEAR(both.sum().item<double>(), 1.0, 1e-12);
    const at::Tensor one = guide(log_row({0.2, 0.2, 0.6}), log_row({0.0, 0.5, 0.5}), scale).exp();
    EXPECT_TRUE(one.isfinite().all().item<bool>());
  }
}

TEST(Truncate, KeepsClassesUntilTheirMassReachesTheRate) {
  for (const auto type : {at::kFloat, at::kDouble}) {
    const std::vector<double> p{0.15, 0.5, 0.05, 0.3};
    EXPECT_EQ(kept(p, {.rate = 0.4}, type), Indices({1}));
    EXPECT_EQ(kept(p, {.rate = 0.5}, type), Indices({1}));
    EXPECT_EQ(kept(p, {.rate = 0.51}, type), Indices({1, 3}));
    EXPECT_EQ(kept(p, {.rate = 0.86}, type), Indices({0, 1, 3}));
    EXPECT_EQ(kept(p, {.rate = 0.95}, type), Indices({0, 1, 3}));
    EXPECT_EQ(kept(p, {.rate = 1.0}, type), Indices({0, 1, 2, 3}));
    EXPECT_EQ(kept(p, {.rate = 1e-9}, type), Indices({1}));
  }
}

TEST(Truncate, KeepsTheMostLikely) {
  const std::vector<double> p{0.15, 0.5, 0.05, 0.3};
  EXPECT_EQ(kept(p, {.top_k = 1}), Indices({1}));
  EXPECT_EQ(kept(p, {.top_k = 3}), Indices({0, 1, 3}));
  EXPECT_EQ(kept(p, {.top_k = 4}), Indices({0, 1, 2, 3}));
  EXPECT_EQ(kept(p, {.top_k = 100}), Indices({0, 1, 2, 3}));
}

TEST(Truncate, OfEqualClassesTheLowerIndexStays) {
  const std::vector<double> even{0.25, 0.25, 0.25, 0.25};
  EXPECT_EQ(kept(even, {.rate = 0.25}), Indices({0}));
  EXPECT_EQ(kept(even, {.rate = 0.6}), Indices({0, 1, 2}));
  EXPECT_EQ(kept(even, {.top_k = 2}), Indices({0, 1}));
  EXPECT_EQ(kept({0.1, 0.3, 0.3, 0.3}, {.top_k = 2}), Indices({1, 2}));
}

TEST(Truncate, ZeroStaysZeroAndOneClassIsEnough) {
  EXPECT_EQ(kept({0.0, 1.0, 0.0}, {.rate = 0.9}), Indices({1}));
  EXPECT_EQ(kept({1.0}, {.rate = 0.5}), Indices({0}));
}

TEST(Truncate, RowsAreIndependent) {
  const at::Tensor rows = at::cat({log_row({0.6, 0.3, 0.1}), log_row({0.1, 0.1, 0.8})}, 1);
  const at::Tensor out = truncate(rows, {.rate = 0.7});
  EXPECT_TRUE(
      at::equal(out.isfinite(), at::tensor({1, 1, 0, 0, 0, 1}).view({1, 2, 3}).to(at::kBool)));
}

TEST(ParseTruncation, ReadsEveryForm) {
  const auto expect = [](const char* text, double rate, std::int64_t top_k) {
    const Truncation t = parse_truncation(text);
    EXPECT_EQ(t.rate, rate) << text;
    EXPECT_EQ(t.top_k, top_k) << text;
  };
  expect("", 1.0, 0);
  expect("1", 1.0, 0);
  expect("1.0", 1.0, 0);
  expect("0.86", 0.86, 0);
  expect("top0.86r", 0.86, 0);
  expect("top1r", 1.0, 0);
  expect("top100p", 1.0, 100);
  expect("top1p", 1.0, 1);
}

TEST(ParseTruncation, NamesWhatItCannotRead) {
  for (const char* text : {"0",
                           "-0.5",
                           "1.01",
                           "nan",
                           "inf",
                           "86%",
                           "top",
                           "topr",
                           "top0p",
                           "top-3p",
                           "top1.5p",
                           "top0r",
                           "top2r",
                           "top0.86",
                           "0.86r",
                           " 0.86",
                           "0.8x"}) {
    test::expect_error(ErrorCode::kInvalidArgument, std::string("\"") + text + "\"", [&] {
      parse_truncation(text);
    });
  }
}

}  // namespace
}  // namespace tessera::diffusion
