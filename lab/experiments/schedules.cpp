#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/schedule.h"
#include "diffusion/gaussian/theory.h"
#include "lab/experiments/forward.h"
#include "lab/reference_chain.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct SchedulesOptions {
  double variance = 0.25;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance < 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, SchedulesOptions& o) {
  v("variance", o.variance, "of the Gaussian data whose bound is computed");
}

struct SchedulesKind {
  std::string label{};
  diffusion::GaussianScheduleOptions options{};
  double half = 0.0;  // ᾱ_500
  double last = 0.0;  // ᾱ_1000
};

/// ᾱ at 500 and 1000 to fifty digits; the two of the inverse schedule are (T - t)/T.
const std::vector<SchedulesKind>& schedule_kinds() {
  static const std::vector<SchedulesKind> all = {
      {"linear", {.kind = "linear"}, 0.07858724288177824, 4.0358297653756835e-05},
      {"cosine", {.kind = "cosine"}, 0.493843590440633, 2.4287669070348e-09},
      {"quadratic", {.kind = "quadratic"}, 0.3331877673562998, 0.0007334124595808149},
      {"scaled linear",
       {.kind = "scaled-linear", .first = 0.00085, .last = 0.012},
       0.2776696504564678,
       0.00466009851307724},
      {"constant 0.02",
       {.kind = "constant", .first = 0.02},
       4.102398514547259e-05,
       1.6829673572159556e-09},
      {"sigmoid", {.kind = "sigmoid"}, 0.5, 3.00279199749186e-07},
      {"1/(T−t+1)", {.kind = "inverse"}, 0.5, 0.0}};
  return all;
}

void check_tables(Findings& findings) {
  for (const SchedulesKind& kind : schedule_kinds()) {
    const auto schedule = diffusion::make_gaussian_schedule(kind.options);
    findings.equal(kind.label + ": ᾱ at 500", schedule.alpha_bar[500], kind.half, 2e-12);
    findings.equal(
        kind.label + ": ᾱ at T", schedule.alpha_bar[1000], kind.last, 1e-11 * kind.last + 1e-300);
  }
  // Whole tables in one number each.
  struct Sums {
    const char* kind;
    double beta, alpha_bar, posterior, log_snr;
  };
  for (const Sums& sums :
       {Sums{"linear", 10.05, 275.51323339680624, 10.035505610704284, -2700.8463150697944},
        Sums{"cosine",
             12.441496417056351,
             495.57751258248607,
             12.431767388376095,
             -92.59046173599661}}) {
    const auto schedule = diffusion::make_gaussian_schedule({.kind = sums.kind});
    double beta = 0, alpha_bar = 0, posterior = 0, log_snr = 0;
    for (std::int64_t t = 1; t <= 1000; ++t) {
      beta += schedule.beta[static_cast<std::size_t>(t)];
      alpha_bar += schedule.alpha_bar[static_cast<std::size_t>(t)];
      posterior += schedule.posterior_variance(t);
      log_snr += schedule.log_snr(t);
    }
    const std::string name = sums.kind;
    findings.equal(name + ": Σβ", beta, sums.beta, 1e-10);
    findings.equal(name + ": Σᾱ", alpha_bar, sums.alpha_bar, 1e-8);
    findings.equal(name + ": Σβ̃", posterior, sums.posterior, 1e-10);
    findings.equal(name + ": Σ ln SNR", log_snr, sums.log_snr, 1e-7);
  }
}

Panel curves_panel() {
  Panel panel{.title = "ᾱ: share of the signal's energy",
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "ᾱ_t", .from = 0.0, .to = 1.0}};
  for (const SchedulesKind& kind : schedule_kinds()) {
    const auto schedule = diffusion::make_gaussian_schedule(kind.options);
    panel.layers.emplace_back(
        Curve{.label = kind.label, .x = spaced(0, 1000, 1001), .y = schedule.alpha_bar});
  }
  return panel;
}

Panel snr_panel() {
  Panel panel{.title = "Signal-to-noise ratio",
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "ln SNR", .from = -18.0, .to = 11.0},
              .legend = Legend::kNone};
  for (const SchedulesKind& kind : schedule_kinds()) {
    const auto schedule = diffusion::make_gaussian_schedule(kind.options);
    Curve curve;
    for (std::int64_t t = 1; t <= 1000; ++t) {
      curve.x.push_back(static_cast<double>(t));
      curve.y.push_back(schedule.log_snr(t));
    }
    panel.layers.emplace_back(curve);
  }
  return panel;
}

/// The bound of N(0, v) per step and in sum. With the best variance the sum does not depend on the
/// schedule but for what is left of the data at T.
Panel terms_panel(Findings& findings, const SchedulesOptions& o) {
  Panel panel{.title = concat("Where the bits go: L_{t−1} of N(0, ", o.variance, ")"),
              .x = {.label = "t", .logarithmic = true, .from = 1.0, .to = 1000.0},
              .y = {.label = "nats", .logarithmic = true, .from = 1e-8, .to = 3.0},
              .legend = Legend::kNone};
  Table table{.name = "bits",
              .title = "bits of the bound, Gaussian data",
              .columns = {"schedule", "best variance", "large", "small"}};
  for (const SchedulesKind& kind : schedule_kinds()) {
    if (kind.last == 0.0) continue;  // nothing left at T: the last step has no posterior
    const auto schedule = diffusion::make_gaussian_schedule(kind.options);
    const ReferenceChain chain(schedule.beta);
    Curve curve;
    std::vector<Cell> row = {kind.label};
    for (const char* variance : {"best", "large", "small"}) {
      const auto sigma2 = diffusion::reverse_variances(schedule, variance, o.variance);
      const auto bound = diffusion::exact_bound(schedule, {0.0, o.variance}, sigma2);
      double total = chain.prior_term(o.variance);
      for (std::int64_t t = 1; t <= 1000; ++t)
        total += chain.term(t, o.variance, sigma2[static_cast<std::size_t>(t)]);
      findings.equal(
          concat(kind.label, ", ", variance, " variance: bound, nats"), bound.total(), total, 1e-9);
      row.emplace_back(bound.total() / std::log(2.0));
      if (std::string(variance) != "best") continue;
      const diffusion::NormalLaw last{0.0, chain.variance(1000, o.variance)};
      findings.equal(kind.label + ": best bound − entropy − KL(q(x_T) ‖ N(0,1))",
                     bound.total() - diffusion::normal_entropy(o.variance) -
                         0.5 * (last.variance - 1 - std::log(last.variance)),
                     0.0,
                     1e-9);
      for (std::int64_t t = 2; t <= 1000; ++t) {
        curve.x.push_back(static_cast<double>(t));
        curve.y.push_back(bound.terms[static_cast<std::size_t>(t)]);
      }
    }
    table.rows.push_back(row);
    panel.layers.emplace_back(curve);
  }
  findings.tables.push_back(table);
  return panel;
}

Findings run(const SchedulesOptions& o, const Run& /*context*/) {
  Findings findings;
  check_tables(findings);
  findings.figure = {.title = "Seven schedules"};
  findings.figure.panels = {curves_panel(), snr_panel(), terms_panel(findings, o)};
  return findings;
}

}  // namespace

Experiment schedules() {
  return make_experiment<SchedulesOptions>(
      {.name = "schedules",
       .topic = "Forward process",
       .title = "Schedules differ in where they spend the noise, not in what the best model pays.",
       .text =
           "β grows, so that each step removes a like share of what is left. Linear 1e-4…0.02 "
           "(DDPM), "
           "cosine with offset 0.008 and clip 0.999 (Improved DDPM), quadratic, √β linear (latent "
           "diffusion, which calls it linear), constant, a falling sigmoid, and 1/(T−t+1) "
           "(Sohl-Dickstein). Right: the terms of the bound on Gaussian data. With the best "
           "variance every schedule comes to the entropy plus KL(q(x_T) ‖ N(0,1)); what differs "
           "is which step pays.",
       .shows = {"shapes of seven schedules with their tables' checksums",
                 "the cosine schedule with offset and clip",
                 "the linear schedule",
                 "bits of one data set under each schedule"}},
      run);
}

}  // namespace tessera::lab
