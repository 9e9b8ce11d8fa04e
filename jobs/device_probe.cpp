#include "jobs/device_probe.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "io/json_fields.h"
#include "nn/device.h"
#include "nn/rng.h"

namespace tessera::jobs {
namespace {

/// Waits until the device has done everything: one number is read back.
void wait_for(const at::Tensor& last) {
  last.flatten()[0].item<float>();
}

/// Runs `work` `times` times between two waits; seconds of one, the median of five such.
template <typename Work>
double seconds_of(int times, const Work& work) {
  wait_for(work());
  std::vector<double> all;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto begun = std::chrono::steady_clock::now();
    at::Tensor last;
    for (int k = 0; k < times; ++k) last = work();
    wait_for(last);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
    all.push_back(spent.count() / times);
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

double product_tflops(at::Device device, std::int64_t side, at::ScalarType type, int times) {
  const nn::Rng rng = nn::Rng::of_run(1, 0, 2);
  const at::Tensor both = rng.normal(Purpose::kExperiment, 0, {side, side}, device).to(type);
  const double seconds = seconds_of(times, [&] { return at::matmul(both[0], both[1]); });
  const auto n = static_cast<double>(side);
  return 2 * n * n * n / seconds / 1e12;
}

double copy_gigabytes(at::Device device, std::int64_t numbers) {
  const at::Tensor from = at::ones({numbers}, at::TensorOptions(device));
  const at::Tensor to = at::empty_like(from);
  const double seconds = seconds_of(4, [&] { return to.copy_(from); });
  return 2.0 * static_cast<double>(numbers) * sizeof(float) / seconds / 1e9;
}

double launches(at::Device device) {
  constexpr int kTimes = 500;
  const at::Tensor one = at::zeros({1}, at::TensorOptions(device));
  return 1 / seconds_of(kTimes, [&] { return one.add_(1); });
}

}  // namespace

std::string probe_device(const std::string& device, int threads) {
  nn::set_threads(threads);
  const at::NoGradGuard no_grad;
  const at::Device where = nn::resolve_device(device);
  const bool fast = !where.is_cpu();
  const std::int64_t side = fast ? 8192 : 512;
  const int times = fast ? 10 : 2;
  io::Json report = {{"device", where.str()}, {"threads", at::get_num_threads()}, {"side", side}};
  report["bf16_tflops"] = product_tflops(where, side, at::kBFloat16, times);
  report["fp32_tflops"] = product_tflops(where, side, at::kFloat, times);
  report["copy_gb_per_s"] = copy_gigabytes(where, fast ? std::int64_t{1} << 29 : 1 << 22);
  report["launches_per_s"] = launches(where);
  return report.dump();
}

}  // namespace tessera::jobs
