#include "kernels/masked_softmax.h"

#include <cstring>
#include <vector>

namespace tessera::kernels {
#define TESSERA_KERNEL "kernels/masked_softmax.inc"
#include "kernels/builds.inc"

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
