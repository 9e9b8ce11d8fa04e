#include "kernels/cuda_kernels.h"

#include <gtest/gtest.h>

#include "kernels/cuda/mirror.cuh"
#include "tests/kernels/cuda_table.h"
#include "tests/kernels/draw_rows.h"
#include "tests/kernels/norm_rows.h"

namespace tessera::kernels {
namespace {

using cuda::Mirror;
using test::cuda_table;
using test::number;
using test::numbers;
using test::worst;

constexpr std::uint32_t kSeeds = 3;

TEST(CudaKernels, NothingToDoIsNoLaunch) {
  const CudaKernels* kernels = cuda_table();
  ASSERT_NE(kernels, nullptr);
  EXPECT_EQ(kernels->residual_norm({.width = 16, .rows_in_group = 4}, 0, nullptr), nullptr);
  EXPECT_EQ(kernels->residual_norm_gradient({.width = 16, .rows_in_group = 4}, 0, nullptr),
            nullptr);
  EXPECT_EQ(kernels->gelu2({}, 0, nullptr), nullptr);
  EXPECT_EQ(kernels->nearest_code({.codes = 4, .width = 4}, 0, nullptr), nullptr);
  EXPECT_EQ(kernels->draw_codes({.codes = 4}, 0, nullptr), nullptr);
}

TEST(CudaKernels, MoreCodesThanABlockHoldsAreRefused) {
  const CudaKernels* kernels = cuda_table();
  ASSERT_NE(kernels, nullptr);
  const char* failure = kernels->draw_codes({.codes = kMostCudaCodes + 1}, 1, nullptr);
  ASSERT_NE(failure, nullptr);
  EXPECT_STREQ(failure, "more codes than a block holds");
}

class OnADevice : public testing::Test {
 protected:
  void SetUp() override {
    if (!cuda::has_device()) GTEST_SKIP() << "no CUDA device answers here";
    kernels = cuda_table();
    ASSERT_NE(kernels, nullptr);
  }
  const CudaKernels* kernels = nullptr;
};

void expect_launched(const char* failure) {
  EXPECT_EQ(failure, nullptr) << failure;
}

// --- draw_codes

class DrawCodesOnADevice : public OnADevice {
 protected:
  test::Draws draw(test::DrawRows& rows) const {
    test::Draws answers = rows.blank();
    Mirror mirror;
    const DrawCodes args = rows.arguments(answers, mirror);
    expect_launched(kernels->draw_codes(args, rows.of.tokens, nullptr));
    mirror.fetch();
    return answers;
  }

  /// Equal codes, but for heights so near a border of two codes that rounding decides.
  void expect_reference_draws(test::DrawRows rows, const std::string& what) const {
    constexpr float kRounding = 1e-6f;
    const test::Draws got = draw(rows);
    const test::Draws want = test::reference_draws(rows);
    test::DrawRows lower = rows;
    test::DrawRows higher = rows;
    for (float& u : lower.uniform) u = std::max(u - kRounding, 1e-9f);
    for (float& u : higher.uniform) u = std::min(u + kRounding, 1 - 1e-7f);
    const test::Draws below = test::reference_draws(lower);
    const test::Draws above = test::reference_draws(higher);
    std::int64_t rounded = 0;
    for (std::size_t i = 0; i < want.drawn.size(); ++i) {
      EXPECT_NEAR(got.best[i], want.best[i], 2e-5) << what;
      if (got.drawn[i] != want.drawn[i]) {
        EXPECT_TRUE(got.drawn[i] == below.drawn[i] || got.drawn[i] == above.drawn[i])
            << what << ": token " << i << " is " << got.drawn[i] << ", not " << want.drawn[i];
        ++rounded;
      } else {
        EXPECT_NEAR(got.log_p[i], want.log_p[i], 2e-5) << what;
      }
    }
    EXPECT_LE(rounded, 1 + rows.of.tokens / 50) << what;
  }
};

TEST_F(DrawCodesOnADevice, EqualsTheReferenceAtOddSizes) {
  std::vector<test::DrawCase> all = test::draw_cases();
  all.push_back({40, 16384, 1, 1, 0, false});
  all.push_back({20, 16384, 4, 0.9, 0, true});
  all.push_back({20, 16384, 1, 1, 1000, false});
  all.push_back({40, 16383, 2, 0.5, 300, true});
  all.push_back({40, 2887, 1, 0.999, 0, false});
  all.push_back({300, 544, 1, 0.86, 0, true});
  all.push_back({300, 545, 2, 0.3, 0, true});
  all.push_back({1, 4096, 2, 0.86, 0, true});
  for (const test::DrawCase& c : all) {
    for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
      expect_reference_draws(test::DrawRows(c, seed),
                             std::to_string(c.codes) + " codes, seed " + std::to_string(seed));
    }
  }
}

TEST_F(DrawCodesOnADevice, EqualsTheCpuInNearlyEveryToken) {
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    test::DrawRows rows({.tokens = 1000, .codes = 1024, .guidance = 2, .keep_mass = 0.86}, seed);
    const test::Draws got = draw(rows);
    const test::Draws want =
        rows.by([&](const DrawCodes& args) { draw_codes(args, 0, rows.of.tokens); });
    int differ = 0;
    for (std::size_t i = 0; i < want.drawn.size(); ++i) differ += got.drawn[i] != want.drawn[i];
    EXPECT_LE(differ, 2) << "seed " << seed;
  }
}

TEST_F(DrawCodesOnADevice, GivesTheSameCodesAgain) {
  test::DrawRows rows({.tokens = 500, .codes = 4096, .guidance = 2, .keep_mass = 0.9}, 7);
  const test::Draws first = draw(rows);
  for (int i = 0; i < 3; ++i) {
    const test::Draws again = draw(rows);
    EXPECT_EQ(again.drawn, first.drawn);
    EXPECT_EQ(again.log_p, first.log_p);
  }
}

TEST_F(DrawCodesOnADevice, OfEqualCodesTheLowerOnesStay) {
  for (const std::int64_t codes : {100, 4096}) {
    for (const std::int64_t kept : {1, 10, 63, 64, 65, 99}) {
      test::DrawRows rows({.tokens = 64, .codes = codes, .keep_codes = kept});
      for (float& z : rows.wanted) z = 0.25f;
      const test::Draws got = draw(rows);
      EXPECT_EQ(got.drawn, test::reference_draws(rows).drawn) << kept << " of " << codes;
      for (std::size_t i = 0; i < 64; ++i) EXPECT_LT(got.drawn[i], kept);
    }
    // by mass: half of equal codes
    test::DrawRows half({.tokens = 64, .codes = codes, .keep_mass = 0.5});
    for (float& z : half.wanted) z = -3.0f;
    for (const std::int64_t code : draw(half).drawn) EXPECT_LT(code, codes / 2 + 1);
  }
}

TEST_F(DrawCodesOnADevice, TruncatesAmongManyEqualAndManyWeightlessCodes) {
  for (const std::int64_t codes : {100, 3000}) {
    for (const std::int64_t share : {1, 3, 40, 90, 99}) {
      const std::int64_t kept = share * codes / 100;
      test::DrawRows rows({.tokens = 64, .codes = codes, .keep_codes = kept});
      for (std::size_t i = 0; i < rows.wanted.size(); ++i) {
        const std::size_t code = i % static_cast<std::size_t>(codes);
        rows.wanted[i] = code % 3 == 0 ? 2.0f : code % 3 == 1 ? 1.0f : -200.0f;
      }
      expect_reference_draws(rows, std::to_string(kept) + " of " + std::to_string(codes));
    }
  }
}

TEST_F(DrawCodesOnADevice, TellsNeighbouringNumbersApart) {
  // logits that differ in their last bits
  for (const float base : {1e-3f, 1.0f, -40.0f}) {
    test::DrawRows rows({.tokens = 64, .codes = 1000, .keep_codes = 333});
    for (std::size_t i = 0; i < rows.wanted.size(); ++i) {
      float z = base;
      for (std::size_t k = 0; k < i * 7 % 5; ++k) z = std::nextafter(z, 100.0f);
      rows.wanted[i] = z;
    }
    expect_reference_draws(rows, "base " + std::to_string(base));
  }
}

TEST_F(DrawCodesOnADevice, ImpossibleCodesNeverCome) {
  test::DrawRows rows({.tokens = 64, .codes = 50, .guidance = 3});
  for (std::size_t i = 0; i < rows.wanted.size(); ++i) {
    if (i % 50 % 7 != 3) rows.wanted[i] = -HUGE_VALF;
    if (i % 3 == 0) rows.unwanted[i] = -HUGE_VALF;
  }
  const test::Draws got = draw(rows);
  EXPECT_EQ(got.drawn, test::reference_draws(rows).drawn);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(got.drawn[i] % 7, 3);
}

// --- nearest_code

struct Search {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  std::int64_t codes = 0;
  std::vector<float> z{}, codebook{};
  std::vector<std::int64_t> nearest{};

  NearestCode arguments(Mirror& mirror) {
    nearest.assign(static_cast<std::size_t>(rows) + 1, -7);
    return {.codes = codes,
            .width = width,
            .z = mirror(z),
            .codebook = mirror(codebook),
            .nearest = mirror(nearest)};
  }

  double distance(std::int64_t row, std::int64_t code) const {
    double sum = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      const double apart =
          static_cast<double>(z[static_cast<std::size_t>(row * width + i)]) -
          static_cast<double>(codebook[static_cast<std::size_t>(code * width + i)]);
      sum += apart * apart;
    }
    return sum;
  }
};

class NearestCodeOnADevice : public OnADevice {
 protected:
  void run(Search& s) const {
    Mirror mirror;
    expect_launched(kernels->nearest_code(s.arguments(mirror), s.rows, nullptr));
    mirror.fetch();
    EXPECT_EQ(s.nearest.back(), -7);  // nothing is written behind the rows
  }
};

TEST_F(NearestCodeOnADevice, EqualsTheReferenceToRounding) {
  const std::vector<Search> cases{{0, 4, 3},
                                  {1, 1, 1},
                                  {5, 3, 7},
                                  {31, 16, 127},
                                  {33, 17, 129},
                                  {129, 32, 1024},
                                  {300, 33, 130},
                                  {257, 256, 500},
                                  {20000, 8, 257},
                                  {17001, 37, 33}};
  for (const Search& c : cases) {
    for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
      Search s = c;
      s.z = numbers<float>(s.rows * s.width, 2 * seed + 100, 2);
      s.codebook = numbers<float>(s.codes * s.width, 2 * seed + 101, 2);
      run(s);
      std::vector<std::int64_t> want(static_cast<std::size_t>(s.rows));
      nearest_code_reference({.codes = s.codes,
                              .width = s.width,
                              .z = s.z.data(),
                              .codebook = s.codebook.data(),
                              .nearest = want.data()},
                             0,
                             s.rows);
      int differ = 0;
      for (std::int64_t row = 0; row < s.rows; ++row) {
        const std::int64_t got = s.nearest[static_cast<std::size_t>(row)];
        ASSERT_TRUE(got >= 0 && got < s.codes) << got;
        if (got == want[static_cast<std::size_t>(row)]) continue;
        ++differ;
        const double best = s.distance(row, want[static_cast<std::size_t>(row)]);
        EXPECT_NEAR(s.distance(row, got), best, 1e-5 * (1 + best)) << "row " << row;
      }
      EXPECT_LE(differ, 1 + s.rows / 1000) << s.rows << " x " << s.width << " x " << s.codes;
    }
  }
}

TEST_F(NearestCodeOnADevice, OfEqualCodesTheLowestIsFound) {
  for (const std::int64_t rows : {70, 18000}) {
    Search s{.rows = rows, .width = 24, .codes = 3 * 150};
    s.z = numbers<float>(s.rows * s.width, 5, 2);
    const std::vector<float> once = numbers<float>(150 * s.width, 6, 2);
    for (int copy = 0; copy < 3; ++copy) {
      s.codebook.insert(s.codebook.end(), once.begin(), once.end());
    }
    run(s);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) EXPECT_LT(s.nearest[i], 150);
  }
}

TEST_F(NearestCodeOnADevice, ACodeFindsItself) {
  Search s{.rows = 500, .width = 8, .codes = 500};
  s.z = s.codebook = numbers<float>(500 * 8, 8, 1);
  run(s);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(s.nearest[i], static_cast<std::int64_t>(i));
}

// --- gelu2

class Gelu2OnADevice : public OnADevice {
 protected:
  const char* launch(const Gelu2<float>& args, std::int64_t count) const {
    return kernels->gelu2(args, count, nullptr);
  }
  const char* launch(const Gelu2<Bfloat16>& args, std::int64_t count) const {
    return kernels->gelu2_half(args, count, nullptr);
  }

  template <typename Number>
  void check(double tolerance) const {
    for (const std::int64_t count : {0, 1, 2, 7, 8, 9, 31, 1000, 4097, 300001}) {
      for (const std::int64_t offset : {0, 1, 3, 8}) {  // in front of what is aligned
        for (const float range : {1.0f, 8.0f, 200.0f}) {
          const auto in = numbers<Number>(offset + count + 1, 1, range);
          std::vector<double> want;
          for (const Number x : in) {
            const auto wide = static_cast<double>(number(x));
            want.push_back(wide / (1.0 + std::exp(-1.702 * wide)));
          }
          for (std::int64_t i = 0; i < offset; ++i) {
            want[static_cast<std::size_t>(i)] =
                static_cast<double>(number(in[static_cast<std::size_t>(i)]));
          }
          want.back() = static_cast<double>(number(in.back()));
          std::vector<Number> found = in;
          Mirror mirror;
          expect_launched(launch(Gelu2<Number>{mirror(found) + offset}, count));
          mirror.fetch();
          EXPECT_LT(worst(want, found), tolerance) << count << " behind " << offset;
        }
      }
    }
  }
};

TEST_F(Gelu2OnADevice, Float32EqualsTheDefinition) {
  check<float>(2e-6);
}

TEST_F(Gelu2OnADevice, Bfloat16EqualsTheDefinitionToItsPrecision) {
  check<Bfloat16>(1.0 / 256);
}

TEST_F(Gelu2OnADevice, InfinitiesComeOutAsOnTheCpu) {
  std::vector<float> x{HUGE_VALF, -HUGE_VALF, std::nanf(""), 0.0f, -0.0f, 3e38f, -3e38f};
  Mirror mirror;
  expect_launched(launch(Gelu2<float>{mirror(x)}, 7));
  mirror.fetch();
  EXPECT_EQ(x[0], HUGE_VALF);
  EXPECT_TRUE(std::isnan(x[1]));
  EXPECT_TRUE(std::isnan(x[2]));
  EXPECT_EQ(x[3], 0.0f);
  EXPECT_EQ(x[4], 0.0f);
  EXPECT_EQ(x[5], 3e38f);
  EXPECT_EQ(x[6], 0.0f);
}

// --- residual_norm

class ResidualNormOnADevice : public OnADevice {
 protected:
  const char* launch(const ResidualNorm<float>& a, std::int64_t groups) const {
    return kernels->residual_norm(a, groups, nullptr);
  }
  const char* launch(const ResidualNorm<Bfloat16>& a, std::int64_t groups) const {
    return kernels->residual_norm_half(a, groups, nullptr);
  }
  const char* launch(const ResidualNormGradient<float>& a, std::int64_t groups) const {
    return kernels->residual_norm_gradient(a, groups, nullptr);
  }
  const char* launch(const ResidualNormGradient<Bfloat16>& a, std::int64_t groups) const {
    return kernels->residual_norm_gradient_half(a, groups, nullptr);
  }

  /// Forwards, and backwards from what that gave.
  template <typename Number>
  void run(const test::NormCase& c, test::NormRows<Number>& rows) const {
    for (const bool backwards : {false, true}) {
      Mirror mirror;
      if (backwards) {
        expect_launched(launch(rows.backward(c, mirror), c.groups));
      } else {
        expect_launched(launch(rows.forward(c, mirror), c.groups));
      }
      mirror.fetch();
    }
  }

  template <typename Number>
  void check(double tolerance) const {
    const std::vector<test::NormCase> cases{{3, 5, 16, true, false, true},
                                            {2, 3, 48, true, true, true},
                                            {4, 1, 160, false, false, false},
                                            {1, 7, 192, true, true, false},
                                            {5, 100, 256, true, false, true},
                                            {2, 33, 384, true, false, true},
                                            {3, 40, 512, false, true, true},
                                            {2, 33, 1024, true, false, true},
                                            {2, 70, 1408, true, false, false},
                                            {300, 3, 48, true, false, true},
                                            {270, 9, 384, false, true, true},
                                            {264, 2, 1408, true, false, true},
                                            {263, 2, 32, true, false, false},
                                            {2, 1, 16, true, false, true},
                                            {0, 5, 16, true, false, true}};
    for (const test::NormCase& c : cases) {
      for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
        test::NormRows<Number> rows(c, seed);
        const test::NormExpected e = test::expected_norm(c, rows);
        run(c, rows);
        EXPECT_LT(worst(e.sum, rows.sum), 1e-6) << c.width;
        EXPECT_LT(worst(e.output, rows.output), tolerance) << c.width;
        EXPECT_LT(worst(e.grad_residual, rows.grad_residual), 1e-5) << c.width;
        if (c.branch) {
          EXPECT_LT(worst(e.grad_residual, rows.grad_branch), tolerance) << c.width;
        }
        EXPECT_LT(worst(e.grad_gain, rows.grad_gain), 2e-5) << c.width;
        EXPECT_LT(worst(e.grad_shift, rows.grad_shift), 2e-5) << c.width;
      }
    }
  }
};

TEST_F(ResidualNormOnADevice, Float32EqualsTheDefinition) {
  check<float>(1e-5);
}

TEST_F(ResidualNormOnADevice, Bfloat16EqualsTheDefinitionToItsPrecision) {
  check<Bfloat16>(1.0 / 256);
}

}  // namespace
}  // namespace tessera::kernels
