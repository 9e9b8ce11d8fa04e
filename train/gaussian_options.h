#pragma once

#include <cstdint>
#include <string>

#include "diffusion/denoisers/unet_options.h"
#include "diffusion/gaussian/loss.h"
#include "pipeline/gaussian_path.h"
#include "text/text_encoder.h"

namespace tessera::train {

/// Section "model" of stage ddpm. Sizes that follow from the codec, the pictures and the tokenizer
/// (channels, side, vocabulary, condition width and length, steps, the learned variance) are filled
/// in from them; what a file says of those is not read.
struct GaussianModel {
  std::string vqvae{};         // run folder, model folder or vqvae part; space latent only
  std::string tokenizer{};     // folder with tokens.tsv; unet.condition text only
  std::string latent_cache{};  // folder; "" = latents are made anew every step
  std::string text_encoder_from{};
  diffusion::UNetOptions unet{.condition = "text"};
  text::TextEncoderOptions text_encoder{};
  pipeline::GaussianPathOptions chain{};
  bool reads_text() const { return unet.condition == "text"; }
  void validate() const;  // names keys as "model.vqvae"
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianModel& o) {
  v("vqvae", o.vqvae, "frozen codec: a run folder, a model folder or a vqvae part; for latents");
  v("tokenizer", o.tokenizer, "folder that holds tokens.tsv");
  v("latent_cache", o.latent_cache, "folder in which latents are kept; empty = none");
  v("text_encoder_from",
    o.text_encoder_from,
    "model or run folder whose text encoder is begun with, of any path; empty = new");
}

/// Section "objective" of stage ddpm.
struct GaussianObjective {
  diffusion::GaussianLossOptions loss{};
  std::string time_sampler = "stratified";  // see gaussian_time_sampler.h
  double caption_dropout = 0.1;
  void validate() const;  // names keys as "objective.kind"
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianObjective& o) {
  visit_fields(v, o.loss);
  v("time_sampler", o.time_sampler, "uniform, stratified, antithetic or second-moment");
  v("caption_dropout", o.caption_dropout, "share of the rows that get the null condition");
}

/// What the pictures, or the codec's latents of them, look like, and what reads the captions.
struct GaussianSizes {
  std::int64_t channels = 3;
  std::int64_t side = 0;
  std::int64_t vocabulary = 0;
};
GaussianModel fitted(GaussianModel model, const GaussianSizes& sizes);

}  // namespace tessera::train
