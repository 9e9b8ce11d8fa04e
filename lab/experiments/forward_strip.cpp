#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "lab/draws.h"
#include "lab/experiments/forward.h"
#include "lab/numbers.h"
#include "lab/pictures.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct ForwardStripOptions {
  std::int64_t scene = 2;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        scene >= 0 && scene < 1000, kInvalidArgument, "scene must be 0 to 999, got ", scene);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, ForwardStripOptions& o) {
  v("scene", o.scene, "which scene is drowned in noise");
  v("seed", o.seed, "of the noise");
}

constexpr std::int64_t kForwardStripSide = 32;
const std::vector<std::int64_t>& shown_times() {
  static const std::vector<std::int64_t> times = {0, 50, 100, 200, 300, 400, 500, 650, 800, 1000};
  return times;
}

/// One noise for the whole strip, so that only its share changes: [10, 3, 64, 64].
at::Tensor strip(const diffusion::GaussianProcess& process,
                 const at::Tensor& x0,
                 const at::Tensor& noise) {
  std::vector<at::Tensor> row;
  for (const std::int64_t t : shown_times())
    row.push_back(process.q_sample(x0, times_of(t), noise));
  return at::cat(row);
}

void compare(Findings& findings,
             const std::string& kind,
             const at::Tensor& x0,
             const ForwardStripOptions& o) {
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({.kind = kind}));
  const ReferenceChain chain(process.schedule().beta);
  // The jump of many noises from one picture: what is left of it, and what is added.
  const std::int64_t rows = 64;
  const at::Tensor noise =
      draw_normal({o.seed, 1}, {rows, 3, kForwardStripSide, kForwardStripSide});
  for (const std::int64_t t : {100, 500, 1000}) {
    const at::Tensor x_t = process.q_sample(
        x0.expand({rows, 3, kForwardStripSide, kForwardStripSide}), times_of(t, rows), noise);
    const at::Tensor rest = x_t - std::sqrt(chain.kept(t)) * x0;
    findings.near(concat(kind, ", t = ", t, ": mean of x_t − √ᾱ x_0"), mean_of(rest), 0.0);
    findings.near(
        concat(kind, ", t = ", t, ": variance of x_t given x_0"), variance_of(rest), chain.lost(t));
    findings.equal(concat(kind, ", t = ", t, ": largest |ε from x_t and x_0 − the ε used|"),
                   largest_difference(rest / std::sqrt(chain.lost(t)), noise),
                   0.0,
                   1e-12);
  }
  // One step: its variance is β, not β².
  const at::Tensor before = process.q_sample(
      x0.expand({rows, 3, kForwardStripSide, kForwardStripSide}), times_of(499, rows), noise);
  const at::Tensor after = process.q_continue(
      before, times_of(499, rows), times_of(500, rows), draw_normal({o.seed, 2}, before.sizes()));
  findings.near(kind + ": variance of x_500 given x_499",
                variance_of(after - std::sqrt(1 - chain.beta(500)) * before),
                chain.beta(500));
}

Panel shares_panel() {
  Panel panel{.title = "What x_t is made of",
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "factor", .from = 0.0, .to = 1.05},
              .legend = Legend::kBelow};
  for (const char* kind : {"linear", "cosine"}) {
    const auto schedule = diffusion::make_gaussian_schedule({.kind = kind});
    Curve signal{.label = concat(kind, ": √ᾱ_t of x_0")};
    Curve noise{.label = concat(kind, ": √(1−ᾱ_t) of ε"), .stroke = Stroke::kDashed};
    for (std::int64_t t = 0; t <= 1000; t += 5) {
      signal.x.push_back(static_cast<double>(t));
      noise.x.push_back(static_cast<double>(t));
      signal.y.push_back(schedule.signal(t));
      noise.y.push_back(schedule.noise(t));
    }
    signal.colour = noise.colour =
        std::string(kind) == "linear" ? Colour::kBlue : Colour::kVermilion;
    panel.layers.emplace_back(signal);
    panel.layers.emplace_back(noise);
  }
  return panel;
}

Findings run(const ForwardStripOptions& o, const Run& context) {
  const at::Tensor x0 =
      scene_pictures(context.atlas, o.scene + 1, kForwardStripSide, SceneChoice::kAny)
          .narrow(0, o.scene, 1);
  const at::Tensor noise = draw_normal({o.seed, 0}, {1, 3, kForwardStripSide, kForwardStripSide});
  Findings findings;
  std::vector<at::Tensor> rows;
  std::vector<std::string> over;
  for (const std::int64_t t : shown_times()) over.push_back(concat("t = ", t));
  for (const char* kind : {"linear", "cosine"}) {
    const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({.kind = kind}));
    rows.push_back(strip(process, x0, noise));
    compare(findings, kind, x0, o);
  }
  const auto columns = static_cast<std::int64_t>(shown_times().size());
  Panel pictures =
      sheet_panel(at::cat(rows), {.columns = columns, .enlarge = 2}, over, {"linear", "cosine"});
  Panel snr{.title = "Signal-to-noise ratio",
            .x = {.label = "t", .from = 0.0, .to = 1000.0},
            .y = {.label = "ln SNR = ln(ᾱ/(1−ᾱ))", .from = -15.0, .to = 10.0},
            .legend = Legend::kBottomLeft};
  for (const char* kind : {"linear", "cosine"}) {
    const auto schedule = diffusion::make_gaussian_schedule({.kind = kind});
    Curve curve{.label = kind};
    for (std::int64_t t = 1; t <= 1000; ++t) {
      curve.x.push_back(static_cast<double>(t));
      curve.y.push_back(schedule.log_snr(t));
    }
    snr.layers.emplace_back(curve);
  }
  findings.figure = {.title = "A picture on its way to noise", .columns = 1};
  findings.figure.panels = {pictures, shares_panel()};
  findings.tables.push_back(Table::of_columns("log-snr",
                                              "ln SNR of the two schedules",
                                              {"t", "linear", "cosine"},
                                              {std::get<Curve>(snr.layers[0]).x,
                                               std::get<Curve>(snr.layers[0]).y,
                                               std::get<Curve>(snr.layers[1]).y}));
  return findings;
}

}  // namespace

Experiment forward_strip() {
  return make_experiment<ForwardStripOptions>(
      {.name = "forward-strip",
       .topic = "Forward process",
       .title = "x_t = √ᾱ_t x_0 + √(1−ᾱ_t) ε: a picture fades into noise by one formula.",
       .text =
           "A scene of the renderer with one and the same noise at ten times. The linear schedule "
           "has destroyed it at t = 500, where the cosine schedule still shows it: this is why "
           "the cosine one was made. The table holds draws of the library to the formula: mean, "
           "variance, the noise recovered from x_t, and that β_t is the variance of one step.",
       .shows = {"one step of the forward process; β is a variance",
                 "the jump from x_0 to x_t",
                 "the forward strip"}},
      run);
}

}  // namespace tessera::lab
