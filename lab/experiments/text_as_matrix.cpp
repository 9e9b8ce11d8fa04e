#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "io/json_fields.h"
#include "lab/experiments/text_to_image.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "pipeline/model_card.h"
#include "pipeline/parts.h"
#include "text/text_encoder.h"
#include "text/tokenizer.h"

namespace tessera::lab {
namespace {

constexpr const char* kShort[] = {"red car, blue",
                                  "blue car, red",
                                  "red car, green",
                                  "red star, blue",
                                  "yellow fish, white",
                                  "fish, white"};

struct TextAsMatrixOptions {
  std::string first = "a red car on a blue background";
};
template <typename Visitor>
void visit_fields(Visitor& v, TextAsMatrixOptions& o) {
  v("first", o.first, "prompt whose matrix is shown");
}

/// Prompts as [B, L, D], and which tokens are real.
nn::Condition encode(const pipeline::Parts& parts, const std::vector<std::string>& prompts) {
  const at::NoGradGuard no_grad;
  const text::Tokens tokens = parts.tokenizer->encode(prompts, parts.text_length);
  const at::Tensor ids = at::tensor(at::ArrayRef<std::int32_t>(tokens.ids), at::kInt).to(at::kLong);
  return parts.text_encoder->encode(ids.view({tokens.rows(), tokens.length}));
}

/// The mean of the real tokens' states, of length one: [B, D] float64.
at::Tensor pooled(const nn::Condition& condition) {
  const at::Tensor weight = condition.mask.to(at::kDouble).unsqueeze(2);
  const at::Tensor mean = (condition.tokens.to(at::kDouble) * weight).sum(1) / weight.sum(1);
  return mean / mean.norm(2, 1, true);
}

Findings run(const TextAsMatrixOptions& options, const Run& context) {
  Findings findings;
  const pipeline::Parts parts =
      pipeline::load_parts(context.model, pipeline::read_model_card(context.model));
  parts.text_encoder->eval();
  const std::vector<std::string> prompts{options.first,
                                         "a blue car on a red background",
                                         "a red car on a green background",
                                         "a red star on a blue background",
                                         "a yellow fish on a white background",
                                         "a fish on a white background"};
  const nn::Condition all = encode(parts, prompts);
  findings.equal("tokens of a prompt, padded",
                 static_cast<double>(all.tokens.size(1)),
                 static_cast<double>(parts.text_length),
                 0);
  const io::Json options_of_encoder =
      io::read_json(context.model / pipeline::kTextEncoderPart / "config.json");
  findings.equal("numbers of a token's state",
                 static_cast<double>(all.tokens.size(2)),
                 options_of_encoder.at("width").get<double>(),
                 0);
  double alone = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const nn::Condition one = encode(parts, {prompts[i]});
    const auto row = static_cast<std::int64_t>(i);
    const std::int64_t real = one.mask.sum().item<std::int64_t>();
    alone = std::max(
        alone,
        largest_difference(one.tokens[0].slice(0, 0, real), all.tokens[row].slice(0, 0, real)));
  }
  findings.equal("largest change of a state when other prompts stand beside it", alone, 0, 1e-4);
  const at::Tensor unit = pooled(all);
  const at::Tensor cosine = unit.matmul(unit.t());
  findings.equal(
      "cosine of a prompt with itself", cosine.diagonal().min().item<double>(), 1, 1e-12);
  findings.at_least("cosine (same car, other background) - (another object, other background)",
                    (cosine[0][2] - cosine[0][4]).item<double>(),
                    0);
  findings.at_least("the order of words counts: 1 - cosine (colours swapped)",
                    1 - cosine[0][1].item<double>(),
                    1e-4);
  const std::int64_t real = all.mask[0].sum().item<std::int64_t>();
  const at::Tensor matrix = all.tokens[0].slice(0, 0, real);
  HeatMap states{.columns = matrix.size(1),
                 .rows = real,
                 .values = numbers_of(matrix),
                 .x_first = 0,
                 .x_last = static_cast<double>(matrix.size(1) - 1),
                 .y_first = 0,
                 .y_last = static_cast<double>(real - 1),
                 .diverging = true};
  Panel left{.title = "\"" + options.first + "\" as a matrix",
             .x = {.label = "number of the state",
                   .from = -0.5,
                   .to = static_cast<double>(matrix.size(1)) - 0.5},
             .y = {.label = "token",
                   .reversed = true,
                   .from = -0.5,
                   .to = static_cast<double>(real) - 0.5},
             .legend = Legend::kNone};
  left.layers.emplace_back(std::move(states));
  const auto count = static_cast<std::int64_t>(prompts.size());
  std::vector<Tick> ticks;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool own = i == 0 && options.first != TextAsMatrixOptions{}.first;
    ticks.push_back({static_cast<double>(i), own ? options.first : kShort[i]});
  }
  Panel right{.title = "cosine of two prompts",
              .x = {.hidden = true, .from = -0.5, .to = 5.5},
              .y = {.reversed = true, .from = -0.5, .to = 5.5, .ticks = ticks},
              .legend = Legend::kNone};
  right.layers.emplace_back(HeatMap{.columns = count,
                                    .rows = count,
                                    .values = numbers_of(cosine),
                                    .x_first = 0,
                                    .x_last = static_cast<double>(count - 1),
                                    .y_first = 0,
                                    .y_last = static_cast<double>(count - 1)});
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < count; ++j) {
      const double value = cosine[i][j].item<double>();
      right.layers.emplace_back(Words{.text = concat(std::round(100 * value) / 100),
                                      .x = static_cast<double>(j),
                                      .y = static_cast<double>(i)});
    }
  }
  findings.figure = {.title = "A text encoder turns words into a matrix", .panels = {left, right}};
  return findings;
}

}  // namespace

Experiment text_as_matrix() {
  return make_experiment<TextAsMatrixOptions>(
      {.name = "text-as-matrix",
       .topic = "Text to image",
       .title = "A prompt becomes one vector a token, and likeness of prompts an angle.",
       .text =
           "The first of the three parts of a text-to-image model (Rombach et al. 2022): words in, "
           "a matrix of token states out. The denoiser reads the whole matrix by "
           "cross-attention. The shipped model's encoder gives 24 states of 128 numbers; padding "
           "and neighbours in the batch change nothing. On the right the angles between "
           "prompts, from the mean of their states.",
       .shows = {"text encoder: text to matrix", "cosine table of prompts"}},
      run);
}

}  // namespace tessera::lab
