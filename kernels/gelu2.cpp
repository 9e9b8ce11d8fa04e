#include "kernels/gelu2.h"

#include <cstring>

// The same text is compiled once for each instruction set: a vector operation becomes instructions
// where it is written, so a function that is only inlined into another's target would not do.
namespace tessera::kernels {
namespace any {
namespace {
#include "kernels/gelu2.inc"
}  // namespace
}  // namespace any

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
namespace {
#include "kernels/gelu2.inc"
}  // namespace
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
namespace avx512 {
namespace {
#include "kernels/gelu2.inc"
}  // namespace
}  // namespace avx512
#pragma GCC pop_options
#else
namespace avx2 = any;
namespace avx512 = any;
#endif

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
