#include "diffusion/gaussian/variance.h"

#include <cmath>

#include <ATen/ops/where.h>

#include "core/error.h"
#include "core/listed.h"

namespace tessera::diffusion {
namespace {

struct NamedVariance {
  const char* name;
  GaussianVariance variance;
};

constexpr NamedVariance kVariances[] = {{"large", GaussianVariance::kLarge},
                                        {"small", GaussianVariance::kSmall},
                                        {"diagonal", GaussianVariance::kDiagonal},
                                        {"range", GaussianVariance::kRange}};

/// log beta~ [B] float64, with what stands in for it where s = 0 (see first_log_variance).
at::Tensor log_small(const GaussianProcess& process, const at::Tensor& t, const at::Tensor& s) {
  const at::Tensor first = s == 0;
  const at::Tensor alone =
      first.logical_and(t * 2 > process.steps()).logical_and(t == process.steps());
  const at::Tensor late = at::where(first, (t * 2).clamp_max(process.steps()), t);
  const at::Tensor early = at::where(first, t, s);
  // A chain of one stride has no next one: its own beta, and any legal stride in the other branch.
  const GaussianStride<at::Tensor> next = process.stride(late, at::where(alone, early - 1, early));
  const GaussianStride<at::Tensor> own = process.stride(t, s);
  return at::where(alone, own.beta, next.posterior_variance).log();
}

}  // namespace

std::string_view to_string(GaussianVariance variance) {
  for (const NamedVariance& v : kVariances) {
    if (v.variance == variance) return v.name;
  }
  TESSERA_THROW(kInternal, "an unknown variance");
}

std::vector<std::string> gaussian_variance_names() {
  std::vector<std::string> names;
  for (const NamedVariance& v : kVariances) names.emplace_back(v.name);
  return names;
}

GaussianVariance parse_gaussian_variance(std::string_view name) {
  for (const NamedVariance& v : kVariances) {
    if (v.name == name) return v.variance;
  }
  TESSERA_THROW(kNotFound,
                "no variance named \"",
                name,
                "\"; known: ",
                listed(kVariances, &NamedVariance::name));
}

bool is_learned(GaussianVariance variance) {
  return variance == GaussianVariance::kDiagonal || variance == GaussianVariance::kRange;
}

double first_log_variance(const GaussianProcess& process, std::int64_t t) {
  const std::int64_t steps = process.steps();
  TESSERA_CHECK(
      t >= 1 && t <= steps, kInvalidArgument, "a step's time must be in 1..", steps, ", got ", t);
  if (t == steps) return std::log(process.stride(t, 0).beta);
  return std::log(process.stride(t * 2 > steps ? steps : t * 2, t).posterior_variance);
}

at::Tensor log_variance(const GaussianProcess& process,
                        GaussianVariance variance,
                        const VarianceInput& in) {
  TESSERA_CHECK(!is_learned(variance) || (in.raw.defined() && in.raw.sizes() == in.x_t.sizes()),
                kShapeMismatch,
                "the variance ",
                to_string(variance),
                " is learned and needs a second half of the network's answer, of the shape of x_t");
  if (variance == GaussianVariance::kDiagonal) return in.raw;
  const at::Tensor small = log_small(process, in.t, in.s);
  if (variance == GaussianVariance::kSmall) return per_row(small, in.x_t);
  const at::Tensor large = process.stride(in.t, in.s).beta.log();
  if (variance == GaussianVariance::kLarge) {
    return per_row(at::where(in.s == 0, small, large), in.x_t);
  }
  const at::Tensor share = (in.raw + 1.0) * 0.5;  // 0 = beta~, 1 = beta; not clamped
  return share * per_row(large, in.x_t) + (1.0 - share) * per_row(small, in.x_t);
}

}  // namespace tessera::diffusion
