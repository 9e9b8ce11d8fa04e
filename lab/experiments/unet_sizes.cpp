#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/denoisers/unet.h"
#include "lab/experiments/networks.h"
#include "lab/series.h"
#include "lab/unet_cost.h"
#include "nn/initialise.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct UnetSizesOptions {
  std::uint64_t seed = 18;
};
template <typename Visitor>
void visit_fields(Visitor& v, UnetSizesOptions& o) {
  v("seed", o.seed, "seed of the small network's weights");
}

struct Published {
  std::string name{};
  UNetOptions options{};
  double parameters = 0;
  double giga = 0;       // 10^9 multiply-additions of a forward pass
  double precision = 0;  // of that number as printed
};

UNetOptions ddpm(std::int64_t side, std::vector<std::int64_t> multipliers) {
  return {.side = side, .channel_multipliers = std::move(multipliers)};
}

UNetOptions improved(std::int64_t side, std::vector<std::int64_t> multipliers, std::int64_t base) {
  return {.side = side,
          .base_channels = base,
          .channel_multipliers = std::move(multipliers),
          .residual_blocks = 3,
          .attention_sides = {16, 8},
          .heads = 4,
          .norm_epsilon = 1e-5,
          .time_order = "cosine-first",
          .scale_shift_norm = true,
          .down_padding = "both",
          .learned_variance = true,
          .learned_null = false};
}

UNetOptions adm(UNetOptions options) {
  options.attention_sides = {32, 16, 8};
  options.head_channels = 64;
  options.resample = "residual";
  options.condition = "class";
  return options;
}

std::vector<Published> published() {
  UNetOptions bedroom = ddpm(256, {1, 1, 2, 2, 4, 4});
  bedroom.learned_variance = true;
  UNetOptions classes = improved(64, {1, 2, 3, 4}, 192);
  classes.condition = "class";
  UNetOptions large = adm(improved(256, {1, 1, 2, 2, 4, 4}, 256));
  large.residual_blocks = 2;
  return {{"DDPM, CIFAR-10", ddpm(32, {1, 2, 2, 2}), 35746307, 6.22, 0.01},
          {"DDPM, 256^2", ddpm(256, {1, 1, 2, 2, 4, 4}), 113673219, 248.5, 0.1},
          {"Improved DDPM, CIFAR-10", improved(32, {1, 2, 2, 2}, 128), 52546438, 8.39, 0.01},
          {"Improved DDPM, ImageNet 64^2", improved(64, {1, 2, 3, 4}, 128), 121063942, 39.7, 0.1},
          {"the same, 192 wide, classes", classes, 273049350, 89.1, 0.1},
          {"Improved DDPM, LSUN 256^2", bedroom, 113676678, 248.7, 0.1},
          {"ADM, ImageNet 64^2", adm(improved(64, {1, 2, 3, 4}, 192)), 295904454, 109.7, 0.1},
          {"ADM, ImageNet 256^2", large, 553838086, 1119.8, 0.1}};
}

double count_parameters(const UNetOptions& options) {
  const auto network = make_unet(
      options,
      {.variance = options.learned_variance ? GaussianVariance::kRange : GaussianVariance::kLarge});
  double sum = 0;
  for (const at::Tensor& parameter : network->parameters()) {
    sum += static_cast<double>(parameter.numel());
  }
  return sum;
}

/// A new network answers 0 at every step, and one network serves them all.
void check_small(const UnetSizesOptions& options, Findings& findings) {
  const UNetOptions tiny{.channels = 3,
                         .side = 16,
                         .base_channels = 32,
                         .channel_multipliers = {1, 2, 2},
                         .residual_blocks = 1,
                         .attention_sides = {8}};
  findings.equal("tiny, 16^2: parameters", count_parameters(tiny), 1113955, 0);
  const at::NoGradGuard no_grad;
  const auto network = make_unet(tiny, {});
  nn::initialise(*network, options.seed);
  network->eval();
  const at::Tensor x = at::linspace(-1, 1, 3 * 3 * 256).view({3, 3, 16, 16});
  const at::Tensor out = network->forward(x, at::tensor({1, 500, 1000}, at::kLong), {});
  findings.equal("tiny: largest answer before training", out.abs().max().item<double>(), 0, 1e-5);
  findings.equal("tiny: numbers out per number in",
                 static_cast<double>(out.numel()) / static_cast<double>(x.numel()),
                 1,
                 0);
}

Findings run(const UnetSizesOptions& options, const Run& context) {
  Findings findings;
  Table table{.name = "networks",
              .title = "published U-Nets",
              .columns = {"network", "parameters", "10^9 multiply-adds"}};
  Panel panel{
      .title = "one forward pass against what is stored",
      .x = {.label = "parameters, millions", .logarithmic = true, .from = 20, .to = 1500},
      .y = {.label = "10^9 multiply-adds a picture", .logarithmic = true, .from = 3, .to = 3000},
      .legend = Legend::kTopLeft};
  Curve small{.label = "32^2 and 64^2", .stroke = Stroke::kPoints};
  Curve large{.label = "256^2", .stroke = Stroke::kPoints};
  for (const Published& model : published()) {
    context.check_stop();
    const double parameters = count_parameters(model.options);
    const double giga = unet_multiply_adds(model.options) / 1e9;
    findings.equal(model.name + ": parameters", parameters, model.parameters, 0);
    findings.equal(model.name + ": 10^9 multiply-adds", giga, model.giga, model.precision);
    table.rows.push_back({model.name, parameters, giga});
    Curve& curve = model.options.side > 100 ? large : small;
    curve.x.push_back(parameters / 1e6);
    curve.y.push_back(giga);
    if (model.name.starts_with("Improved DDPM, LSUN")) continue;
    const bool left = parameters > 2.8e8;
    panel.layers.emplace_back(Words{.text = model.name,
                                    .x = parameters / 1e6 * (left ? 0.94 : 1.06),
                                    .y = giga * (left ? 1.25 : 0.8),
                                    .anchor = left ? Words::Anchor::kRight : Words::Anchor::kLeft});
  }
  check_small(options, findings);
  panel.layers.emplace_back(small);
  panel.layers.emplace_back(large);
  findings.tables.push_back(std::move(table));
  findings.figure = {.title = "U-Nets of the literature, built here", .panels = {panel}};
  return findings;
}

}  // namespace

Experiment unet_sizes() {
  return make_experiment<UnetSizesOptions>(
      {.name = "unet-sizes",
       .topic = "Networks",
       .title = "One U-Net serves every step; what the published ones hold and cost.",
       .text =
           "The denoiser is a single network told the step by an embedding, not a thousand of "
           "them. "
           "Built from their published options, the U-Nets of DDPM, Improved DDPM and ADM have "
           "exactly the published numbers of parameters. Multiply-additions (convolutions, dense "
           "layers, the two attention products) say what a sample costs: a thousand times that.",
       .shows = {"U-Net shared over t",
                 "parameters and multiply-additions of published networks",
                 "the answer has the size of the picture"}},
      run);
}

}  // namespace tessera::lab
