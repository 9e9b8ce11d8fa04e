// Times what FID waits for: pictures a second through the Inception network and through all of the
// extraction (resizing, network, statistics), held against the rate at which this machine
// multiplies matrices, measured in the same run. The network is checked first; the exit status is 1
// where a check fails. The weights are random: their values cost nothing.

#include <cmath>
#include <functional>
#include <iostream>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>

#include "bench/report.h"
#include "core/error.h"
#include "eval/features/extraction.h"
#include "eval/inception/inception.h"
#include "eval/inception/layers.h"
#include "nn/device.h"
#include "nn/rng.h"

namespace {

using namespace tessera;

struct Settings {
  std::int64_t batch = 32;
  std::int64_t pictures = 64;
  bench::Effort effort{.warm_up = 1, .repeats = 5};
  int threads = 0;
  bool json = false;
};

/// Folded weights with outputs of about unit size at every layer.
eval::InceptionWeights random_weights() {
  eval::InceptionWeights out;
  std::int64_t number = 0;
  for (const eval::InceptionLayer& l : eval::inception_layers()) {
    const auto fan_in = static_cast<double>(l.in * l.kernel.height * l.kernel.width);
    const at::Tensor u =
        nn::Rng::of_run(0, number++, 1)
            .uniform(Purpose::kInit, 0, {l.out, l.in, l.kernel.height, l.kernel.width})[0];
    out.convolutions[l.name] = {.weight = (u * 2 - 1) * std::sqrt(6 / fan_in),
                                .bias = at::zeros({l.out})};
  }
  out.classes = at::ones({eval::kInceptionClasses, eval::kInceptionFeatures});
  return out;
}

/// Each convolution as a sum over the taps of its kernel, one matrix product a tap, in float64.
double layer_error(const eval::InceptionLayer& l) {
  const std::int64_t side = 11;
  const at::Tensor x =
      nn::Rng::of_run(1, 0, 1).normal(Purpose::kInit, 1, {l.in, side, side})[0].to(at::kDouble);
  const at::Tensor w =
      nn::Rng::of_run(1, 1, 1)
          .normal(Purpose::kInit, 2, {l.out, l.in, l.kernel.height, l.kernel.width})[0]
          .to(at::kDouble);
  const at::Tensor padded = at::constant_pad_nd(
      x, {l.padding.width, l.padding.width, l.padding.height, l.padding.height});
  const std::int64_t rows = (padded.size(1) - l.kernel.height) / l.stride + 1;
  const std::int64_t columns = (padded.size(2) - l.kernel.width) / l.stride + 1;
  at::Tensor sum = at::zeros({l.out, rows, columns}, at::kDouble);
  for (std::int64_t i = 0; i < l.kernel.height; ++i) {
    for (std::int64_t j = 0; j < l.kernel.width; ++j) {
      const at::Tensor part = padded.slice(1, i, i + (rows - 1) * l.stride + 1, l.stride)
                                  .slice(2, j, j + (columns - 1) * l.stride + 1, l.stride);
      sum += at::einsum("oc,chw->ohw", {w.select(3, j).select(2, i), part});
    }
  }
  const at::Tensor fast = at::conv2d(x.to(at::kFloat).unsqueeze(0),
                                     w.to(at::kFloat),
                                     {},
                                     {l.stride, l.stride},
                                     {l.padding.height, l.padding.width})[0];
  return ((fast.to(at::kDouble) - sum).abs().max() / sum.abs().max()).item<double>();
}

constexpr std::int64_t kProductSide = 2048;

/// A large product of two matrices of `type` into memory that is there already.
std::function<void()> product(at::ScalarType type) {
  const at::Tensor factors =
      nn::Rng::of_run(4, 0, 2).normal(Purpose::kInit, 5, {kProductSide, kProductSide}).to(type);
  const at::Tensor out = at::empty({kProductSide, kProductSide}, type);
  return [=] {
    at::Tensor target = out;
    at::matmul_out(target, factors[0], factors[1]);
  };
}

/// Pictures of noise at a usual size.
class NoisePictures final : public eval::PictureSet {
 public:
  explicit NoisePictures(std::int64_t count)
      : count_(count),
        picture_((nn::Rng::of_run(2, 0, 1).uniform(Purpose::kInit, 3, {256, 256, 3})[0] * 255)
                     .to(at::kByte)) {}
  std::int64_t size() const override { return count_; }
  std::string name(std::int64_t index) const override { return std::to_string(index); }
  at::Tensor load(std::int64_t) const override { return picture_; }
  std::string title() const override { return "noise"; }
  std::string fingerprint() const override { return "noise"; }

 private:
  std::int64_t count_;
  at::Tensor picture_;
};

class NetworkFeatures final : public eval::FeatureExtractor {
 public:
  explicit NetworkFeatures(const eval::Inception& network) : network_(network) {}
  const eval::FeatureFacts& facts() const override { return facts_; }
  at::Tensor prepare(const at::Tensor& picture) const override {
    return eval::inception_input(picture, eval::Preprocess::kClean);
  }
  eval::Features extract(const at::Tensor& inputs) const override {
    return network_.forward(inputs);
  }

 private:
  const eval::Inception& network_;
  eval::FeatureFacts facts_{.name = "random", .dims = eval::kInceptionFeatures};
};

void run_type(at::ScalarType type,
              const eval::InceptionWeights& weights,
              const Settings& settings,
              bench::Report& report) {
  const eval::Inception network(weights, at::kCPU, type);
  const at::Tensor inputs =
      nn::Rng::of_run(3, 0, settings.batch).uniform(Purpose::kInit, 4, {3, 299, 299}) * 2 - 1;
  const std::vector<bench::Timing> timings =
      bench::measure_in_turn({[&] { network.forward(inputs); }, product(type)}, settings.effort);
  report.rows.push_back({concat("Inception, ", type), settings.batch, timings[0]});
  report.rows.push_back({concat("matrix product 2048, ", type), 1, timings[1]});
  const double pictures_flops =
      eval::inception_flops() * static_cast<double>(settings.batch) * 1e-6;  // by ms: GFLOP/s
  const double product_flops = 2e-6 * std::pow(kProductSide, 3);
  const double rate = product_flops / timings[1].min_ms;
  report.facts[concat("pictures a second, ", type)] =
      static_cast<double>(settings.batch) / (timings[0].min_ms * 1e-3);
  report.facts[concat("GFLOP/s of matrix products, ", type)] = rate;
  report.facts[concat("share of that rate, ", type)] = pictures_flops / timings[0].min_ms / rate;
  report.facts[concat("share by processor time, ", type)] =
      pictures_flops / timings[0].min_cpu_ms / (product_flops / timings[1].min_cpu_ms);

  const NoisePictures pictures(settings.pictures);
  const NetworkFeatures features(network);
  const auto extract = [&] {
    eval::extract_features(pictures,
                           features,
                           {.batch = settings.batch, .threads = std::max(1, at::get_num_threads())},
                           {},
                           {});
  };
  report.rows.push_back({concat("extraction of 256 x 256, ", type),
                         settings.pictures,
                         bench::measure(extract, {.warm_up = 0, .repeats = 2})});
}

int run(const Settings& settings) {
  const at::NoGradGuard no_grad;
  nn::set_threads(settings.threads);
  bench::Report report;
  report.facts = bench::machine_facts();
  report.facts["threads"] = at::get_num_threads();
  report.facts["GFLOP a picture"] = eval::inception_flops() * 1e-9;
  double worst = 0;
  for (const eval::InceptionLayer& layer : eval::inception_layers()) {
    worst = std::max(worst, layer_error(layer));
  }
  report.check_at_most("convolutions against sums over their taps", worst, 1e-5);
  const eval::InceptionWeights weights = random_weights();
  const eval::Inception network(weights, at::kCPU, at::kFloat);
  const at::Tensor two = nn::Rng::of_run(3, 0, 2).uniform(Purpose::kInit, 4, {3, 299, 299}) * 2 - 1;
  const at::Tensor both = network.forward(two).pooled;
  const at::Tensor alone = network.forward(two.narrow(0, 1, 1)).pooled;
  report.check_at_most("a picture alone against in a batch",
                       ((both[1] - alone[0]).abs().max() / both.abs().max()).item<double>(),
                       1e-5);
  run_type(at::kFloat, weights, settings, report);
  run_type(at::kBFloat16, weights, settings, report);
  report.facts["peak memory, MiB"] = bench::peak_memory_mib();
  report.print(std::cout, settings.json);
  return report.failures.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Times the features of FID against the machine's matrix products", "features_bench");
  app.add_option("--batch", settings.batch, "pictures a forward pass")->capture_default_str();
  app.add_option("--pictures", settings.pictures, "pictures of the extraction")
      ->capture_default_str();
  app.add_option("--repeats", settings.effort.repeats, "timed runs")->capture_default_str();
  app.add_option("--threads", settings.threads, "0 = one a physical core")->capture_default_str();
  app.add_flag("--json", settings.json, "JSON on standard output");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(settings);
  } catch (const std::exception& error) {
    std::cerr << "features_bench: " << error.what() << '\n';
    return 1;
  }
}
