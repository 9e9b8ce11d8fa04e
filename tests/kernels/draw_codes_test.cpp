#include "kernels/draw_codes.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/kernels/draw_rows.h"

namespace tessera::kernels {
namespace {

using Rows = test::DrawRows;
using Answers = test::Draws;

std::vector<Answers> all_targets(Rows& rows) {
  std::vector<Answers> all;
  for (const Target target : test::targets()) {
    all.push_back(rows.by([&](const DrawCodes& args) {
      for (std::int64_t i = rows.of.tokens; i-- > 0;) draw_codes(args, i, i + 1, target);
    }));
  }
  return all;
}

TEST(DrawCodes, EqualsTheReferenceAtOddSizes) {
  for (const test::DrawCase& c : test::draw_cases()) {
    Rows rows(c);
    const Answers want = test::reference_draws(rows);
    for (const Answers& got : all_targets(rows)) {
      EXPECT_EQ(got.drawn, want.drawn) << c.codes << " codes";
      ASSERT_EQ(got.log_p.size(), want.log_p.size());
      for (std::size_t i = 0; i < want.log_p.size(); ++i) {
        EXPECT_NEAR(got.log_p[i], want.log_p[i], 1e-5) << c.codes << " codes";
        EXPECT_NEAR(got.best[i], want.best[i], 1e-5) << c.codes << " codes";
      }
    }
  }
}

TEST(DrawCodes, EveryTargetGivesTheSameBits) {
  for (const test::DrawCase& c : test::draw_cases()) {
    Rows rows(c);
    const std::vector<Answers> all = all_targets(rows);
    for (const Answers& got : all) {
      EXPECT_EQ(got.drawn, all.front().drawn);
      EXPECT_EQ(got.log_p, all.front().log_p);
      EXPECT_EQ(got.best, all.front().best);
    }
  }
}

TEST(DrawCodes, OfEqualCodesTheLowerOnesStay) {
  Rows rows({.tokens = 64, .codes = 100, .keep_codes = 10});
  for (float& z : rows.wanted) z = 0.25f;
  for (const Answers& got : all_targets(rows)) {
    EXPECT_EQ(got.drawn, test::reference_draws(rows).drawn);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_LT(got.drawn[i], 10);
  }
}

TEST(DrawCodes, TruncatesAmongManyEqualAndManyWeightlessCodes) {
  for (const std::int64_t kept : {1, 3, 40, 90, 99}) {
    Rows rows({.tokens = 64, .codes = 100, .keep_codes = kept});
    for (std::size_t i = 0; i < rows.wanted.size(); ++i) {
      const std::size_t code = i % 100;
      rows.wanted[i] = code % 3 == 0 ? 2.0f : code % 3 == 1 ? 1.0f : -200.0f;
    }
    for (const Answers& got : all_targets(rows))
      EXPECT_EQ(got.drawn, test::reference_draws(rows).drawn) << kept;
  }
}

TEST(DrawCodes, ImpossibleCodesNeverCome) {
  Rows rows({.tokens = 64, .codes = 50, .guidance = 3});
  for (std::size_t i = 0; i < rows.wanted.size(); ++i) {
    if (i % 50 % 7 != 3) rows.wanted[i] = -HUGE_VALF;
    if (i % 3 == 0) rows.unwanted[i] = -HUGE_VALF;
  }
  for (const Answers& got : all_targets(rows)) {
    EXPECT_EQ(got.drawn, test::reference_draws(rows).drawn);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(got.drawn[i] % 7, 3);
  }
}

TEST(DrawCodes, TellsTheLikeliestWithoutADraw) {
  Rows rows({.tokens = 64, .codes = 100, .guidance = 3, .keep_mass = 0.5});
  const Answers drawn = test::reference_draws(rows);
  for (const Target target : test::targets()) {
    const Answers got = rows.by([&](DrawCodes args) {
      args.drawn = nullptr;
      args.uniform = nullptr;
      draw_codes(args, 0, rows.of.tokens, target);
    });
    EXPECT_EQ(got.drawn, rows.blank().drawn);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_NEAR(got.best[i], drawn.best[i], 1e-5);
  }
}

constexpr std::int64_t kTokens = 4000;

/// Two codes of odds 1 : 3, at evenly spread heights.
struct EvenHeights {
  EvenHeights() {
    for (std::int64_t i = 0; i < kTokens; ++i) {
      wanted.insert(wanted.end(), {0.0f, std::log(3.0f)});
      uniform.push_back((static_cast<float>(i) + 0.5f) / static_cast<float>(kTokens));
    }
  }
  std::vector<float> wanted{}, uniform{};
};

TEST(DrawCodes, FrequenciesFollowThePower) {
  // Odds 1 : 3 to the power 2 are 1 : 9.
  const EvenHeights rows;
  const std::vector<float> power(kTokens, 2.0f);
  std::vector<std::int64_t> drawn(kTokens);
  const DrawCodes args{.codes = 2,
                       .wanted = rows.wanted.data(),
                       .power = power.data(),
                       .uniform = rows.uniform.data(),
                       .drawn = drawn.data()};
  for (const Target target : test::targets()) {
    draw_codes(args, 0, kTokens, target);
    EXPECT_NEAR(static_cast<double>(std::count(drawn.begin(), drawn.end(), 0)), 400, 1);
  }
}

TEST(DrawCodes, FrequenciesFollowThePosterior) {
  // Two codes of odds 1 : 3 and a mask that stays in half the cases, at evenly spread heights.
  const EvenHeights rows;
  const std::vector<CodeEvidence> evidence(
      kTokens, CodeEvidence{.keep = 1, .uniform = 0, .other = 0.5, .stay = 0.5});
  std::vector<std::int64_t> drawn(kTokens);
  const DrawCodes args{.codes = 2,
                       .wanted = rows.wanted.data(),
                       .uniform = rows.uniform.data(),
                       .evidence = evidence.data(),
                       .drawn = drawn.data()};
  for (const Target target : test::targets()) {
    draw_codes(args, 0, kTokens, target);
    std::vector<double> count(3);
    for (const std::int64_t code : drawn) count[static_cast<std::size_t>(code)] += 1;
    EXPECT_NEAR(count[0], 500, 1);
    EXPECT_NEAR(count[1], 1500, 1);
    EXPECT_NEAR(count[2], 2000, 1);
  }
}

}  // namespace
}  // namespace tessera::kernels
