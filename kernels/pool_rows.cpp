#include "kernels/pool_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace tessera::kernels {
#define TESSERA_KERNEL "kernels/pool_rows.inc"
#include "kernels/builds.inc"

namespace {

template <typename Number>
constexpr Builds<PoolRows<Number>> kMaximum{any::pool_rows<any::Maximum, Number>,
                                            avx2::pool_rows<avx2::Maximum, Number>,
                                            avx512::pool_rows<avx512::Maximum, Number>};
template <typename Number>
constexpr Builds<PoolRows<Number>> kMean{any::pool_rows<any::RectifiedMean, Number>,
                                         avx2::pool_rows<avx2::RectifiedMean, Number>,
                                         avx512::pool_rows<avx512::RectifiedMean, Number>};

}  // namespace

void maximum_rows(const PoolRows<float>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target) {
  kMaximum<float>.of(target)(args, first, last);
}

void maximum_rows(const PoolRows<Bfloat16>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target) {
  kMaximum<Bfloat16>.of(target)(args, first, last);
}

void rectified_mean_rows(const PoolRows<float>& args,
                         std::int64_t first,
                         std::int64_t last,
                         Target target) {
  kMean<float>.of(target)(args, first, last);
}

void rectified_mean_rows(const PoolRows<Bfloat16>& args,
                         std::int64_t first,
                         std::int64_t last,
                         Target target) {
  kMean<Bfloat16>.of(target)(args, first, last);
}

}  // namespace tessera::kernels
