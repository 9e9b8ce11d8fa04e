// Times attention in 8-bit integers (kernels/int8_attention.h), from the products that give q, k
// and v to the bytes that the next product takes, against the library's fused attention from the
// same products, which leaves numbers, in float32 and bfloat16, in turn. It must lie within a few
// hundredths of float32's before anything is timed.

#include "nn/int8_attention.h"

#include <functional>
#include <iostream>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>

#include "bench/report.h"
#include "core/error.h"
#include "kernels/quantised_rows.h"
#include "nn/packed_product.h"
#include "nn/rng.h"

namespace {

using namespace tessera;

struct Shape {
  const char* name = "";
  std::int64_t heads = 4;
  std::int64_t head_width = 64;
  std::int64_t rows = 256;
  std::int64_t keys = 256;
};

constexpr std::int64_t kPrompts = 2;  // both halves of guidance

/// What a product of q, k and v leaves, in the type that products give.
struct Attention {
  Attention(const Shape& s, at::ScalarType type) : shape(s) {
    const std::int64_t width = s.heads * s.head_width;
    const auto columns = [&](std::int64_t rows, std::uint64_t seed) {
      const nn::Rng rng = nn::Rng::of_run(seed, 0, 1);
      const auto normal = [&](std::int64_t step, at::IntArrayRef sizes) {
        return rng.normal(Purpose::kExperiment, step, sizes).squeeze(0);
      };
      return nn::ProductColumns{.values = (3 * normal(0, {rows, width})).to(type),
                                .scales = normal(1, {rows}).abs() * 0.1 + 0.5,
                                .bias = normal(2, {width})};
    };
    q = columns(kPrompts * s.rows, 1);
    k = columns(kPrompts * s.keys, 2);
    v = columns(kPrompts * s.keys, 3);
  }

  nn::Int8Rows in_bytes() const {
    return nn::attend(q, nn::pack_keys_values(k, v, kPrompts, shape.heads));
  }

  /// By the library: what the products mean, then attention.
  template <typename Number>
  at::Tensor by_library() const {
    return at::scaled_dot_product_attention(meant<Number>(q), meant<Number>(k), meant<Number>(v))
        .transpose(1, 2)
        .flatten(0, 1)
        .flatten(1);
  }

 private:
  template <typename Number>
  at::Tensor meant(const nn::ProductColumns& x) const {
    const at::Tensor out = at::empty_like(x.values);
    const kernels::ScaleRows<Number> args{
        .width = x.values.size(1),
        .in = {static_cast<const Number*>(x.values.const_data_ptr()),
               x.scales.const_data_ptr<float>(),
               x.bias.const_data_ptr<float>()},
        .out = static_cast<Number*>(out.mutable_data_ptr())};
    constexpr std::int64_t kRowsOfAThread = 16;
    at::parallel_for(
        0, x.values.size(0), kRowsOfAThread, [&](std::int64_t first, std::int64_t last) {
          kernels::scale_rows(args, first, last);
        });
    return out.view({kPrompts, -1, shape.heads, shape.head_width}).transpose(1, 2);
  }

  Shape shape;
  nn::ProductColumns q, k, v;
};

at::Tensor numbers(const nn::Int8Rows& rows) {
  return rows.values.to(at::kFloat) * rows.scales.unsqueeze(1);
}

void run(const Shape& shape, const bench::Effort& effort, bench::Report& report) {
  const Attention in_float32(shape, at::kFloat);
  const Attention in_bfloat16(shape, at::kBFloat16);
  const at::Tensor want = in_float32.by_library<float>();
  const auto named = [&](const char* what) { return concat(shape.name, ", ", what); };
  const auto check = [&](const char* what, const at::Tensor& found) {
    const double error = ((found - want).norm() / want.norm()).item<double>();
    report.check_at_most(named(what), error, 0.05);
  };
  check("error in 8 bits", numbers(in_bfloat16.in_bytes()));
  check("error in bfloat16", in_bfloat16.by_library<kernels::Bfloat16>());
  const std::vector<std::function<void()>> works{
      [&] { in_bfloat16.in_bytes(); },
      [&] { in_bfloat16.by_library<kernels::Bfloat16>(); },
      [&] { in_float32.in_bytes(); },
      [&] { in_float32.by_library<float>(); }};
  const auto timings = bench::measure_in_turn(works, effort);
  const char* kNames[] = {
      "8 bits, from bfloat16", "library, bfloat16", "8 bits, from float32", "library, float32"};
  for (std::size_t i = 0; i < timings.size(); ++i) {
    report.rows.push_back({named(kNames[i]), kPrompts, timings[i]});
  }
  const double products = 4e-9 * static_cast<double>(kPrompts * shape.heads * shape.rows *
                                                     shape.keys * shape.head_width);
  report.facts[named("10^9 operations a second")] = products / timings[0].min_ms * 1e3;
  report.facts[named("times bfloat16's rate")] = timings[1].min_ms / timings[0].min_ms;
  report.facts[named("times float32's rate")] = timings[3].min_ms / timings[2].min_ms;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Effort effort{};
  int threads = 1;
  bool json = false;
  CLI::App app("Times attention in 8-bit integers against the library's; checks it first.",
               "int8_attention_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--repeats", effort.repeats)->check(CLI::PositiveNumber);
  app.add_option("--threads", threads)->check(CLI::PositiveNumber);
  app.add_flag("--json", json, "one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  const at::NoGradGuard no_grad;
  at::set_num_threads(threads);
  bench::Report report;
  report.facts = bench::machine_facts();
  run({.name = "shipped"}, effort, report);
  run({.name = "shipped, text", .keys = 77}, effort, report);
  if (nn::has_int8_units()) {  // elsewhere it is a plain loop, which takes minutes for these
    run({.name = "base", .heads = 16, .rows = 1024, .keys = 1024}, effort, report);
    run({.name = "base, text", .heads = 16, .rows = 1024, .keys = 77}, effort, report);
    run({.name = "ithq", .heads = 16, .head_width = 88, .rows = 1024, .keys = 1024},
        effort,
        report);
  }
  report.print(std::cout, json);
  return report.failures.empty() ? 0 : 1;
}
