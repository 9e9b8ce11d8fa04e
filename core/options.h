#pragma once

#include <cstdint>
#include <string>

namespace tessera {

/// One list of an options struct's fields. JSON, command-line flags, GUI form rows, checkpoint
/// metadata and the docs table are all visitors of it, so a default is written in one place only.
/// An options struct has, beside it, a function template
///     template <typename Visitor> void visit_fields(Visitor& v, MyOptions& o) {
///       v("steps", o.steps, "denoising steps; 0 = the model card's own number");
///     }
/// and, where ranges matter, a member `void validate() const` that throws kInvalidArgument naming
/// the field, its value and what would be right.
template <typename Options, typename Visitor>
concept Describable = requires(Visitor& v, Options& o) {
  visit_fields(v, o);
};

/// What samplers can be told; each looks at what it knows. Negative = the sampler's own default.
struct SamplerOptions {
  double temperature = -1.0;       // confidence: of the Gumbel noise on log p, falling to 0
  double revisits = -1.0;          // confidence: share of the strides that go over the canvas
  double prior_weight = -1.0;      // purity: how far sure places are sharpened; 0 = not at all
  std::int64_t tokens_a_call = 0;  // purity, random-order: most places a call shows; 0 = no limit
  double eta = -1.0;               // ddim: share of the ancestral noise; 0 = none, 1 = all of it
};

template <typename Visitor>
void visit_fields(Visitor& v, SamplerOptions& o) {
  v("temperature", o.temperature, "noise of the sampler confidence; negative = its own");
  v("revisits",
    o.revisits,
    "share of the steps of the sampler confidence that draw parts of the finished picture again; "
    "negative = its own");
  v("prior_weight",
    o.prior_weight,
    "sharpening of the sampler purity, 0 = off; negative = its own");
  v("tokens_a_call",
    o.tokens_a_call,
    "most tokens that a network call shows, samplers purity and random-order; 0 = no limit");
  v("eta", o.eta, "share of the ancestral noise, sampler ddim; 0 = none, negative = its own");
}

/// How to sample; the same struct in a request, a model card, the CLI, the form and the pipeline.
struct SampleOptions {
  std::int64_t steps = 0;    // 0 = the model card's own number
  std::string sampler{};     // "" = the model card's own
  double guidance = -1.0;    // 1 = off; negative = the model card's own
  std::string truncation{};  // "" = the model card's own; "1" off, "0.86", "top0.86r", "top100p"
  SamplerOptions tuning{};   // fields beside the others in JSON and on the command line
  std::string path{};        // discrete, gaussian; "" = the first that the model's card has
};

template <typename Visitor>
void visit_fields(Visitor& v, SampleOptions& o) {
  v("steps", o.steps, "denoising steps; 0 = the model card's own number");
  v("sampler", o.sampler, "how a step is drawn; empty = the model card's own");
  v("guidance", o.guidance, "classifier-free guidance scale; 1 = off, negative = the card's own");
  v("truncation", o.truncation, "kept probability mass, 0.86, or top0.86r, or top100p; 1 = off");
  visit_fields(v, o.tuning);
  v("path", o.path, "discrete (codes) or gaussian (latents); empty = the model's first");
}

}  // namespace tessera
