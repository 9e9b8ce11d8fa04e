#include "kernels/gelu2.h"

#include <cstring>

namespace tessera::kernels {
#define TESSERA_KERNEL "kernels/gelu2.inc"
#include "kernels/builds.inc"

namespace {

template <typename Number>
constexpr Builds<Gelu2<Number>> kBuilds{any::run<Number>, avx2::run<Number>, avx512::run<Number>};

}  // namespace

void gelu2(const Gelu2<float>& args, std::int64_t first, std::int64_t last, Target target) {
  kBuilds<float>.of(target)(args, first, last);
}

void gelu2(const Gelu2<Bfloat16>& args, std::int64_t first, std::int64_t last, Target target) {
  kBuilds<Bfloat16>.of(target)(args, first, last);
}

}  // namespace tessera::kernels
