#include "kernels/residual_norm.h"

#include <cmath>
#include <cstring>

namespace tessera::kernels {
#define TESSERA_KERNEL "kernels/residual_norm.inc"
#include "kernels/builds.inc"

namespace {

template <typename Number>
constexpr Builds<ResidualNorm<Number>> kForward{
    any::forward<Number>, avx2::forward<Number>, avx512::forward<Number>};
template <typename Number>
constexpr Builds<ResidualNormGradient<Number>> kBackward{
    any::backward<Number>, avx2::backward<Number>, avx512::backward<Number>};

}  // namespace

void residual_norm(const ResidualNorm<float>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target) {
  kForward<float>.of(target)(args, first, last);
}

void residual_norm(const ResidualNorm<Bfloat16>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target) {
  kForward<Bfloat16>.of(target)(args, first, last);
}

void residual_norm_gradient(const ResidualNormGradient<float>& args,
                            std::int64_t first,
                            std::int64_t last,
                            Target target) {
  kBackward<float>.of(target)(args, first, last);
}

void residual_norm_gradient(const ResidualNormGradient<Bfloat16>& args,
                            std::int64_t first,
                            std::int64_t last,
                            Target target) {
  kBackward<Bfloat16>.of(target)(args, first, last);
}

}  // namespace tessera::kernels
