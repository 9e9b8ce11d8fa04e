#include "kernels/draw_codes.h"

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::numbers;

struct Case {
  std::int64_t tokens = 0;
  std::int64_t codes = 0;
  float guidance = 1;  // 1 = without unwanted logits
  double keep_mass = 1;
  std::int64_t keep_codes = 0;
  bool posterior = false;
};

std::vector<Case> cases() {
  return {{40, 1024, 1, 1, 0, false},
          {40, 1024, 2, 1, 0, true},
          {40, 2887, 5, 0.86, 0, true},
          {64, 17, 1, 1, 0, true},
          {64, 16, 3, 0.5, 0, false},
          {64, 2, 0.5, 1, 0, true},
          {64, 1, 1, 1, 0, false},
          {0, 33, 2, 1, 0, true},
          {64, 31, 2, 0.9, 0, true},
          {40, 4096, 1, 1, 100, false},
          {64, 100, 2, 1, 1, false},
          {64, 100, 1, 1e-9, 0, false},
          {64, 100, 1, 0.999999, 0, true},
          {64, 100, 2, 0.7, 5, true},
          {64, 33, 1, 1, 32, false}};
}

/// A masked token, one that was seen, and one that nothing else can have become, in turn.
std::vector<CodeEvidence> some_evidence(const Case& c) {
  std::vector<CodeEvidence> all;
  for (std::int64_t i = 0; i < c.tokens; ++i) {
    CodeEvidence e{.keep = 0.6, .uniform = 0.02, .other = 0.1, .same = 0.9, .rho = 0.02};
    if (i % 3 == 0) {
      e.stay = 0.7;
    } else {
      e.seen = i * 7 % c.codes;
      e.carried = i % 3 == 2 && i % 2 == 0;
    }
    all.push_back(e);
  }
  return all;
}

struct Answers {
  std::vector<std::int64_t> drawn;
  std::vector<float> log_p;
};

/// Everything that a case needs, and its answer by one of the ways.
struct Rows {
  explicit Rows(const Case& c)
      : of(c),
        wanted(numbers<float>(c.tokens * c.codes, 1, 9)),
        unwanted(numbers<float>(c.tokens * c.codes, 2, 6)),
        uniform(numbers<float>(c.tokens, 3, 1)),
        evidence(some_evidence(c)) {
    for (float& u : uniform) u = (u + 1) / 2;
    for (std::int64_t i = 0; i < c.tokens && c.posterior; ++i) {  // what is seen is likely, too
      const std::int64_t seen = evidence[static_cast<std::size_t>(i)].seen;
      if (seen >= 0) wanted[static_cast<std::size_t>(i * c.codes + seen)] = 12;
    }
  }

  template <typename Run>
  Answers by(Run&& run) const {
    Answers answers{std::vector<std::int64_t>(static_cast<std::size_t>(of.tokens) + 1, -7),
                    std::vector<float>(static_cast<std::size_t>(of.tokens) + 1, 5)};
    run(DrawCodes{.codes = of.codes,
                  .wanted = wanted.data(),
                  .unwanted = of.guidance == 1 ? nullptr : unwanted.data(),
                  .guidance = of.guidance,
                  .keep_mass = of.keep_mass,
                  .keep_codes = of.keep_codes,
                  .uniform = uniform.data(),
                  .evidence = of.posterior ? evidence.data() : nullptr,
                  .drawn = answers.drawn.data(),
                  .log_p = of.posterior ? nullptr : answers.log_p.data()});
    return answers;
  }

  Case of;
  std::vector<float> wanted, unwanted, uniform;
  std::vector<CodeEvidence> evidence;
};

std::vector<Answers> all_targets(const Rows& rows) {
  std::vector<Answers> all;
  for (const Target target : test::targets()) {
    all.push_back(rows.by([&](const DrawCodes& args) {
      for (std::int64_t i = rows.of.tokens; i-- > 0;) draw_codes(args, i, i + 1, target);
    }));
  }
  return all;
}

Answers expected(const Rows& rows) {
  return rows.by([&](const DrawCodes& args) { draw_codes_reference(args, 0, rows.of.tokens); });
}

TEST(DrawCodes, EqualsTheReferenceAtOddSizes) {
  for (const Case& c : cases()) {
    const Rows rows(c);
    const Answers want = expected(rows);
    for (const Answers& got : all_targets(rows)) {
      EXPECT_EQ(got.drawn, want.drawn) << c.codes << " codes";
      ASSERT_EQ(got.log_p.size(), want.log_p.size());
      for (std::size_t i = 0; i < want.log_p.size(); ++i) {
        EXPECT_NEAR(got.log_p[i], want.log_p[i], 1e-5) << c.codes << " codes";
      }
    }
  }
}

TEST(DrawCodes, EveryTargetGivesTheSameBits) {
  for (const Case& c : cases()) {
    const Rows rows(c);
    const std::vector<Answers> all = all_targets(rows);
    for (const Answers& got : all) {
      EXPECT_EQ(got.drawn, all.front().drawn);
      EXPECT_EQ(got.log_p, all.front().log_p);
    }
  }
}

TEST(DrawCodes, OfEqualCodesTheLowerOnesStay) {
  Rows rows({.tokens = 64, .codes = 100, .keep_codes = 10});
  for (float& z : rows.wanted) z = 0.25f;
  for (const Answers& got : all_targets(rows)) {
    EXPECT_EQ(got.drawn, expected(rows).drawn);
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
    for (const Answers& got : all_targets(rows)) EXPECT_EQ(got.drawn, expected(rows).drawn) << kept;
  }
}

TEST(DrawCodes, ImpossibleCodesNeverCome) {
  Rows rows({.tokens = 64, .codes = 50, .guidance = 3});
  for (std::size_t i = 0; i < rows.wanted.size(); ++i) {
    if (i % 50 % 7 != 3) rows.wanted[i] = -HUGE_VALF;
    if (i % 3 == 0) rows.unwanted[i] = -HUGE_VALF;
  }
  for (const Answers& got : all_targets(rows)) {
    EXPECT_EQ(got.drawn, expected(rows).drawn);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(got.drawn[i] % 7, 3);
  }
}

TEST(DrawCodes, FrequenciesFollowThePosterior) {
  // Two codes of odds 1 : 3 and a mask that stays in half the cases, at evenly spread heights.
  constexpr std::int64_t kTokens = 4000;
  std::vector<float> wanted, uniform;
  for (std::int64_t i = 0; i < kTokens; ++i) {
    wanted.insert(wanted.end(), {0.0f, std::log(3.0f)});
    uniform.push_back((static_cast<float>(i) + 0.5f) / static_cast<float>(kTokens));
  }
  const std::vector<CodeEvidence> evidence(
      kTokens, CodeEvidence{.keep = 1, .uniform = 0, .other = 0.5, .stay = 0.5});
  std::vector<std::int64_t> drawn(kTokens);
  const DrawCodes args{.codes = 2,
                       .wanted = wanted.data(),
                       .uniform = uniform.data(),
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
