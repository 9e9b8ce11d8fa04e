#pragma once

#include <vector>

#include "diffusion/discrete/rate_table.h"
#include "diffusion/discrete/transition.h"

namespace tessera::diffusion {

/// Rates over 0..t for t = 0..T, entry 0 the identity. `schedule` names the curves of keep and
/// mask:
///   alpha1        both linear in t from their start (t = 1) to their end (t = T); what is left of
///                 one is replaced. VQ-Diffusion as released. For T = 1 the ends are taken.
///   linear-mask   mask t / T, the rest kept
///   cosine-mask   mask cos(pi/2 (1 - t/T)), the rest kept: MaskGIT's decoding curve
///   uniform-only  keep as in alpha1, the rest replaced, no mask
/// `kind` then says where what is not kept goes: mask-and-replace takes the curves as they are,
/// absorbing keeps all that is not masked, uniform replaces all that is not kept.
std::vector<Rates> make_schedule(const TransitionOptions& options);

}  // namespace tessera::diffusion
