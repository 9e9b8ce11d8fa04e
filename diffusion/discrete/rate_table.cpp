#include "diffusion/discrete/rate_table.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "nn/transfer.h"

namespace tessera::diffusion {
namespace {

constexpr double kRounding = 1e-12;

void check_step(const Rates& before, const Rates& r, std::size_t t, std::size_t last) {
  TESSERA_CHECK(r.keep >= 0.0 && r.replace >= 0.0 && r.mask >= 0.0 &&
                    std::abs(r.keep + r.replace + r.mask - 1.0) < kRounding,
                kInvalidArgument,
                "rates at t = ",
                t,
                " must be in [0, 1] and add up to 1, got keep ",
                r.keep,
                ", replace ",
                r.replace,
                ", mask ",
                r.mask);
  const bool fades =
      r.keep * (before.keep + before.replace) <= before.keep * (r.keep + r.replace) + kRounding;
  TESSERA_CHECK(r.mask >= before.mask - kRounding && fades,
                kInvalidArgument,
                "the schedule returns from noise to data between t = ",
                t - 1,
                " and ",
                t,
                ": the mask rate must not fall, nor the kept share of unmasked codes rise");
  TESSERA_CHECK(r.keep > 0.0 || t == last,
                kInvalidArgument,
                "nothing is kept from t = ",
                t,
                " on; only the last time, ",
                last,
                ", may be pure noise");
}

}  // namespace

RateTable::RateTable(const std::vector<Rates>& cumulative) {
  TESSERA_CHECK(cumulative.size() >= 2 && cumulative[0].keep == 1.0,
                kInvalidArgument,
                "a schedule needs the identity at t = 0 and at least one step");
  cumulative_ = at::empty({static_cast<std::int64_t>(cumulative.size()), 3}, at::kDouble);
  auto rows = cumulative_.accessor<double, 2>();
  for (std::size_t t = 0; t < cumulative.size(); ++t) {
    const Rates& r = cumulative[t];
    if (t > 0) check_step(cumulative[t - 1], r, t, cumulative.size() - 1);
    const auto row = static_cast<std::int64_t>(t);
    rows[row][0] = r.keep;
    rows[row][1] = r.replace;
    rows[row][2] = r.mask;
    replaces_ = replaces_ || r.replace > 0.0;
  }
}

Rates RateTable::between(TimeRange range) const {
  const RateRows rows =
      between(at::full({1}, range.early, at::kLong), at::full({1}, range.late, at::kLong));
  return {.keep = rows.keep.item<double>(),
          .replace = rows.replace.item<double>(),
          .mask = rows.mask.item<double>()};
}

RateRows RateTable::since_data(const at::Tensor& t) const {
  const at::Tensor rows = nn::to_device(cumulative_, t.device()).index_select(0, t);
  return {rows.narrow(1, 0, 1), rows.narrow(1, 1, 1), rows.narrow(1, 2, 1)};
}

RateRows RateTable::between(const at::Tensor& early, const at::Tensor& late) const {
  const RateRows s = since_data(early);
  const RateRows t = since_data(late);
  const at::Tensor visible = s.keep + s.replace;
  // K beta = (1 - C_t) / (1 - C_s) - A_t / A_s, written without the difference of two numbers near
  // each other.
  const at::Tensor replaced =
      ((t.replace * s.keep - t.keep * s.replace) / (visible * s.keep)).clamp_min(0.0);
  const at::Tensor still = (early == late).unsqueeze(1);  // also where the quotients are 0 / 0
  return {.keep = at::where(still, 1.0, t.keep / s.keep),
          .replace = at::where(still, 0.0, replaced),
          .mask = at::where(still, 0.0, (t.mask - s.mask) / visible)};
}

}  // namespace tessera::diffusion
