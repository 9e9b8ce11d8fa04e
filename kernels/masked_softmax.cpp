#include "kernels/masked_softmax.h"

#include <cstring>
#include <vector>

// The same text is compiled once for each instruction set: a vector operation becomes instructions
// where it is written, so a function that is only inlined into another's target would not do.
namespace tessera::kernels {
namespace any {
namespace {
#include "kernels/masked_softmax.inc"
}  // namespace
}  // namespace any

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
namespace {
#include "kernels/masked_softmax.inc"
}  // namespace
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
namespace avx512 {
namespace {
#include "kernels/masked_softmax.inc"
}  // namespace
}  // namespace avx512
#pragma GCC pop_options
#else
namespace avx2 = any;
namespace avx512 = any;
#endif

namespace {

template <typename Number>
constexpr Builds<MaskedSoftmax<Number>> kForward{
    any::forward<Number>, avx2::forward<Number>, avx512::forward<Number>};
template <typename Number>
constexpr Builds<MaskedSoftmaxGradient<Number>> kBackward{
    any::backward<Number>, avx2::backward<Number>, avx512::backward<Number>};

}  // namespace

void masked_softmax(const MaskedSoftmax<float>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target) {
  kForward<float>.of(target)(args, first, last);
}

void masked_softmax(const MaskedSoftmax<Bfloat16>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target) {
  kForward<Bfloat16>.of(target)(args, first, last);
}

void masked_softmax_gradient(const MaskedSoftmaxGradient<float>& args,
                             std::int64_t first,
                             std::int64_t last,
                             Target target) {
  kBackward<float>.of(target)(args, first, last);
}

void masked_softmax_gradient(const MaskedSoftmaxGradient<Bfloat16>& args,
                             std::int64_t first,
                             std::int64_t last,
                             Target target) {
  kBackward<Bfloat16>.of(target)(args, first, last);
}

}  // namespace tessera::kernels
