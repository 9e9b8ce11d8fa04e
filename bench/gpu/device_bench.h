#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/gpu/buffers.h"
#include "bench/report.h"
#include "core/philox.h"
#include "kernels/cuda_kernels.h"

namespace tessera::bench {

struct Settings {
  int repeats = 30;
  double scale = 1;  // of the number of rows; below 1 for a rehearsal
  bool json = false;
};

/// One kernel on one shape.
struct Work {
  std::string name{};
  double bytes = 0;  // that it has to move
  double operations = 0;
  std::function<const char*(std::int64_t set)> launch{};
};

/// libtessera_cuda.so's kernels; throws kUnavailable where it is not beside the program.
const kernels::CudaKernels& cuda_kernels();

template <typename Number>
Number number_as(float value) {
  if constexpr (std::is_same_v<Number, float>) {
    return value;
  } else {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<Number>(bits >> 16);
  }
}

inline double wide(float x) {
  return static_cast<double>(x);
}
inline double wide(kernels::Bfloat16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x) << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return static_cast<double>(value);
}

/// Evenly in (-range, range).
template <typename Number>
std::vector<Number> numbers(std::int64_t count, std::uint32_t stream, float range) {
  std::vector<Number> result;
  for (std::int64_t i = 0; i < count; i += 4) {
    const Word4 words = philox({.seed = 3, .image = stream}, static_cast<std::uint32_t>(i / 4));
    for (const std::uint32_t word : words.w) {
      result.push_back(number_as<Number>((2 * unit(word) - 1) * range));
    }
  }
  result.resize(static_cast<std::size_t>(count));
  return result;
}

template <typename Number>
double worst(const std::vector<Number>& found, const std::vector<Number>& expected) {
  double most = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double apart = std::abs(wide(found[i]) - wide(expected[i]));
    most = std::max(most, apart / std::max(1.0, std::abs(wide(expected[i]))));
  }
  return most;
}

template <typename Number>
inline constexpr const char* kNameOf = std::is_same_v<Number, float> ? "float32" : "bfloat16";

/// Times launches and keeps what it found.
class DeviceBench {
 public:
  DeviceBench(const Settings& settings, Report& report);

  /// A number of rows, scaled as the settings say.
  std::int64_t rows(std::int64_t of_real_shape) const;
  /// Sets of buffers of so many bytes that are together several times the L2 cache.
  std::int64_t sets(double bytes) const;
  Report& report() { return report_; }

  /// One launch, waited for.
  static void run(const Work& work);
  void time(Work work);
  /// A table, or one JSON object.
  void print(std::ostream& out) const;

 private:
  struct Result {
    Work work{};
    Timing timing{};
  };

  Settings settings_;
  Report& report_;
  std::vector<Result> results_{};
  double l2_ = 0;
  cudaEvent_t begin_{}, end_{};
};

/// A norm's rows.
struct NormShape {
  std::int64_t groups = 0;
  std::int64_t rows = 0;  // of a group
  std::int64_t width = 0;
};

/// Checks and times the residual norm and its gradient, products in Number: bench/gpu/norms.cpp.
template <typename Number>
void time_residual_norm(DeviceBench& bench, NormShape shape);

}  // namespace tessera::bench
