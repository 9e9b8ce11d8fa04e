#pragma once

#include <cstdint>

#include "kernels/targets.h"

namespace tessera::kernels {

/// What Bayes' rule knows of one token before its draw, in the letters of
/// diffusion/discrete/evidence.h: with r_k = p(x_0 = k) * (k = seen ? rho : 1) the weights are
/// (j = seen ? same : other) * (keep r_j + uniform sum_k r_k) for a code j, and stay * sum_k r_k
/// for the mask state. The defaults draw x_0 itself.
struct CodeEvidence {
  std::int64_t seen = -1;  // the code that x_t shows; -1 = none
  double keep = 1.0;
  double uniform = 0.0;
  double other = 1.0;
  double same = 0.0;
  double rho = 1.0;
  double stay = 0.0;     // 0 where x_t is no mask
  bool carried = false;  // the code that is seen stays, whatever is predicted
};

/// A sampling step from the logits to the codes in one visit of a row: guidance, softmax,
/// truncation, power, posterior and the draw, which inverts the distribution function at one
/// uniform number. The rows of the network's answer are read once; one row of scratch stays in the
/// nearest cache, and nothing of the size [tokens, K] is written. REQUIRES: in every row a finite
/// logit; contiguous arrays, none of them another.
struct DrawCodes {
  std::int64_t codes = 0;           // K
  const float* wanted = nullptr;    // [tokens, K] logits
  const float* unwanted = nullptr;  // [tokens, K], or null = no guidance
  float guidance = 1;               // positive: z = u + guidance (w - u), u not below -1e4
  double keep_mass = 1;             // likeliest codes until they first reach this share; 1 = all
  std::int64_t keep_codes = 0;      // or so many of them; 0 = all. Of equal ones the lower index
  const float* power = nullptr;     // [tokens] at least 1: p to this power is drawn from; null = 1
  const float* uniform = nullptr;   // [tokens] in (0, 1)
  const CodeEvidence* evidence = nullptr;  // [tokens], or null = x_0 is drawn
  std::int64_t* drawn = nullptr;  // [tokens], 0 ... K; K is the mask state; null = `best` alone
  float* log_p = nullptr;  // [tokens] guided log p(x_0 = drawn), of no truncation and no power;
                           // null = not wanted. REQUIRES, where it is: no evidence
  float* best = nullptr;   // [tokens] the same of the likeliest code; null and REQUIRES: the same
};

/// Tokens first ... last - 1.
void draw_codes(const DrawCodes& args,
                std::int64_t first,
                std::int64_t last,
                Target target = best_target());

/// The same by sorting, in float64: slow and plain.
void draw_codes_reference(const DrawCodes& args, std::int64_t first, std::int64_t last);

}  // namespace tessera::kernels
