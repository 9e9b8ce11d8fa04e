// Times the draw of a sampling step, guided logits to codes, against its reference and against the
// rate at which the same logits are copied, one thread. The codes must be equal before anything is
// timed.

#include "kernels/draw_codes.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <iostream>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/report.h"
#include "core/error.h"
#include "core/philox.h"

namespace {

using namespace tessera;

/// Logits of both halves of guidance, and masked tokens that are uncovered at a third.
struct Step {
  Step(std::int64_t rows, std::int64_t k) : tokens(rows), codes(k) {
    for (std::int64_t i = 0; i < 2 * rows * k; i += 4) {
      const Word4 word = philox({.seed = 1}, static_cast<std::uint32_t>(i / 4));
      for (int lane = 0; lane < 4; ++lane) logits.push_back(-2 * std::log(unit(word.w[lane])));
    }
    for (std::int64_t i = 0; i < rows; ++i) {
      uniform.push_back(unit(philox({.seed = 2}, static_cast<std::uint32_t>(i)).w[0]));
    }
    evidence.assign(uniform.size(), {.keep = 0.6, .uniform = 1e-5, .other = 0.3, .stay = 0.7});
    drawn.resize(uniform.size());
  }

  kernels::DrawCodes arguments(double keep_mass) {
    return {.codes = codes,
            .wanted = logits.data(),
            .unwanted = logits.data() + tokens * codes,
            .guidance = 2,
            .keep_mass = keep_mass,
            .uniform = uniform.data(),
            .evidence = evidence.data(),
            .drawn = drawn.data()};
  }

  std::int64_t tokens;
  std::int64_t codes;
  std::vector<float> logits{}, uniform{};
  std::vector<kernels::CodeEvidence> evidence{};
  std::vector<std::int64_t> drawn{};
};

void run(std::int64_t tokens,
         std::int64_t codes,
         const bench::Effort& effort,
         bench::Report& report) {
  Step step(tokens, codes);
  std::vector<float> copy(step.logits.size());
  std::vector<std::string> names;
  std::vector<std::function<void()>> works;
  const auto named = [&](const char* what) { return concat(what, ", K = ", codes); };
  for (const double mass : {1.0, 0.86}) {
    const kernels::DrawCodes args = step.arguments(mass);
    kernels::draw_codes_reference(args, 0, tokens);
    const std::vector<std::int64_t> want = step.drawn;
    kernels::draw_codes(args, 0, tokens);
    double wrong = 0;
    for (std::size_t i = 0; i < want.size(); ++i) wrong += step.drawn[i] != want[i];
    report.check_at_most(concat(named("wrong codes"), ", mass ", mass), wrong, 0);
    names.push_back(named(mass < 1 ? "fused, mass 0.86" : "fused"));
    works.emplace_back([args, tokens] { kernels::draw_codes(args, 0, tokens); });
    names.push_back(named(mass < 1 ? "reference, 0.86" : "reference"));
    works.emplace_back([args, tokens] { kernels::draw_codes_reference(args, 0, tokens); });
  }
  names.push_back(named("copy of the logits"));
  works.emplace_back(
      [&] { std::memcpy(copy.data(), step.logits.data(), copy.size() * sizeof(float)); });
  const auto timings = bench::measure_in_turn(works, effort);
  for (std::size_t i = 0; i < timings.size(); ++i) {
    report.rows.push_back({names[i], tokens, timings[i]});
  }
  report.facts[named("10^9 bytes a second")] =
      static_cast<double>(step.logits.size() * sizeof(float)) / timings[0].min_ms / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Effort effort{};
  bool json = false;
  CLI::App app("Times kernels/draw_codes against its reference; checks it first.",
               "draw_codes_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--repeats", effort.repeats)->check(CLI::PositiveNumber);
  app.add_flag("--json", json, "one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  bench::Report report;
  report.facts = bench::machine_facts();
  run(256, 1024, effort, report);
  run(1024, 2887, effort, report);
  run(1024, 4096, effort, report);
  report.print(std::cout, json);
  return report.failures.empty() ? 0 : 1;
}
