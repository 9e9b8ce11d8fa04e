#include "kernels/quantised_rows.h"

#include <cmath>
#include <cstring>
#include <vector>

namespace tessera::kernels {
#define TESSERA_KERNEL "kernels/quantised_rows.inc"
#include "kernels/builds.inc"

namespace {

template <typename Number>
constexpr Builds<NormToInt8<Number>> kNorm{
    any::norm<Number>, avx2::norm<Number>, avx512::norm<Number>};
template <typename Number>
constexpr Builds<Gelu2ToInt8<Number>> kGelu2{
    any::gelu2_rows<Number>, avx2::gelu2_rows<Number>, avx512::gelu2_rows<Number>};
template <typename Number>
constexpr Builds<ScaleRows<Number>> kScale{
    any::scale<Number>, avx2::scale<Number>, avx512::scale<Number>};

}  // namespace

void norm_to_int8(const NormToInt8<float>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target) {
  kNorm<float>.of(target)(args, first, last);
}

void norm_to_int8(const NormToInt8<Bfloat16>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target) {
  kNorm<Bfloat16>.of(target)(args, first, last);
}

void gelu2_to_int8(const Gelu2ToInt8<float>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target) {
  kGelu2<float>.of(target)(args, first, last);
}

void gelu2_to_int8(const Gelu2ToInt8<Bfloat16>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target) {
  kGelu2<Bfloat16>.of(target)(args, first, last);
}

void scale_rows(const ScaleRows<float>& args,
                std::int64_t first,
                std::int64_t last,
                Target target) {
  kScale<float>.of(target)(args, first, last);
}

void scale_rows(const ScaleRows<Bfloat16>& args,
                std::int64_t first,
                std::int64_t last,
                Target target) {
  kScale<Bfloat16>.of(target)(args, first, last);
}

}  // namespace tessera::kernels
