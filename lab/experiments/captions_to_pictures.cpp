#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/scenes/scenes.h"
#include "lab/experiments/text_to_image.h"
#include "lab/pictures.h"
#include "lab/series.h"
#include "pipeline/pipeline.h"
#include "text/tokenizer.h"

namespace tessera::lab {
namespace {

struct CaptionsToPicturesOptions {
  std::int64_t captions = 6;
  std::uint64_t seed = 25;
};
template <typename Visitor>
void visit_fields(Visitor& v, CaptionsToPicturesOptions& o) {
  v("captions", o.captions, "captions that are drawn, 6 or more");
  v("seed", o.seed, "seed of the pictures");
}

class Painter {
 public:
  Painter(const Run& context, const CaptionsToPicturesOptions& options)
      : options_(options),
        model_(pipeline::load_pipeline(context.model, at::kCPU)),
        stop_(context.stop) {}

  const pipeline::Pipeline& model() const { return *model_; }
  /// Captions first … as pictures, `steps` calls of the network.
  pipeline::Sampled paint(const std::vector<std::string>& captions,
                          std::int64_t first,
                          const SampleOptions& asked) const {
    const std::int64_t length = model_->facts().text_length;
    const std::vector<std::string> nothing(captions.size());
    return model_->sample(
        model_->table_tokenizer().encode(captions, length),
        model_->table_tokenizer().encode(nothing, length),
        model_->resolve(asked),
        {},
        {.rng = nn::Rng::of_run(options_.seed, first, static_cast<std::int64_t>(captions.size()))},
        {},
        stop_);
  }

 private:
  CaptionsToPicturesOptions options_;
  std::unique_ptr<const pipeline::Pipeline> model_;
  std::stop_token stop_;
};

double whole_share(const data::SceneReader& reader,
                   const at::Tensor& images,
                   const data::SceneProgram& program) {
  const at::Tensor levels = ((images + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1;
  double right = 0;
  const auto scores = reader.score(levels, program);
  for (const data::SceneScore& score : scores) right += score.whole;
  return right / static_cast<double>(scores.size());
}

Findings run(const CaptionsToPicturesOptions& options, const Run& context) {
  Findings findings;
  const Painter painter(context, options);
  data::SceneOptions world = painter.model().card().world;
  const auto scenes = data::open_scenes(context.atlas, world);
  const auto reader = data::make_scene_reader(context.atlas, world);
  std::vector<std::int64_t> indices;
  const std::int64_t count = options.captions * (context.full() ? 20 : 1);
  for (std::int64_t i = 0; i < count; ++i) indices.push_back(i);
  const data::SceneProgram program = scenes->program(indices);
  const std::vector<std::string> captions = scenes->say(program);
  findings.at_least("true scenes, read: share of whole scenes right",
                    whole_share(*reader, scenes->draw(program, at::kCPU), program),
                    0.9);
  std::vector<double> calls, confidence;
  std::vector<at::Tensor> rows;
  std::vector<std::string> names;
  at::Tensor last_codes;
  for (const std::int64_t steps : {1, 4, 12}) {
    context.report("pictures", steps, 12);
    const auto chosen = painter.paint(captions, 0, {.steps = steps, .sampler = "confidence"});
    calls.push_back(static_cast<double>(steps));
    confidence.push_back(whole_share(*reader, chosen.images, program));
    last_codes = chosen.codes;
    rows.push_back(chosen.images.slice(0, 0, 6).to(at::kDouble));
    names.push_back(concat(steps, steps == 1 ? " call" : " calls"));
  }
  rows.push_back(scenes->draw(program, at::kCPU).slice(0, 0, 6).to(at::kDouble));
  names.push_back("truth");
  // A picture is a function of its seed and its caption, not of the batch.
  const std::vector<std::string> pair{captions[3], captions[4]};
  const auto alone = painter.paint(pair, 3, {.steps = 12, .sampler = "confidence"});
  findings.equal("codes that differ when a picture is drawn in another batch",
                 (alone.codes != last_codes.slice(0, 3, 5)).sum().item<double>(),
                 0,
                 0);
  findings.at_least("12 calls: share of whole scenes right", confidence.back(), 0.4);
  findings.at_least(
      "12 calls - 1 call: whole scenes right", confidence.back() - confidence.front(), 0);
  // Decoding is a part of its own: the same codes give the same picture.
  const std::int64_t side = std::lround(std::sqrt(static_cast<double>(alone.codes[0].numel())));
  const at::Tensor decoded = painter.model().decode(alone.codes.view({2, side, side}));
  findings.equal("largest change when codes are decoded by themselves",
                 (decoded.clamp(-1, 1) - alone.images.clamp(-1, 1)).abs().max().item<double>(),
                 0,
                 1e-4);
  Panel curve{.title = concat(count, " captions, drawn by the shipped model"),
              .x = {.label = "network calls", .logarithmic = true, .from = 0.9, .to = 18},
              .y = {.label = "share of scenes with everything right", .from = 0, .to = 1.02},
              .legend = Legend::kBottomRight};
  curve.layers.emplace_back(
      Curve{.label = "surest codes first", .x = calls, .y = confidence, .stroke = Stroke::kMarked});
  Panel sheet = sheet_panel(at::cat(rows), {.columns = 6, .enlarge = 1}, {}, names);
  findings.figure = {.title = "From captions to pictures by denoising codes", .columns = 2};
  findings.figure.panels = {sheet, curve};
  for (std::size_t i = 0; i < 6; ++i)
    findings.notes.push_back(concat("column ", i + 1, ": ", captions[i]));
  return findings;
}

}  // namespace

Experiment captions_to_pictures() {
  return make_experiment<CaptionsToPicturesOptions>(
      {.name = "captions-to-pictures",
       .topic = "Text to image",
       .title = "A transformer that reads the caption fills in codes, and the decoder paints them.",
       .text = "VQ-Diffusion end to end with the shipped model: all codes begin masked, each call "
               "of the "
               "network predicts every code from caption and canvas, and the sampler keeps some. "
               "With one call tokens disagree with each other; a few more mend that, and keeping "
               "the surest first mends it sooner. A rule-based reader counts the scenes in which "
               "everything that the caption asks for is right.",
       .shows = {"transformer with text denoises codes",
                 "image grid from codes",
                 "the three parts work independently"}},
      run);
}

}  // namespace tessera::lab
