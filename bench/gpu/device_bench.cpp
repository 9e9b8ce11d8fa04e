#include "bench/gpu/device_bench.h"

#include <iomanip>
#include <iostream>

#include "core/error.h"

namespace tessera::bench {
namespace {

using kernels::cuda::check;

double rate(double amount, const Timing& timing) {
  return amount / timing.median_ms / 1e6;
}

const kernels::CudaKernels& open() {
  std::string missing;
  const kernels::CudaKernels* table = kernels::open_cuda_kernels(missing);
  TESSERA_CHECK(table != nullptr, kUnavailable, missing);
  return *table;
}

}  // namespace

const kernels::CudaKernels& cuda_kernels() {
  static const kernels::CudaKernels& table = open();
  return table;
}

DeviceBench::DeviceBench(const Settings& settings, Report& report)
    : settings_(settings), report_(report) {
  cudaDeviceProp device{};
  check(cudaGetDeviceProperties(&device, 0), "device");
  report.facts["device"] = device.name;
  report.facts["multiprocessors"] = device.multiProcessorCount;
  l2_ = static_cast<double>(device.l2CacheSize);
  check(cudaEventCreate(&begin_), "event");
  check(cudaEventCreate(&end_), "event");
}

std::int64_t DeviceBench::rows(std::int64_t of_real_shape) const {
  const double scaled = static_cast<double>(of_real_shape) * settings_.scale;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(scaled));
}

std::int64_t DeviceBench::sets(double bytes) const {
  return 1 + static_cast<std::int64_t>(4 * l2_ / bytes);
}

void DeviceBench::run(const Work& work) {
  const char* failure = work.launch(0);
  TESSERA_CHECK(failure == nullptr, kInternal, work.name, ": ", failure);
  check(cudaDeviceSynchronize(), work.name.c_str());
}

void DeviceBench::time(Work work) {
  const std::int64_t in_a_row = std::max<std::int64_t>(8, sets(work.bytes));
  std::vector<double> each;
  for (int i = -2; i < settings_.repeats; ++i) {  // two to warm up
    check(cudaEventRecord(begin_), "event");
    for (std::int64_t k = 0; k < in_a_row; ++k) work.launch(k % sets(work.bytes));
    check(cudaEventRecord(end_), "event");
    check(cudaEventSynchronize(end_), work.name.c_str());
    float ms = 0;
    check(cudaEventElapsedTime(&ms, begin_, end_), "event");
    if (i >= 0) each.push_back(static_cast<double>(ms) / static_cast<double>(in_a_row));
  }
  std::sort(each.begin(), each.end());
  results_.push_back(
      {std::move(work),
       {.min_ms = each.front(), .median_ms = each[each.size() / 2], .repeats = settings_.repeats}});
}

void DeviceBench::print(std::ostream& out) const {
  const double copied = rate(results_.front().work.bytes, results_.front().timing);
  if (settings_.json) {
    nlohmann::ordered_json all = report_.facts;
    all["checks"] = report_.checks;
    all["failures"] = report_.failures;
    for (const Result& r : results_) {
      all["results"].push_back({{"name", r.work.name},
                                {"median_us", r.timing.median_ms * 1e3},
                                {"min_us", r.timing.min_ms * 1e3},
                                {"bytes", r.work.bytes},
                                {"bytes_a_second", rate(r.work.bytes, r.timing) * 1e9},
                                {"of_the_copy", rate(r.work.bytes, r.timing) / copied},
                                {"operations_a_second", rate(r.work.operations, r.timing) * 1e9}});
    }
    out << all.dump(2) << "\n";
    return;
  }
  for (const auto& [name, value] : report_.facts.items()) out << name << ": " << value << "\n";
  for (const auto& [name, value] : report_.checks.items()) {
    out << "checked, " << name << ": " << value << "\n";
  }
  for (const std::string& failure : report_.failures) out << "WRONG: " << failure << "\n";
  out << "\n"
      << std::left << std::setw(46) << "what" << std::right << std::setw(12) << "median us"
      << std::setw(12) << "min us" << std::setw(14) << "10^9 bytes/s" << std::setw(13)
      << "of the copy" << std::setw(13) << "10^12 op/s"
      << "\n"
      << std::fixed;
  for (const Result& r : results_) {
    out << std::left << std::setw(46) << r.work.name << std::right << std::setprecision(1)
        << std::setw(12) << r.timing.median_ms * 1e3 << std::setw(12) << r.timing.min_ms * 1e3
        << std::setw(14) << rate(r.work.bytes, r.timing) << std::setw(12)
        << 100 * rate(r.work.bytes, r.timing) / copied << "%" << std::setprecision(2)
        << std::setw(13) << rate(r.work.operations, r.timing) / 1e3 << "\n";
  }
}

}  // namespace tessera::bench
