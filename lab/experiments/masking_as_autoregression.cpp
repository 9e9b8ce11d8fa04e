#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "diffusion/discrete/loss.h"
#include "diffusion/discrete/transition.h"
#include "lab/draws.h"
#include "lab/experiments/discrete.h"
#include "lab/numbers.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

constexpr std::size_t kTokens = 3;
constexpr std::size_t kAlphabet = 3;
constexpr std::size_t kPictures = 27;  // 3^3
constexpr std::size_t kCanvases = 64;  // (3 + mask)^3
using Law = std::vector<double>;       // of the 27 pictures
using Canvas = std::array<std::size_t, kTokens>;

struct MaskingAsAutoregressionOptions {
  std::int64_t longest = 64;
  std::uint64_t seed = 3;
};
template <typename Visitor>
void visit_fields(Visitor& v, MaskingAsAutoregressionOptions& o) {
  v("longest", o.longest, "largest number of steps T of the parallel chain");
  v("seed", o.seed, "seed of the data's distribution");
}

Canvas digits(std::size_t number, std::size_t base) {
  return {number / (base * base), number / base % base, number % base};
}

/// A random distribution in which the tokens depend on each other strongly.
Law make_law(std::uint64_t seed) {
  const std::vector<double> u = numbers_of(draw_uniform({.seed = seed}, {kPictures}));
  Law law(kPictures);
  double sum = 0;
  for (std::size_t i = 0; i < kPictures; ++i) sum += law[i] = std::pow(-std::log(u[i]), 3);
  for (double& p : law) p /= sum;
  return law;
}

/// p(a token = k | what the canvas shows), by sums over the pictures that fit it.
double conditional(const Law& law, const Canvas& canvas, std::size_t token, std::size_t k) {
  double fits = 0;
  double with_k = 0;
  for (std::size_t i = 0; i < kPictures; ++i) {
    const Canvas picture = digits(i, kAlphabet);
    bool fit = true;
    for (std::size_t j = 0; j < kTokens; ++j) {
      fit = fit && (canvas[j] == kAlphabet || canvas[j] == picture[j]);
    }
    if (!fit) continue;
    fits += law[i];
    if (picture[token] == k) with_k += law[i];
  }
  return with_k / fits;
}

/// What a perfect network answers for every canvas, [64, 3, 3].
at::Tensor perfect_answers(const Law& law) {
  std::vector<double> answers;
  for (std::size_t c = 0; c < kCanvases; ++c) {
    for (std::size_t token = 0; token < kTokens; ++token) {
      for (std::size_t k = 0; k < kAlphabet; ++k) {
        answers.push_back(std::log(conditional(law, digits(c, kAlphabet + 1), token, k)));
      }
    }
  }
  return tensor_of(answers).view({kCanvases, kTokens, kAlphabet});
}

double entropy_bits(const Law& law) {
  double bits = 0;
  for (const double p : law) bits -= p * std::log2(p);
  return bits;
}

/// The masking chain of a token that is hidden in one step: its L_0 is -log p(token | the rest).
double one_coordinate_a_step(const Law& law, const at::Tensor& answers, const Canvas& order) {
  const auto chain =
      diffusion::make_transition({.kind = "absorbing", .schedule = "linear-mask", .steps = 1}, 3);
  double nats = 0;
  for (std::size_t i = 0; i < kPictures; ++i) {
    const Canvas picture = digits(i, kAlphabet);
    Canvas canvas{kAlphabet, kAlphabet, kAlphabet};
    for (const std::size_t token : order) {
      const auto row = static_cast<std::int64_t>((canvas[0] * 4 + canvas[1]) * 4 + canvas[2]);
      const auto loss = diffusion::discrete_loss(
          *chain,
          {.x0 = at::full({1, 1}, static_cast<std::int64_t>(picture[token]), at::kLong),
           .x_t = at::full({1, 1}, *chain->mask_state(), at::kLong),
           .t = at::ones({1}, at::kLong),
           .logits = answers[row][static_cast<std::int64_t>(token)].view({1, 1, kAlphabet})},
          {});
      nats += law[i] * loss.bound.item<double>();
      canvas[token] = picture[token];
    }
  }
  return nats / std::numbers::ln2;
}

/// The bound of the chain that masks every token by itself, by all pictures, canvases and times.
double parallel_bound(const Law& law, const at::Tensor& answers, std::int64_t steps) {
  const auto chain = diffusion::make_transition(
      {.kind = "absorbing", .schedule = "linear-mask", .steps = steps}, kAlphabet);
  std::vector<std::int64_t> x0, x_t, rows;
  std::vector<double> base, hidden;
  for (std::size_t i = 0; i < kPictures; ++i) {
    for (std::size_t masks = 0; masks < 8; ++masks) {
      const Canvas picture = digits(i, kAlphabet);
      Canvas canvas = picture;
      double count = 0;
      for (std::size_t j = 0; j < kTokens; ++j) {
        if ((masks >> j & 1U) == 0) continue;
        canvas[j] = kAlphabet;
        ++count;
      }
      for (std::size_t j = 0; j < kTokens; ++j) {
        x0.push_back(static_cast<std::int64_t>(picture[j]));
        x_t.push_back(static_cast<std::int64_t>(canvas[j]));
      }
      rows.push_back(static_cast<std::int64_t>((canvas[0] * 4 + canvas[1]) * 4 + canvas[2]));
      base.push_back(law[i]);
      hidden.push_back(count);
    }
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  const at::Tensor clean = at::tensor(x0, at::kLong).view({count, 3});
  const at::Tensor seen = at::tensor(x_t, at::kLong).view({count, 3});
  const at::Tensor logits = answers.index_select(0, at::tensor(rows, at::kLong));
  double nats = 0;
  for (std::int64_t t = 1; t <= steps; ++t) {
    const at::Tensor bound =
        diffusion::discrete_loss(
            *chain,
            {.x0 = clean, .x_t = seen, .t = at::full({count}, t, at::kLong), .logits = logits},
            {})
            .bound.contiguous();
    const double masked = static_cast<double>(t) / static_cast<double>(steps);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const double weight =
          base[row] * std::pow(masked, hidden[row]) * std::pow(1 - masked, 3 - hidden[row]);
      if (weight > 0) nats += weight * bound.const_data_ptr<double>()[row];
    }
  }
  return nats / std::numbers::ln2;
}

/// The same number from the groups: each token falls into one of T steps evenly, and tokens of one
/// step are coded independently given the groups shown before them.
double parallel_exact(const Law& law, std::int64_t steps) {
  // Ranks of a weak ordering of three tokens: which group each is in, the first shown being 0.
  const std::vector<std::pair<Canvas, int>> orders{{{0, 0, 0}, 1},
                                                   {{0, 0, 1}, 2},
                                                   {{0, 1, 0}, 2},
                                                   {{1, 0, 0}, 2},
                                                   {{0, 1, 1}, 2},
                                                   {{1, 0, 1}, 2},
                                                   {{1, 1, 0}, 2},
                                                   {{0, 1, 2}, 3},
                                                   {{0, 2, 1}, 3},
                                                   {{1, 0, 2}, 3},
                                                   {{1, 2, 0}, 3},
                                                   {{2, 0, 1}, 3},
                                                   {{2, 1, 0}, 3}};
  const auto t = static_cast<double>(steps);
  const std::array<double, 4> ways{0, t, t * (t - 1) / 2, t * (t - 1) * (t - 2) / 6};
  double bits = 0;
  for (const auto& [rank, groups] : orders) {
    double order_bits = 0;
    for (std::size_t i = 0; i < kPictures; ++i) {
      const Canvas picture = digits(i, kAlphabet);
      for (std::size_t token = 0; token < kTokens; ++token) {
        Canvas canvas{kAlphabet, kAlphabet, kAlphabet};
        for (std::size_t j = 0; j < kTokens; ++j) {
          if (rank[j] < rank[token]) canvas[j] = picture[j];
        }
        order_bits -= law[i] * std::log2(conditional(law, canvas, token, picture[token]));
      }
    }
    bits += ways[static_cast<std::size_t>(groups)] / (t * t * t) * order_bits;
  }
  return bits;
}

Findings run(const MaskingAsAutoregressionOptions& options, const Run& /*context*/) {
  Findings findings;
  const Law law = make_law(options.seed);
  const at::Tensor answers = perfect_answers(law);
  const double entropy = entropy_bits(law);
  findings.equal("first, second, third token: Σ L, bits",
                 one_coordinate_a_step(law, answers, {0, 1, 2}),
                 entropy,
                 1e-9);
  findings.equal("third, first, second token: Σ L, bits",
                 one_coordinate_a_step(law, answers, {2, 0, 1}),
                 entropy,
                 1e-9);
  std::vector<double> steps, bits, exact, floor;
  for (std::int64_t count = 1; count <= options.longest; count *= 2) {
    steps.push_back(static_cast<double>(count));
    bits.push_back(parallel_bound(law, answers, count));
    exact.push_back(parallel_exact(law, count));
    floor.push_back(entropy);
    findings.equal("all tokens at once, T=" + std::to_string(count) + ": bound, bits",
                   bits.back(),
                   exact.back(),
                   1e-9);
  }
  Panel panel{.title = "three tokens of three codes, a perfect network",
              .x = {.label = "steps T of the masking chain",
                    .logarithmic = true,
                    .from = 0.9,
                    .to = 1.1 * steps.back()},
              .y = {.label = "bits a picture"}};
  panel.layers.emplace_back(Curve{
      .label = "every token masked by itself", .x = steps, .y = bits, .stroke = Stroke::kMarked});
  panel.layers.emplace_back(Curve{.label = "one token a step = autoregressive = entropy",
                                  .x = steps,
                                  .y = floor,
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kVermilion});
  findings.figure = {.title = "Autoregression is a diffusion that hides one token a step",
                     .panels = {panel}};
  findings.tables.push_back(Table::of_columns(
      "bits", "bits a picture", {"T", "parallel", "entropy"}, {steps, bits, floor}));
  return findings;
}

}  // namespace

Experiment masking_as_autoregression() {
  return make_experiment<MaskingAsAutoregressionOptions>(
      {.name = "masking-as-autoregression",
       .topic = "Discrete diffusion",
       .title =
           "A chain that masks one coordinate a step has the autoregressive model's likelihood.",
       .text =
           "Let the forward chain hide exactly one token in each step. Then T is the number of "
           "tokens, the reverse step predicts one token from those still seen, and the bound is "
           "-Σ log p(x_i | x_{<i}), term by term (DDPM, section 4.3). With a perfect network it is "
           "the entropy in any order. A chain that hides tokens independently pays for tokens "
           "that are decided together; the excess falls like 1/T.",
       .shows = {"autoregression as a special diffusion",
                 "bound equals the autoregressive likelihood",
                 "what deciding tokens together costs in bits"}},
      run);
}

}  // namespace tessera::lab
