#include "diffusion/discrete/evidence.h"

#include <ATen/ATen.h>

namespace tessera::diffusion {

Evidence weigh_evidence(const RateTable& table,
                        std::int64_t codes,
                        const at::Tensor& x_t,
                        const at::Tensor& t,
                        const at::Tensor& s) {
  const auto k = static_cast<double>(codes);
  const at::Tensor zero = at::zeros_like(s);
  const RateRows early = table.between(zero, s);
  const RateRows late = table.between(zero, t);
  const RateRows stride = table.between(s, t);

  Evidence e;
  e.replaces = table.replaces();
  e.masked = x_t == codes;
  e.seen = x_t.masked_fill(e.masked, 0);
  e.keep = early.keep;
  e.uniform = early.replace / k;

  const at::Tensor reachable = late.mask > 0.0;
  const at::Tensor unmasking = at::where(reachable, stride.mask / late.mask, 1.0);
  e.stay = at::where(reachable, early.mask / late.mask, 0.0);

  const at::Tensor uniform_t = late.replace / k;
  const at::Tensor replaces = uniform_t > 0.0;
  const at::Tensor replacing = at::where(replaces, stride.replace / late.replace, 0.0);
  const at::Tensor staying =
      at::where(replaces, (stride.keep + stride.replace / k) / uniform_t, 0.0);
  const at::Tensor rho = at::where(replaces, uniform_t / (late.keep + uniform_t), 1.0);

  e.carried = ~e.masked & ~replaces;
  e.other = at::where(e.masked, unmasking, replacing);
  e.same = at::where(e.masked, 0.0, staying);
  e.rho = at::where(e.masked, 1.0, rho);
  return e;
}

}  // namespace tessera::diffusion
