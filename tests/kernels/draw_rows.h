#pragma once

#include <cstdint>
#include <vector>

#include "kernels/draw_codes.h"
#include "tests/kernels/row_numbers.h"

/// What the tests of the draw on the CPU and on a GPU share: rows of logits, and the answer to
/// them.
namespace tessera::kernels::test {

struct DrawCase {
  std::int64_t tokens = 0;
  std::int64_t codes = 0;
  float guidance = 1;  // 1 = without unwanted logits
  double keep_mass = 1;
  std::int64_t keep_codes = 0;
  bool posterior = false;
  bool power = false;
};

inline std::vector<DrawCase> draw_cases() {
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
          {64, 33, 1, 1, 32, false},
          {40, 1024, 2, 1, 0, false, true},
          {64, 100, 2, 0.7, 5, true, true},
          {40, 2887, 5, 0.86, 0, false, true}};
}

/// A masked token, one that was seen, and one that nothing else can have become, in turn.
inline std::vector<CodeEvidence> some_evidence(const DrawCase& c) {
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

struct Draws {
  std::vector<std::int64_t> drawn;
  std::vector<float> log_p;
  std::vector<float> best;
};

/// Everything that a case needs, and its answer by one of the ways.
struct DrawRows {
  explicit DrawRows(const DrawCase& c, std::uint32_t seed = 0)
      : of(c),
        wanted(numbers<float>(c.tokens * c.codes, 3 * seed + 1, 9)),
        unwanted(numbers<float>(c.tokens * c.codes, 3 * seed + 2, 6)),
        uniform(numbers<float>(c.tokens, 3 * seed + 3, 1)),
        power(numbers<float>(c.tokens, 3 * seed + 4, 1)),
        evidence(some_evidence(c)) {
    for (float& u : uniform) u = (u + 1) / 2;
    for (float& w : power) w += 2;
    for (std::int64_t i = 0; i < c.tokens && c.posterior; ++i) {  // what is seen is likely, too
      const std::int64_t seen = evidence[static_cast<std::size_t>(i)].seen;
      if (seen >= 0) wanted[static_cast<std::size_t>(i * c.codes + seen)] = 12;
    }
  }

  Draws blank() const {
    return {std::vector<std::int64_t>(static_cast<std::size_t>(of.tokens) + 1, -7),
            std::vector<float>(static_cast<std::size_t>(of.tokens) + 1, 5),
            std::vector<float>(static_cast<std::size_t>(of.tokens) + 1, 5)};
  }

  /// `at` tells where the kernel finds a vector.
  template <typename At>
  DrawCodes arguments(Draws& answers, At&& at) {
    return {.codes = of.codes,
            .wanted = at(wanted),
            .unwanted = of.guidance == 1 ? nullptr : at(unwanted),
            .guidance = of.guidance,
            .keep_mass = of.keep_mass,
            .keep_codes = of.keep_codes,
            .power = of.power ? at(power) : nullptr,
            .uniform = at(uniform),
            .evidence = of.posterior ? at(evidence) : nullptr,
            .drawn = at(answers.drawn),
            .log_p = of.posterior ? nullptr : at(answers.log_p),
            .best = of.posterior ? nullptr : at(answers.best)};
  }

  template <typename Run>
  Draws by(Run&& run) {
    Draws answers = blank();
    run(arguments(answers, [](auto& v) { return v.data(); }));
    return answers;
  }

  DrawCase of;
  std::vector<float> wanted, unwanted, uniform, power;
  std::vector<CodeEvidence> evidence;
};

inline Draws reference_draws(DrawRows rows) {
  return rows.by([&](const DrawCodes& args) { draw_codes_reference(args, 0, rows.of.tokens); });
}

}  // namespace tessera::kernels::test
