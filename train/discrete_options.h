#pragma once

#include <cstdint>
#include <string>

#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/loss.h"
#include "diffusion/discrete/transition.h"
#include "text/text_encoder.h"

namespace tessera::train {

/// Section "model" of stage diffusion. Sizes that follow from the codec and the tokenizer (codes,
/// grid, vocabulary, condition width and length, steps) are filled in from them; what a file says
/// of those is not read.
struct DiscreteModel {
  std::string vqvae{};       // run folder, model folder or vqvae part
  std::string tokenizer{};   // folder with tokens.tsv
  std::string code_cache{};  // folder; "" = codes are made anew every step
  bool resident = false;     // codes and ids of the whole pool on the device
  diffusion::TransformerOptions transformer{};
  text::TextEncoderOptions text_encoder{};
  diffusion::TransitionOptions transition{};
  void validate() const;  // names keys as "model.vqvae"
};

template <typename Visitor>
void visit_fields(Visitor& v, DiscreteModel& o) {
  v("vqvae", o.vqvae, "frozen codec: a run folder, a model folder or a vqvae part");
  v("tokenizer", o.tokenizer, "folder that holds tokens.tsv");
  v("code_cache", o.code_cache, "folder in which codes are kept between epochs; empty = none");
  v("resident", o.resident, "draw and encode data.pool first, keep codes and ids on the device");
}

/// Section "objective" of stage diffusion. "vb" is the variational bound with its auxiliary term,
/// each row weighted by 1 / p(t). "masked-ce" is the mean cross-entropy of the masked tokens of the
/// batch plus T * auxiliary_weight times that of all tokens: the bound's terms without its weight 1
/// / C_t, which makes rows with few masks count most; its gradient is far less noisy.
struct DiscreteObjective {
  std::string kind = "vb";  // vb, masked-ce
  diffusion::DiscreteLossOptions loss{};
  std::string time_sampler = "uniform";  // uniform, importance
  double caption_dropout = 0.1;
  void validate() const;  // names keys as "objective.kind"
};

template <typename Visitor>
void visit_fields(Visitor& v, DiscreteObjective& o) {
  v("kind",
    o.kind,
    "vb (variational bound and auxiliary term) or masked-ce (cross-entropy of masks)");
  visit_fields(v, o.loss);
  v("time_sampler", o.time_sampler, "uniform (stratified over the batch) or importance");
  v("caption_dropout", o.caption_dropout, "share of the rows that get the null condition");
}

}  // namespace tessera::train
