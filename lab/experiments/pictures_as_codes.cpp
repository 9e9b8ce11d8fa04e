#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "data/scenes/scenes.h"
#include "lab/draws.h"
#include "lab/experiments/text_to_image.h"
#include "lab/pictures.h"
#include "lab/series.h"
#include "pipeline/model_card.h"
#include "pipeline/parts.h"
#include "vqvae/vqvae.h"

namespace tessera::lab {
namespace {

struct PicturesAsCodesOptions {
  std::int64_t pictures = 48;
};
template <typename Visitor>
void visit_fields(Visitor& v, PicturesAsCodesOptions& o) {
  v("pictures", o.pictures, "scenes that go through the codec, 8 or more");
}

/// Codes as colours that tell neighbours apart: [n, 3, H, W] in [-1, 1].
at::Tensor as_colours(const at::Tensor& codes, std::int64_t count) {
  const at::Tensor palette = 2 * draw_uniform({.seed = 5}, {count, 3}) - 1;
  return palette.index_select(0, codes.reshape({-1}))
      .view({codes.size(0), codes.size(1), codes.size(2), 3})
      .permute({0, 3, 1, 2});
}

constexpr double kPicturesAsCodesWidth = 256;  // of the shipped model's transformer

/// Multiply-additions of one transformer layer's attention and products, N tokens of width D.
double layer_cost(double tokens, double width) {
  return 2 * tokens * tokens * width + 12 * tokens * width * width;
}

Panel cost_panel(double side, double codes) {
  Panel panel{
      .title = "a transformer layer of width 256",
      .x = {.label = "side of the picture in pixels", .logarithmic = true, .from = 14, .to = 300},
      .y = {.label = "10^9 multiply-adds", .logarithmic = true},
      .legend = Legend::kTopLeft};
  Curve pixels{.label = "a token a pixel", .stroke = Stroke::kMarked};
  Curve coded{.label = "a token an 8 by 8 patch", .stroke = Stroke::kMarked};
  for (const double x : {16.0, 32.0, 64.0, 128.0, 256.0}) {
    pixels.x.push_back(x);
    pixels.y.push_back(layer_cost(x * x, kPicturesAsCodesWidth) / 1e9);
    coded.x.push_back(x);
    coded.y.push_back(layer_cost(x * x / 64, kPicturesAsCodesWidth) / 1e9);
  }
  panel.layers = {pixels, coded};
  panel.layers.emplace_back(Curve{.label = "the shipped model",
                                  .x = {side},
                                  .y = {layer_cost(codes, kPicturesAsCodesWidth) / 1e9},
                                  .stroke = Stroke::kPoints,
                                  .colour = Colour::kVermilion});
  return panel;
}

Findings run(const PicturesAsCodesOptions& options, const Run& context) {
  Findings findings;
  const at::NoGradGuard no_grad;
  const pipeline::ModelCard card = pipeline::read_model_card(context.model);
  const pipeline::Parts parts = pipeline::load_parts(context.model, card);
  vqvae::VqVaeImpl& codec = *parts.codec;
  codec.eval();
  const auto scenes = data::open_scenes(context.atlas, card.world);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < options.pictures; ++i) indices.push_back(i);
  const at::Tensor pictures = scenes->draw(scenes->program(indices), at::kCPU);
  const at::Tensor codes = codec.encode(pictures);
  const at::Tensor back = codec.decode(codes).clamp(-1, 1);
  const std::int64_t size = codec.options().codebook_size;
  const double tokens = static_cast<double>(codes[0].numel());
  const auto side = static_cast<double>(pictures.size(3));
  findings.equal("codes of a picture: one a patch of 8 by 8 pixels", tokens, side * side / 64, 0);
  const double bits = tokens * std::log2(static_cast<double>(size));
  findings.equal("bits of the pixels over bits of the codes",
                 static_cast<double>(pictures[0].numel()) * 8 / bits,
                 153.6,
                 1e-9);
  // A picture whose codes are known comes back to them once it has been through the codec.
  const at::Tensor again = codec.encode(back);
  findings.at_least("share of codes that a second pass keeps",
                    (again == codes).to(at::kDouble).mean().item<double>(),
                    0.7);
  const double error = (back - pictures).to(at::kDouble).square().mean().item<double>();
  const double decibel = 10 * std::log10(4 / error);
  findings.at_least("peak signal-to-noise ratio of the round trip, dB", decibel, 22);
  const vqvae::CodeUse use = vqvae::code_use(vqvae::count_codes(codes, size));
  // Entropy of use cannot exceed that of the codes that occur at all.
  findings.at_most("perplexity of the codes against how many occur",
                   use.perplexity,
                   static_cast<double>(use.used),
                   1e-9);
  findings.at_least("codes that these pictures use", static_cast<double>(use.used), 100);
  findings.equal(
      "multiply-adds of a layer, a token a pixel over a token a code",
      layer_cost(16384, kPicturesAsCodesWidth) / layer_cost(tokens, kPicturesAsCodesWidth),
      640,
      1e-9);
  std::vector<at::Tensor> rows{
      pictures.slice(0, 0, 8),
      as_colours(codes.slice(0, 0, 8), size).repeat_interleave(8, 2).repeat_interleave(8, 3),
      back.slice(0, 0, 8)};
  for (at::Tensor& row : rows) row = row.to(at::kDouble);
  Panel sheet =
      sheet_panel(at::cat(rows), {.columns = 8, .enlarge = 1}, {}, {"scenes", "codes", "decoded"});
  sheet.title = concat("through the codec: ", std::round(10 * decibel) / 10, " dB");
  findings.figure = {.title = "A picture as 256 words", .columns = 2};
  findings.figure.panels = {sheet, cost_panel(side, tokens)};
  return findings;
}

}  // namespace

Experiment pictures_as_codes() {
  return make_experiment<PicturesAsCodesOptions>(
      {.name = "pictures-as-codes",
       .topic = "Text to image",
       .title = "A VQ-VAE writes a picture in codes; the transformer never sees a pixel.",
       .text =
           "The codec replaces each 8 by 8 patch by one of 1024 codes, ten bits instead of 1536. A "
           "transformer's attention costs the square of the number of tokens: with a token a "
           "pixel a layer costs 640 times more, which is why VQ-Diffusion and latent "
           "diffusion work on compressed pictures. The decoder brings codes back to pixels, as "
           "the third part of the model.",
       .shows = {"VQ-VAE codebook and its use",
                 "decoding back to pixels",
                 "why compress: tokens and cost",
                 "decoder as in an autoencoder"}},
      run);
}

}  // namespace tessera::lab
