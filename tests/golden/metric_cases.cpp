#include <array>
#include <vector>

#include <ATen/ATen.h>

#include "eval/frechet.h"
#include "eval/inception_score.h"
#include "eval/kernel_distance.h"
#include "eval/neighbourhood.h"
#include "tests/golden/conformance.h"

namespace tessera::golden {
namespace {

constexpr double kFewTolerance = 1e-6;  // singular covariances: eigenvalues near 0 lose digits

at::Tensor number(double value) {
  return at::scalar_tensor(value, at::kDouble);
}

void run_frechet(const Recorded& recorded, Report& report) {
  const at::Tensor a = recorded["features_a"];
  const at::Tensor b = recorded["features_b"];
  const eval::Gaussian of_a = eval::gaussian_of(a);
  const eval::Gaussian of_b = eval::gaussian_of(b);
  const auto few = recorded["few"].item<std::int64_t>();
  report.close("mean_a", of_a.mean, recorded["mean_a"], recorded.tolerance);
  report.close("mean_b", of_b.mean, recorded["mean_b"], recorded.tolerance);
  report.close("cov_a", of_a.covariance, recorded["cov_a"], recorded.tolerance);
  report.close("cov_b", of_b.covariance, recorded["cov_b"], recorded.tolerance);
  report.close("frechet",
               number(eval::frechet_distance(of_a, of_b)),
               recorded["frechet"],
               recorded.tolerance);
  report.close("frechet_self",
               number(eval::frechet_distance(of_a, of_a)),
               recorded["frechet_self"],
               recorded.tolerance);
  report.close("frechet_few",
               number(eval::frechet_distance(eval::gaussian_of(a.narrow(0, 0, few)),
                                             eval::gaussian_of(b.narrow(0, 0, few)))),
               recorded["frechet_few"],
               kFewTolerance);
}

void run_kernel(const Recorded& recorded, Report& report) {
  const at::Tensor a = recorded["features_a"];
  const at::Tensor b = recorded["features_b"];
  report.close(
      "kid_full", number(eval::kernel_distance(a, b)), recorded["kid_full"], recorded.tolerance);
  const at::Tensor rows_a = recorded["kid_subset_a"];
  const at::Tensor rows_b = recorded["kid_subset_b"];
  std::vector<double> values;
  for (std::int64_t k = 0; k < rows_a.size(0); ++k) {
    values.push_back(
        eval::kernel_distance(a.index_select(0, rows_a[k]), b.index_select(0, rows_b[k])));
  }
  const at::Tensor all = at::tensor(values, at::kDouble);
  report.close("kid_subsets", all, recorded["kid_subsets"], recorded.tolerance);
  report.close("kid_subsets_mean", all.mean(), recorded["kid_subsets_mean"], recorded.tolerance);
  report.close("kid_subsets_std",
               (all - all.mean()).square().mean().sqrt(),
               recorded["kid_subsets_std"],
               recorded.tolerance);
}

void run_metrics(const Recorded& recorded, Report& report) {
  run_frechet(recorded, report);
  run_kernel(recorded, report);
  const eval::InceptionScore one = eval::inception_score(recorded["logits"], 1);
  const eval::InceptionScore ten = eval::inception_score(recorded["logits"], 10);
  const double tolerance = recorded.tolerance;
  report.close("inception_1_mean", number(one.mean), recorded["inception_1_mean"], tolerance);
  report.close("inception_10_mean", number(ten.mean), recorded["inception_10_mean"], tolerance);
  report.close("inception_10_std", number(ten.deviation), recorded["inception_10_std"], tolerance);
  const eval::NeighbourhoodScores near =
      eval::neighbourhood_scores(recorded["features_a"], recorded["features_b"], 3);
  report.close("precision_k3", number(near.precision), recorded["precision_k3"], tolerance);
  report.close("recall_k3", number(near.recall), recorded["recall_k3"], tolerance);
}

constexpr std::array kMetricCases = {Case{"metrics/metrics.safetensors", run_metrics}};

}  // namespace

std::span<const Case> metric_cases() {
  return kMetricCases;
}

}  // namespace tessera::golden
