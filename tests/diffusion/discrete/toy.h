#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/sampler.h"
#include "oracle.h"

// A world of two or three tokens whose data distribution is known, so that the exact p(x_0 | x_t)
// is too, and with it the law of what a sampler puts out.
namespace tessera::diffusion::oracle {

struct Toy {
  Chain chain{};
  std::size_t tokens = 0;
  Vector data{};  // of the codes of all tokens, the first token counting most

  std::size_t canvases() const;
  std::vector<std::size_t> tokens_of(std::size_t canvas) const;  // digits in base C
  std::size_t canvas_of(const std::vector<std::size_t>& states) const;
  std::vector<std::size_t> codes_of(std::size_t picture) const;  // digits in base K
  /// [token][code] p(x_0 of that token | the whole canvas x_t), by Bayes' rule over all pictures.
  std::vector<Vector> denoise(std::size_t canvas, std::size_t t) const;
  /// The same for every canvas, as a network would answer: [canvases, N, K] log-probabilities.
  at::Tensor answers(std::size_t t) const;
};

/// What is given of a picture; empty = nothing. Otherwise one entry a token, -1 = free.
using Given = std::vector<int>;

/// Law of the canvas at T: every free token from the prior of the chain.
Vector start_law(const Toy& toy, const Given& given);
/// Law after the whole plan: each token drawn by itself from its exact posterior.
Vector ancestral_law(const Toy& toy, const std::vector<TimeStep>& plan, const Given& given);
/// The same for confidence-ordered decoding, temperature as in the sampler's options.
Vector confidence_law(const Toy& toy,
                      const std::vector<TimeStep>& plan,
                      const Given& given,
                      double temperature);
/// The same for samplers that show a planned number of places: in proportion to how sure the
/// network is of them (purity), with codes from p^(1 + weight * score), or places at random and p
/// itself.
struct RevealRule {
  bool by_purity = false;
  double weight = 0.0;
};
Vector reveal_law(const Toy& toy,
                  const std::vector<TimeStep>& plan,
                  const Given& given,
                  const RevealRule& rule);
/// Law of a canvas -> law of pictures; a mask left over counts for nothing.
Vector pictures(const Toy& toy, const Vector& law);
/// The data given what is given.
Vector conditional(const Toy& toy, const Given& given);
double total_variation(const Vector& a, const Vector& b);

}  // namespace tessera::diffusion::oracle
