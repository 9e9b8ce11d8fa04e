#include <cmath>
#include <map>
#include <sstream>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "data/scenes/scenes.h"
#include "lab/draws.h"
#include "lab/experiments/text_to_image.h"
#include "lab/series.h"
#include "lab/tiny_network.h"
#include "pipeline/model_card.h"

namespace tessera::lab {
namespace {

struct ContrastivePairOptions {
  std::int64_t scenes = 700;
  std::int64_t rounds = 220;
  std::uint64_t seed = 26;
};
template <typename Visitor>
void visit_fields(Visitor& v, ContrastivePairOptions& o) {
  v("scenes", o.scenes, "captioned pictures; the last 100 are held back");
  v("rounds", o.rounds, "training steps of 128 pairs");
  v("seed", o.seed, "seed of weights and batches");
}

/// Captions as counts of words, [n, words].
at::Tensor bags(const std::vector<std::string>& captions) {
  std::map<std::string, std::int64_t> place;
  for (const std::string& caption : captions) {
    std::istringstream words(caption);
    for (std::string word; words >> word;) {
      place.emplace(word, static_cast<std::int64_t>(place.size()));
    }
  }
  at::Tensor out = at::zeros(
      {static_cast<std::int64_t>(captions.size()), static_cast<std::int64_t>(place.size())},
      at::kFloat);
  for (std::size_t i = 0; i < captions.size(); ++i) {
    std::istringstream words(captions[i]);
    for (std::string word; words >> word;) {
      out[static_cast<std::int64_t>(i)][place.at(word)] += 1;
    }
  }
  return out;
}

at::Tensor unit(const at::Tensor& x) {
  return x / x.norm(2, 1, true).clamp_min(1e-6);
}

/// Symmetric cross entropy of a batch's similarities: the pair is the right answer both ways.
at::Tensor contrastive_loss(const at::Tensor& similarity) {
  return -0.5 * (similarity.log_softmax(1).diagonal().mean() +
                 similarity.log_softmax(0).diagonal().mean());
}

double found(const at::Tensor& similarity) {
  const at::Tensor best = similarity.argmax(1);
  return (best == at::arange(similarity.size(0))).to(at::kDouble).mean().item<double>();
}

Findings run(const ContrastivePairOptions& options, const Run& context) {
  Findings findings;
  data::SceneOptions world = pipeline::read_model_card(context.model).world;
  const auto source = data::open_scenes(context.atlas, world);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < options.scenes; ++i) indices.push_back(i);
  const data::SceneProgram program = source->program(indices);
  const at::Tensor looks =
      at::avg_pool2d(source->draw(program, at::kCPU), {8, 8}).flatten(1).to(at::kFloat);
  const at::Tensor words = bags(source->say(program));
  TinyNetwork eye({looks.size(1), 128, 48}, options.seed);
  TinyNetwork ear({words.size(1), 48}, options.seed + 1);
  const at::Tensor log_scale = at::full({1}, std::log(10.0), at::kFloat);
  std::vector<at::Tensor> parameters = eye.parameters();
  for (const at::Tensor& one : ear.parameters()) parameters.push_back(one);
  parameters.push_back(log_scale);
  Adam adam(parameters);
  const std::int64_t taught = options.scenes - 100;
  const auto held_back = [&] {
    const at::NoGradGuard no_grad;
    return unit(eye(looks.slice(0, taught))).matmul(unit(ear(words.slice(0, taught))).t());
  };
  findings.equal("128 equal similarities: loss",
                 contrastive_loss(at::zeros({128, 128}, at::kDouble)).item<double>(),
                 std::log(128.0),
                 1e-12);
  std::vector<double> rounds, text_of_picture;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    if (round % 20 == 0) {
      context.report("training", round, options.rounds);
      rounds.push_back(static_cast<double>(round));
      text_of_picture.push_back(found(held_back()));
    }
    const at::Tensor rows =
        (draw_uniform({options.seed, static_cast<std::uint32_t>(round)}, {128}) *
         static_cast<double>(taught))
            .to(at::kLong);
    const at::Tensor similarity =
        unit(eye(looks.index_select(0, rows))).matmul(unit(ear(words.index_select(0, rows))).t());
    const double left = 1 - static_cast<double>(round) / static_cast<double>(options.rounds);
    adam.minimise(contrastive_loss(similarity * log_scale.exp()), 0.01 * left + 2e-4);
  }
  const at::Tensor similarity = held_back();
  rounds.push_back(static_cast<double>(options.rounds));
  text_of_picture.push_back(found(similarity));
  findings.at_least("caption of a held-back picture, found among 100 (chance 0.01)",
                    text_of_picture.back(),
                    0.15);
  findings.at_least("picture of a held-back caption, found among 100", found(similarity.t()), 0.15);
  const double pairs = similarity.diagonal().mean().item<double>();
  const double others =
      (similarity.sum().item<double>() - similarity.diagonal().sum().item<double>()) / 9900;
  findings.at_least("mean cosine of pairs - of strangers", pairs - others, 0.2);
  HeatMap map{.columns = 40,
              .rows = 40,
              .values = numbers_of(similarity.slice(0, 0, 40).slice(1, 0, 40)),
              .x_first = 0,
              .x_last = 39,
              .y_first = 0,
              .y_last = 39,
              .diverging = true};
  Panel left{.title = "pictures against captions, none seen in training",
             .x = {.label = "caption", .from = -0.5, .to = 39.5},
             .y = {.label = "picture", .reversed = true, .from = -0.5, .to = 39.5},
             .legend = Legend::kNone,
             .equal_scales = true};
  left.layers.emplace_back(std::move(map));
  Panel right{.title = "the right caption among 100",
              .x = {.label = "training step", .from = 0},
              .y = {.label = "share found", .from = 0, .to = 1},
              .legend = Legend::kTopLeft};
  right.layers.emplace_back(
      Curve{.label = "top 1", .x = rounds, .y = text_of_picture, .stroke = Stroke::kMarked});
  right.layers.emplace_back(Curve{.label = "chance",
                                  .x = {0, rounds.back()},
                                  .y = {0.01, 0.01},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kGrey});
  findings.figure = {.title = "Two encoders that learn to meet", .panels = {left, right}};
  return findings;
}

}  // namespace

Experiment contrastive_pair() {
  return make_experiment<ContrastivePairOptions>(
      {.name = "contrastive-pair",
       .topic = "Text to image",
       .title = "Two encoders trained so that a picture and its caption point the same way.",
       .text =
           "CLIP (Radford et al. 2021) in small: pictures as 8 by 8 colours, captions as counts of "
           "words, a small network for each, and a symmetric cross entropy over the similarities "
           "of a batch, in which every other caption is a wrong answer. What it learns carries "
           "over to pictures and captions it has not seen: the diagonal. The cosine then serves "
           "as a score of how well a picture follows its prompt.",
       .shows = {"CLIP: two encoders, closeness of image and text", "retrieval accuracy"}},
      run);
}

}  // namespace tessera::lab
