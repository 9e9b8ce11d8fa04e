#include "kernels/quantised_rows.h"

#include <cmath>
#include <cstring>
#include <vector>

// The same text is compiled once for each instruction set: a vector operation becomes instructions
// where it is written, so a function that is only inlined into another's target would not do.
namespace tessera::kernels {
namespace any {
namespace {
#include "kernels/quantised_rows.inc"
}  // namespace
}  // namespace any

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")
namespace avx2 {
namespace {
#include "kernels/quantised_rows.inc"
}  // namespace
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
namespace avx512 {
namespace {
#include "kernels/quantised_rows.inc"
}  // namespace
}  // namespace avx512
#pragma GCC pop_options
#else
namespace avx2 = any;
namespace avx512 = any;
#endif

namespace {

template <typename Number>
constexpr Builds<NormToInt8<Number>> kNorm{
    any::norm<Number>, avx2::norm<Number>, avx512::norm<Number>};
template <typename Number>
constexpr Builds<Gelu2ToInt8<Number>> kGelu2{
    any::gelu2_rows<Number>, avx2::gelu2_rows<Number>, avx512::gelu2_rows<Number>};
template <typename Number>
constexpr Builds<RowsToInt8<Number>> kRows{
    any::quantise<Number>, avx2::quantise<Number>, avx512::quantise<Number>};
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

void rows_to_int8(const RowsToInt8<float>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target) {
  kRows<float>.of(target)(args, first, last);
}

void rows_to_int8(const RowsToInt8<Bfloat16>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target) {
  kRows<Bfloat16>.of(target)(args, first, last);
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
