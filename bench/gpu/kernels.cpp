// Times our kernels for GPUs by CUDA's own events, beside the rate at which the device copies. Each
// result is held to the CPU's kernel, or to the reference, before it is timed. A measurement is a
// row of launches over sets of buffers that are together several times the L2 cache, so that
// nothing is found there that the last launch left.

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/gpu/device_bench.h"
#include "core/error.h"

namespace {

using namespace tessera;
using bench::Buffers;
using bench::cuda_kernels;
using bench::DeviceBench;
using bench::numbers;
using bench::Settings;
using bench::Work;
using bench::worst;
using kernels::Bfloat16;

constexpr int kNoDevice = 77;  // exit status: nothing was checked or timed

double share_that_differs(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  double wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) wrong += a[i] != b[i];
  return wrong / static_cast<double>(a.size());
}

void copy(DeviceBench& bench) {
  constexpr std::int64_t kBytes = std::int64_t{512} << 20;
  Buffers buffers;
  const auto* from = buffers.room<char>(kBytes);
  auto* to = buffers.room<char>(kBytes);
  bench.time({.name = "copy on the device, 512 MiB", .bytes = 2.0 * kBytes, .launch = [=](auto) {
                const auto error = cudaMemcpyAsync(to, from, kBytes, cudaMemcpyDeviceToDevice);
                return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
              }});
}

void draw_codes(DeviceBench& bench, std::int64_t pictures, std::int64_t codes) {
  constexpr std::int64_t kTokens = 1024;  // of a picture, which are filled and checked
  const std::int64_t base = bench.rows(kTokens);
  const std::int64_t tokens = base * pictures;
  // as a trained network's: few codes of weight
  std::vector<float> logits = numbers<float>(2 * base * codes, 1, 1);
  for (float& z : logits) z = -2 * std::log((z + 1) / 2);
  const std::vector<float> wanted(logits.begin(), logits.begin() + base * codes);
  const std::vector<float> unwanted(logits.begin() + base * codes, logits.end());
  std::vector<float> uniform = numbers<float>(base, 2, 1);
  for (float& u : uniform) u = (u + 1) / 2;
  const std::vector<kernels::CodeEvidence> evidence(
      uniform.size(), {.keep = 0.6, .uniform = 1e-5, .other = 0.3, .stay = 0.7});

  const double bytes = static_cast<double>(tokens * (2 * 4 * codes + 64 + 4 + 8));
  const std::int64_t sets = bench.sets(bytes);
  Buffers buffers;
  const float* all_wanted = buffers.repeated(wanted, sets * tokens * codes);
  const float* all_unwanted = buffers.repeated(unwanted, sets * tokens * codes);
  const float* all_uniform = buffers.repeated(uniform, tokens);
  const kernels::CodeEvidence* all_evidence = buffers.repeated(evidence, tokens);
  auto* drawn = buffers.room<std::int64_t>(tokens);
  for (const double mass : {1.0, 0.86}) {
    kernels::DrawCodes args{.codes = codes,
                            .wanted = all_wanted,
                            .unwanted = all_unwanted,
                            .guidance = 2,
                            .keep_mass = mass,
                            .uniform = all_uniform,
                            .evidence = all_evidence,
                            .drawn = drawn};
    const Work work{
        .name =
            concat("draw_codes ", pictures, " x 1024, K ", codes, mass < 1 ? ", mass 0.86" : ""),
        .bytes = bytes,
        .launch = [=](std::int64_t set) {
          kernels::DrawCodes here = args;
          here.wanted += set * tokens * codes;
          here.unwanted += set * tokens * codes;
          return cuda_kernels().draw_codes(here, tokens, nullptr);
        }};
    DeviceBench::run(work);
    const auto got = Buffers::first(drawn, base);
    std::vector<std::int64_t> want(got.size());
    args.wanted = wanted.data();
    args.unwanted = unwanted.data();
    args.uniform = uniform.data();
    args.evidence = evidence.data();
    args.drawn = want.data();
    kernels::draw_codes(args, 0, base);
    bench.report().check_at_most(
        work.name + ", share of other codes", share_that_differs(got, want), 2e-3);
    bench.time(work);
  }
}

void nearest_code(DeviceBench& bench,
                  std::int64_t all_rows,
                  std::int64_t width,
                  std::int64_t codes) {
  const std::int64_t rows = bench.rows(all_rows);
  const std::int64_t base = std::min<std::int64_t>(rows, 2048);
  const std::vector<float> z = numbers<float>(base * width, 5, 2);
  const std::vector<float> codebook = numbers<float>(codes * width, 6, 2);
  const double bytes = static_cast<double>(rows * (4 * width + 8) + codes * width * 4);
  Buffers buffers;
  const float* all_z = buffers.repeated(z, bench.sets(bytes) * rows * width);
  auto* nearest = buffers.room<std::int64_t>(rows);
  kernels::NearestCode args{.codes = codes,
                            .width = width,
                            .z = all_z,
                            .codebook = buffers.repeated(codebook, codes * width),
                            .nearest = nearest};
  const Work work{.name = concat("nearest_code ", all_rows, " x ", width, ", K ", codes),
                  .bytes = bytes,
                  .operations = 2.0 * static_cast<double>(rows * width * codes),
                  .launch = [=](std::int64_t set) {
                    kernels::NearestCode here = args;
                    here.z += set * rows * width;
                    return cuda_kernels().nearest_code(here, rows, nullptr);
                  }};
  DeviceBench::run(work);
  const auto got = Buffers::first(nearest, base);
  std::vector<std::int64_t> want(got.size());
  args.z = z.data();
  args.codebook = codebook.data();
  args.nearest = want.data();
  kernels::nearest_code_reference(args, 0, base);
  bench.report().check_at_most(
      work.name + ", share of other codes", share_that_differs(got, want), 2e-3);
  bench.time(work);
}

template <typename Number>
void gelu2(DeviceBench& bench) {
  const std::int64_t count = bench.rows(131072) * 1024;
  std::vector<Number> base = numbers<Number>(std::min<std::int64_t>(count, 1 << 20), 7, 6);
  const double bytes = static_cast<double>(count) * 2 * sizeof(Number);
  Buffers buffers;
  Number* all = buffers.repeated(base, bench.sets(bytes) * count);
  const Work work{.name = concat("gelu2 131072 x 1024, ", bench::kNameOf<Number>),
                  .bytes = bytes,
                  .launch = [=](std::int64_t set) {
                    return cuda_kernels().launch(
                        kernels::Gelu2<Number>{all + set * count}, count, nullptr);
                  }};
  DeviceBench::run(work);
  const auto got = Buffers::first(all, static_cast<std::int64_t>(base.size()));
  kernels::gelu2(kernels::Gelu2<Number>{base.data()}, 0, static_cast<std::int64_t>(base.size()));
  bench.report().check_at_most(
      work.name + ", error", worst(got, base), std::is_same_v<Number, float> ? 2e-6 : 1.0 / 128);
  bench.time(work);
}

int run(const Settings& settings) {
  int devices = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&devices);
      error != cudaSuccess || devices == 0) {
    std::cerr << "cuda_kernels_bench: no CUDA device answers ("
              << (devices == 0 && error == cudaSuccess ? "none is there"
                                                       : cudaGetErrorString(error))
              << ")\n";
    return kNoDevice;
  }
  bench::Report report;
  DeviceBench bench(settings, report);
  copy(bench);
  for (const std::int64_t pictures : {1, 8}) {
    for (const std::int64_t codes : {2887, 4096}) draw_codes(bench, pictures, codes);
  }
  for (const bench::NormShape shape :
       {bench::NormShape{512, 256, 256}, bench::NormShape{8, 1024, 1408}}) {
    bench::time_residual_norm<float>(bench, shape);
    bench::time_residual_norm<Bfloat16>(bench, shape);
  }
  nearest_code(bench, 65536, 32, 1024);
  nearest_code(bench, 65536, 256, 1024);
  nearest_code(bench, 2048, 32, 1024);
  gelu2<float>(bench);
  gelu2<Bfloat16>(bench);
  bench.print(std::cout);
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times libtessera_cuda.so's kernels; checks them first.", "cuda_kernels_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--repeats", settings.repeats)->check(CLI::PositiveNumber);
  app.add_option("--scale", settings.scale, "of the number of rows")->check(CLI::Range(1e-4, 1.0));
  app.add_flag("--json", settings.json, "one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::cerr << "cuda_kernels_bench: " << error.what() << "\n";
    return 1;
  }
}
