#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/sampler.h"
#include "lab/draws.h"
#include "lab/experiments/coding.h"
#include "lab/sample_coder.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kProgressiveCodeVariance = 0.25;

struct ProgressiveCodeOptions {
  std::int64_t messages = 250;
  std::int64_t dimensions = 6;
  std::uint64_t seed = 8;
  void validate() const {
    TESSERA_CHECK(messages >= 10 && messages <= 100000,
                  kInvalidArgument,
                  "messages must be in 10..100000, got ",
                  messages);
    TESSERA_CHECK(dimensions >= 1 && dimensions <= 10,
                  kInvalidArgument,
                  "dimensions must be in 1..10, got ",
                  dimensions,
                  "; a step of more bits needs more proposals than there is time for");
  }
};
template <typename Visitor>
void visit_fields(Visitor& v, ProgressiveCodeOptions& o) {
  v("messages", o.messages, "vectors that are sent");
  v("dimensions", o.dimensions, "numbers of a vector, 1 to 10");
  v("seed", o.seed, "seed of the messages and of the noise that both sides share");
}

/// A chain of nine strides with about half a bit a number in each.
GaussianSchedule code_schedule() {
  return strided_schedule(make_gaussian_schedule({}), {14, 22, 34, 50, 78, 115, 170, 260, 1000});
}

Ball ball_of(const GaussianMoments& moments) {
  return {.mean = numbers_of(moments.mean),
          .variance = moments.log_variance.flatten()[0].exp().item<double>()};
}

at::Tensor as_picture(const std::vector<double>& values) {
  return tensor_of(values).view({1, -1, 1, 1});
}

/// What both sides know: the chain, the network, and the reverse step p(x_s | x_t).
class Codec {
 public:
  Codec()
      : world_(normal_world(code_schedule(),
                            0,
                            kProgressiveCodeVariance,
                            {.variance = GaussianVariance::kDiagonal})) {}

  std::int64_t steps() const { return world_.process.steps(); }
  Ball prior(std::size_t dimensions) const {
    return {.mean = std::vector<double>(dimensions, 0.0), .variance = 1.0};
  }
  /// p(x_{t-1} | x_t), with the best variance.
  Ball reverse(const std::vector<double>& x_t, std::int64_t t) const {
    const at::Tensor x = as_picture(x_t);
    return ball_of(
        reverse_moments(world_.process,
                        {.estimate = estimate(x, t), .x_t = x, .time = {.from = t, .to = t - 1}},
                        GaussianVariance::kDiagonal));
  }
  /// q(x_{t-1} | x_t, x_0), and q(x_T | x_0): what only the sender knows.
  Ball posterior(const std::vector<double>& x0,
                 const std::vector<double>& x_t,
                 std::int64_t t) const {
    const at::Tensor time = at::full({1}, t, at::kLong);
    return ball_of(world_.process.posterior(as_picture(x0), as_picture(x_t), time, time - 1));
  }
  Ball last(const std::vector<double>& x0) const {
    const GaussianSchedule& schedule = world_.process.schedule();
    Ball out{.mean = x0, .variance = schedule.noise_variance(steps())};
    for (double& value : out.mean) value *= schedule.signal(steps());
    return out;
  }
  /// The receiver's picture once x_t is known.
  std::vector<double> guess(const std::vector<double>& x_t, std::int64_t t) const {
    return numbers_of(estimate(as_picture(x_t), t).x0);
  }
  double signal(std::int64_t t) const { return world_.process.schedule().signal(t); }
  double noise_variance(std::int64_t t) const {
    return world_.process.schedule().noise_variance(t);
  }

 private:
  GaussianEstimate estimate(const at::Tensor& x, std::int64_t t) const {
    const at::Tensor time = at::full({1}, t, at::kLong);
    return make_estimate(world_.process,
                         world_.denoiser->forward(x, time, {}),
                         {.variance = GaussianVariance::kDiagonal},
                         {.x_t = x, .t = time},
                         unlimited());
  }
  World world_;
};

/// What was learned of one level of the code, over all messages.
struct Level {
  double floor = 0;       // KL, bits
  double bits = 0;        // sent
  double log_index = 0;   // log2 of the proposal's number
  double distortion = 0;  // mean squared error of the receiver's picture, a number
};

struct Transfer {
  std::vector<Level> levels{};   // level 0 sends x_T, level i x_{T-i}
  std::vector<double> floors{};  // a message each, bits
  double mismatch = 0;           // largest difference between sender and receiver
};

SharedNoise shared(const ProgressiveCodeOptions& options,
                   std::int64_t message,
                   std::int64_t level) {
  return {.seed = options.seed,
          .message = static_cast<std::uint32_t>(message),
          .step = static_cast<std::uint32_t>(level + 1)};
}

double squared_error(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

/// Sends one vector down to x_1; adds to the levels; -> the bits, and what the sender has.
BitString send(const Codec& codec,
               const ProgressiveCodeOptions& options,
               std::int64_t message,
               const std::vector<double>& x0,
               Transfer& transfer,
               std::vector<double>& x) {
  BitString bits;
  double floor = 0;
  for (std::int64_t level = 0; level < codec.steps(); ++level) {
    const std::int64_t t = codec.steps() - level + 1;  // x_t is known, x_{t-1} is sent
    const Ball target = level == 0 ? codec.last(x0) : codec.posterior(x0, x, t);
    const Ball proposal = level == 0 ? codec.prior(x0.size()) : codec.reverse(x, t);
    CodedSample coded = send_sample(target, proposal, shared(options, message, level));
    const std::size_t before = bits.size();
    bits.append_delta(coded.index);
    x = std::move(coded.value);
    Level& seen = transfer.levels[static_cast<std::size_t>(level)];
    seen.floor += code_floor_bits(target, proposal);
    seen.bits += static_cast<double>(bits.size() - before);
    seen.log_index += std::log2(static_cast<double>(coded.index));
    seen.distortion += squared_error(codec.guess(x, t - 1), x0);
    floor += code_floor_bits(target, proposal);
  }
  transfer.floors.push_back(floor);
  return bits;
}

/// Rebuilds x_1 from the bits alone.
std::vector<double> receive(const Codec& codec,
                            const ProgressiveCodeOptions& options,
                            std::int64_t message,
                            BitString bits) {
  std::vector<double> x(static_cast<std::size_t>(options.dimensions));
  for (std::int64_t level = 0; level < codec.steps(); ++level) {
    const std::int64_t t = codec.steps() - level + 1;
    const Ball proposal = level == 0 ? codec.prior(x.size()) : codec.reverse(x, t);
    x = receive_sample(bits.read_delta(), proposal, shared(options, message, level));
  }
  return x;
}

Transfer transfer_all(const Codec& codec,
                      const ProgressiveCodeOptions& options,
                      const Run& context) {
  Transfer transfer;
  transfer.levels.resize(static_cast<std::size_t>(codec.steps()));
  const std::vector<double> data =
      numbers_of(draw_normal({.seed = options.seed}, {options.messages * options.dimensions}) *
                 std::sqrt(kProgressiveCodeVariance));
  for (std::int64_t message = 0; message < options.messages; ++message) {
    if (message % 50 == 0) context.report("messages", message, options.messages);
    const auto first = data.begin() + message * options.dimensions;
    const std::vector<double> x0(first, first + options.dimensions);
    std::vector<double> sent;
    const BitString bits = send(codec, options, message, x0, transfer, sent);
    const std::vector<double> got = receive(codec, options, message, bits);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      transfer.mismatch = std::max(transfer.mismatch, std::abs(sent[i] - got[i]));
    }
  }
  const auto count = static_cast<double>(options.messages);
  for (Level& level : transfer.levels) {
    level.floor /= count;
    level.bits /= count;
    level.log_index /= count;
    level.distortion /= count;
  }
  return transfer;
}

Findings run(const ProgressiveCodeOptions& options, const Run& context) {
  ProgressiveCodeOptions sized = options;
  if (context.full()) sized.messages *= 10;
  Findings findings;
  const Codec codec;
  const Transfer transfer = transfer_all(codec, sized, context);
  const auto dimensions = static_cast<double>(options.dimensions);
  findings.equal("largest |sender's x - receiver's x|, all messages", transfer.mismatch, 0, 0);

  // Shannon: 1/2 log2(v / D) a number, D the error of the best guess at that noise level.
  std::vector<double> step, floor_bits, sent_bits, rate, ideal, distortion, error;
  double floor = 0;
  double sent = 0;
  double indices = 0;
  for (std::size_t i = 0; i < transfer.levels.size(); ++i) {
    const Level& level = transfer.levels[i];
    const std::int64_t t = codec.steps() - static_cast<std::int64_t>(i);
    const double noise = codec.noise_variance(t);
    const double best = kProgressiveCodeVariance * noise /
                        (codec.signal(t) * codec.signal(t) * kProgressiveCodeVariance + noise);
    floor += level.floor;
    sent += level.bits;
    indices += level.log_index;
    step.push_back(static_cast<double>(i + 1));
    floor_bits.push_back(level.floor);
    sent_bits.push_back(level.bits);
    rate.push_back(sent / dimensions);
    ideal.push_back(floor / dimensions);
    distortion.push_back(std::sqrt(level.distortion));
    error.push_back(std::sqrt(best));
    const double numbers = dimensions * static_cast<double>(sized.messages);
    if (i % 3 == 2) {
      findings.equal(concat("after ", i + 1, " of ", codec.steps(), " steps: mean squared error"),
                     level.distortion,
                     best,
                     4.5 * best * std::sqrt(2 / numbers));
    }
  }
  const double last = error.back();
  const double signal = codec.signal(codec.steps());
  const double at_end = signal * signal * kProgressiveCodeVariance + 1 - signal * signal;
  findings.near("KL of a message, bits",
                mean_of(tensor_of(transfer.floors)),
                dimensions * (0.5 * std::log2(kProgressiveCodeVariance / (last * last)) +
                              0.5 * (at_end - 1 - std::log(at_end)) / std::log(2.0)));
  const double steps = static_cast<double>(codec.steps());
  findings.at_least("bits sent - KL, a message", sent - floor, 0);
  findings.at_most("log2 of the indices, a step", indices / steps, floor / steps + 1.54);

  Panel plane{.title = concat(options.dimensions, " numbers of N(0, ¼), sent step by step"),
              .x = {.label = "bits a number", .from = 0},
              .y = {.label = "root mean squared error", .from = 0}};
  Curve shannon{.label = "Shannon's bound", .stroke = Stroke::kDashed, .colour = Colour::kBlack};
  for (const double bits : spaced(0, rate.back(), 100)) {
    shannon.x.push_back(bits);
    shannon.y.push_back(0.5 * std::pow(2.0, -bits));
  }
  plane.layers.emplace_back(std::move(shannon));
  plane.layers.emplace_back(Curve{.label = "KL of the steps",
                                  .x = ideal,
                                  .y = distortion,
                                  .stroke = Stroke::kPoints,
                                  .colour = Colour::kBlue});
  plane.layers.emplace_back(Curve{.label = "bits in the message",
                                  .x = rate,
                                  .y = distortion,
                                  .stroke = Stroke::kMarked,
                                  .colour = Colour::kVermilion});
  Panel bars{.title = "bits of each step",
             .x = {.label = "step, from noise to data"},
             .y = {.label = "bits a message", .from = 0},
             .legend = Legend::kTopLeft};
  Histogram low{.label = "KL", .heights = floor_bits, .colour = Colour::kSky};
  for (std::size_t i = 0; i <= step.size(); ++i) low.edges.push_back(static_cast<double>(i) + 0.5);
  bars.layers.emplace_back(std::move(low));
  bars.layers.emplace_back(Curve{.label = "sent",
                                 .x = step,
                                 .y = sent_bits,
                                 .stroke = Stroke::kMarked,
                                 .colour = Colour::kVermilion});
  findings.figure = {.title = "Sending a sample of every step: KL bits, and a few more",
                     .panels = {plane, bars}};
  findings.notes.push_back(concat("A message of ",
                                  options.dimensions,
                                  " numbers: KL ",
                                  floor,
                                  " bits, sent ",
                                  sent,
                                  " bits in ",
                                  codec.steps(),
                                  " steps."));
  return findings;
}

}  // namespace

Experiment progressive_code() {
  return make_experiment<ProgressiveCodeOptions>(
      {.name = "progressive-code",
       .topic = "Bits and codes",
       .title = "A sender and a receiver who share only noise: the progressive code, really sent.",
       .text =
           "The sender wants the receiver to hold a sample of q(x_{t-1} | x_t, x_0), of which the "
           "receiver knows only p(x_{t-1} | x_t). Both draw the same numbered proposals from p; "
           "the sender names one that is exactly distributed as q (Poisson functional "
           "representation, Li and El Gamal 2018), and its number costs about KL(q ‖ p) bits and "
           "a few more a step. The message is a string of bits, decoded again to the last digit. "
           "DDPM assumes such a coder; here it runs.",
       .shows = {"progressive lossy code, send and receive", "measured bits against the KL"}},
      run);
}

}  // namespace tessera::lab
