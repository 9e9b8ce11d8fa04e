#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/decoder.h"
#include "lab/experiments/coding.h"
#include "lab/numbers.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct PixelDecoderOptions {
  double mean = 0.93;
  double log_deviation = -2.5;
};
template <typename Visitor>
void visit_fields(Visitor& v, PixelDecoderOptions& o) {
  v("mean", o.mean, "mean of the decoder in the figure, data in -1..1");
  v("log_deviation", o.log_deviation, "ln of its standard deviation");
}

struct PixelDecoderCase {
  std::int64_t pixel = 0;
  double mean = 0;
  double log_deviation = 0;
  double exact = 0;      // by the normal integral, 40 digits
  double published = 0;  // with the tanh formula and the floor of 1e-12
};
constexpr PixelDecoderCase kPixelDecoderCases[] = {
    {0, -1.0, -3.0, -0.6322572787493094, -0.632257580099773},
    {10, 0.9, -2.0, -94.32336838993017, -27.631021115928547},
    {127, 0.0, -5.0, -0.9734088137733702, -0.9738746026993363},
    {128, 0.0, -1.0, -4.767130651561409, -4.767131026429791},
    {200, 0.5, -3.0, -3.716145938475301, -3.7152443895720855},
    {255, 0.0, -1.0, -5.6874095647205305, -5.740362855880602},
    {255, 1.05, -4.0, -0.0016212198034752196, -0.0014744999952404384}};

GaussianMoments decoder_at(double mean, double log_deviation) {
  return {.mean = at::scalar_tensor(mean, at::kDouble),
          .log_variance = at::scalar_tensor(2 * log_deviation, at::kDouble)};
}

at::Tensor all_pixels() {
  return from_pixels(at::arange(256), at::kDouble);
}

Panel bins_panel(const PixelDecoderOptions& options) {
  Panel panel{.title = "probability of each pixel value",
              .x = {.label = "pixel", .from = 190, .to = 256},
              .y = {.label = "probability", .from = 0},
              .legend = Legend::kTopLeft};
  Histogram bars{.label = concat("N(", options.mean, ", σ^2) in bins x ± 1/255")};
  for (int k = 0; k <= 256; ++k) bars.edges.push_back(k - 0.5);
  bars.heights = numbers_of(
      pixel_log_likelihood(all_pixels(), decoder_at(options.mean, options.log_deviation)).exp());
  panel.layers.emplace_back(std::move(bars));
  panel.layers.emplace_back(Words{
      .text = "the last bin reaches to +∞", .x = 252, .y = 0.12, .anchor = Words::Anchor::kRight});
  return panel;
}

Panel tail_panel() {
  Panel panel{.title = "bits of a pixel far from the mean",
              .x = {.label = "distance from the mean in deviations σ", .from = 0, .to = 12},
              .y = {.label = "bits", .from = 0, .to = 110},
              .legend = Legend::kTopLeft};
  const GaussianMoments decoder = decoder_at(-1.0 + 1.0 / 255, -2.5);
  const at::Tensor pixels = all_pixels().slice(0, 1, 126);
  const double deviation = std::exp(-2.5);
  std::vector<double> distance;
  for (const double x : numbers_of(pixels)) distance.push_back((x + 1) / deviation);
  const auto bits = [&](const at::Tensor& nats) { return numbers_of(-nats / std::log(2.0)); };
  panel.layers.emplace_back(Curve{
      .label = "normal integral", .x = distance, .y = bits(pixel_log_likelihood(pixels, decoder))});
  panel.layers.emplace_back(Curve{.label = "published: tanh formula, floor of 1e-12",
                                  .x = distance,
                                  .y = bits(pixel_log_likelihood_published(pixels, decoder)),
                                  .stroke = Stroke::kDashed});
  return panel;
}

Findings run(const PixelDecoderOptions& options, const Run& /*context*/) {
  Findings findings;
  const at::Tensor levels = at::arange(256);
  findings.equal("pixels 0..255 that change on the way to [-1, 1] and back",
                 (to_pixels(from_pixels(levels, at::kFloat)) != levels).sum().item<double>(),
                 0,
                 0);
  findings.equal("largest |x - (k/127.5 - 1)|",
                 largest_difference(all_pixels(), levels.to(at::kDouble) / 127.5 - 1),
                 0,
                 1e-15);
  const GaussianMoments wide = decoder_at(0.1, -2);
  findings.equal("sum of the 256 bins, mean 0.1, ln σ = -2",
                 pixel_log_likelihood(all_pixels(), wide).exp().sum().item<double>(),
                 1,
                 1e-12);
  for (const PixelDecoderCase& c : kPixelDecoderCases) {
    const at::Tensor x = from_pixels(at::full({1}, c.pixel, at::kLong), at::kDouble);
    const GaussianMoments decoder = decoder_at(c.mean, c.log_deviation);
    const std::string name =
        concat("pixel ", c.pixel, ", mean ", c.mean, ", ln σ = ", c.log_deviation);
    findings.equal(name + ": ln p",
                   pixel_log_likelihood(x, decoder).item<double>(),
                   c.exact,
                   1e-9 * std::max(1.0, std::abs(c.exact)));
    findings.equal(name + ", published formula",
                   pixel_log_likelihood_published(x, decoder).item<double>(),
                   c.published,
                   1e-6);
  }
  findings.figure = {.title = "The last step: a density becomes probabilities of 256 pixel values",
                     .panels = {bins_panel(options), tail_panel()}};
  return findings;
}

}  // namespace

Experiment pixel_decoder() {
  return make_experiment<PixelDecoderOptions>(
      {.name = "pixel-decoder",
       .topic = "Bits and codes",
       .title = "A Gaussian cut into 256 bins is a lossless code for pixels.",
       .text =
           "x = k/127.5 - 1 takes pixels to [-1, 1] and back without loss. The last reverse step "
           "must give probabilities of pixels: the mass of N(μ, σ²) between x - 1/255 and x + "
           "1/255, the outer bins reaching to infinity (DDPM, eq. 13), so they sum to one. The "
           "published program approximates the integral by a tanh and never charges more than "
           "39.86 bits: beyond three deviations it charges too much, far out too little.",
       .shows = {"pixels to [-1, 1] and back", "discretised decoder", "tail of the tanh formula"}},
      run);
}

}  // namespace tessera::lab
