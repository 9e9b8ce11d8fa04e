#pragma once

#include <cstdint>

namespace tessera::kernels {

/// Instruction sets that a row kernel is built for; all give the same bits.
enum class Target : unsigned char { kAny, kAvx2, kAvx512 };

/// The best of them on this processor.
inline Target best_target() {
#if defined(__x86_64__)
  static const Target target = [] {
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
      return Target::kAvx512;
    }
    return __builtin_cpu_supports("avx2") ? Target::kAvx2 : Target::kAny;
  }();
  return target;
#else
  return Target::kAny;
#endif
}

/// The builds of one kernel, each over the items first … last - 1.
template <typename Args>
struct Builds {
  using Run = void (*)(const Args& args, std::int64_t first, std::int64_t last);
  Run any = nullptr;
  Run avx2 = nullptr;
  Run avx512 = nullptr;

  constexpr Run of(Target target) const {
    return target == Target::kAvx512 ? avx512 : target == Target::kAvx2 ? avx2 : any;
  }
};

}  // namespace tessera::kernels
