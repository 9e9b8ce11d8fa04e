#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/chain.h"

namespace tessera::diffusion {

/// How a known part is held while the chain runs.
enum class KnownRule : unsigned char {
  kRenoise,  // x_s of the known part is drawn from q(x_s | x_0) after every step (RePaint)
  kClamp,    // it is x_0 itself at every time (Sohl-Dickstein 2015)
};

/// A picture of which a part must stay.
struct KnownRegion {
  at::Tensor x0{};    // [B or 1, C, H, W]
  at::Tensor keep{};  // [B or 1, 1 or C, H, W] bool, true = stays as in x0
  KnownRule rule = KnownRule::kRenoise;
};

/// x [B, C, H, W] with its known part put in for time `s`; `normals` of x's shape. s = 0 puts the
/// picture itself. Throws kShapeMismatch naming the sizes, kInvalidArgument where `keep` is not
/// bool.
at::Tensor impose_known(const GaussianProcess& process,
                        const at::Tensor& x,
                        const KnownRegion& known,
                        std::int64_t s,
                        const at::Tensor& normals);

/// A ChainOptions::on_step that holds the region at every step, noise keyed by the step's index
/// (Purpose::kForward). The process must outlive it.
std::function<at::Tensor(const ChainStep&)> hold_known(const GaussianProcess& process,
                                                       KnownRegion known,
                                                       const nn::Noise& noise);

/// The strides of `plan` that run from time `t` down to 0, with a first stride that begins at t.
/// t in 1..T.
std::vector<TimeStep> plan_from(const std::vector<TimeStep>& plan, std::int64_t t);
/// The time in 1..T of a strength in (0, 1]: the share of the chain that is run.
std::int64_t time_of_strength(std::int64_t steps, double strength);

/// (1 - lambda) a + lambda b; lambda in [0, 1].
at::Tensor lerp_states(const at::Tensor& a, const at::Tensor& b, double lambda);
/// Great-circle interpolation, a row at a time; falls back to lerp where the two are parallel.
at::Tensor slerp_states(const at::Tensor& a, const at::Tensor& b, double lambda);

/// Where DDIM's inversion begins and ends.
enum class InversionRule : unsigned char {
  kChain,      // x_0 to x_T; the noise estimate at x_0 is that of the plan's smallest time
  kPublished,  // as the program of Improved DDPM: x_0 stands for x at the smallest time, and the
               // last step goes on to pure noise (alpha_bar = 0)
};

/// DDIM's equation run from data to noise (Song et al. 2021, section 4.3) along `options.plan`
/// backwards: the noise estimate at a time carries x to the next one. One network call a stride.
at::Tensor invert_ddim(const GaussianProcess& process,
                       GaussianDenoiser& denoiser,
                       const at::Tensor& x0,
                       const ChainOptions& options,
                       InversionRule rule = InversionRule::kChain);

}  // namespace tessera::diffusion
