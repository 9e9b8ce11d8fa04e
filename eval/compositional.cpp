#include "eval/compositional.h"

#include <chrono>
#include <numeric>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::eval {
namespace {

at::Tensor generate(const pipeline::Pipeline& pipeline,
                    const std::vector<std::string>& captions,
                    const CompositionalPlan& plan,
                    std::int64_t first,
                    const std::stop_token& stop) {
  const std::int64_t length = pipeline.facts().text_length;
  const text::Tokenizer& tokenizer = pipeline.table_tokenizer();
  const std::vector<std::string> nothing(captions.size());
  const nn::Noise noise{
      .rng = nn::Rng::of_run(plan.seed, first, static_cast<std::int64_t>(captions.size()))};
  return pipeline
      .sample(tokenizer.encode(captions, length),
              tokenizer.encode(nothing, length),
              plan.sampling,
              {},
              noise,
              {},
              stop)
      .images;
}

/// The 8-bit levels that a picture file would hold: what is judged is what is seen.
at::Tensor to_levels(const at::Tensor& images) {
  return ((images.to(at::kCPU, at::kFloat).nan_to_num(0) + 1) * 127.5).round().clamp(0, 255) /
             127.5 -
         1;
}

at::Tensor pictures_of(const pipeline::Pipeline* pipeline,
                       const data::SceneSource& scenes,
                       const data::SceneProgram& program,
                       const std::vector<std::string>& captions,
                       const CompositionalPlan& plan,
                       std::int64_t first,
                       const std::stop_token& stop) {
  if (plan.source == PictureSource::kModel) return generate(*pipeline, captions, plan, first, stop);
  const at::Tensor truth = scenes.draw(program, at::kCPU);
  return plan.source == PictureSource::kTruth ? truth : pipeline->decode(pipeline->encode(truth));
}

}  // namespace

PictureSource picture_source_named(const std::string& name) {
  if (name == "model") return PictureSource::kModel;
  if (name == "codec") return PictureSource::kCodec;
  if (name == "truth") return PictureSource::kTruth;
  TESSERA_THROW(kInvalidArgument, "source is \"", name, "\"; known: model, codec, truth");
}

CompositionalResult evaluate_compositional(const pipeline::Pipeline* pipeline,
                                           const data::SceneSource& scenes,
                                           const data::SceneReader& reader,
                                           const CompositionalPlan& plan,
                                           const ProgressSink& progress,
                                           std::stop_token stop) {
  TESSERA_CHECK(plan.count >= 1 && plan.count <= scenes.size(),
                kInvalidArgument,
                "count must be in 1..",
                scenes.size(),
                ", got ",
                plan.count);
  TESSERA_CHECK(plan.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", plan.batch);
  TESSERA_CHECK(pipeline != nullptr || plan.source == PictureSource::kTruth,
                kInvalidArgument,
                "there is no model to take pictures from");
  const std::int64_t side = scenes.options().resolution;
  const auto begun = std::chrono::steady_clock::now();
  CompositionalResult out;
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < plan.count; first += plan.batch) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", first, " pictures");
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::min(plan.batch, plan.count - first)));
    std::iota(indices.begin(), indices.end(), first);
    const data::SceneProgram program = scenes.program(indices);
    const std::vector<std::string> captions = scenes.say(program);
    const at::Tensor images =
        to_levels(pictures_of(pipeline, scenes, program, captions, plan, first, stop));
    TESSERA_CHECK(images.size(2) == side && images.size(3) == side,
                  kShapeMismatch,
                  "the model paints ",
                  images.size(2),
                  " pixels a side, the world has ",
                  side);
    const std::vector<data::SceneScore> scores = reader.score(images, program);
    parts.push_back(images);
    out.captions.insert(out.captions.end(), captions.begin(), captions.end());
    out.scores.insert(out.scores.end(), scores.begin(), scores.end());
    for (std::int64_t row = 0; row < program.kind.size(0); ++row) {
      out.kinds.push_back(
          static_cast<data::Kind>(program.kind.const_data_ptr<std::int64_t>()[row]));
    }
    if (progress) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
      progress({.stage = "evaluate",
                .step = static_cast<std::int64_t>(out.scores.size()),
                .total = plan.count,
                .seconds = spent.count()});
    }
  }
  out.images = at::cat(parts);
  return out;
}

}  // namespace tessera::eval
