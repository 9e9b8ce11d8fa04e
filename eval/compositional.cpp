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
                    const std::vector<std::int64_t>& indices,
                    std::uint64_t candidate,
                    const std::stop_token& stop) {
  const std::int64_t length = pipeline.facts().text_length;
  const text::Tokenizer& tokenizer = pipeline.table_tokenizer();
  const std::vector<std::string> nothing(captions.size());
  const nn::Noise noise{.rng = {.seed = plan.seed + (candidate << 32),
                                .images = at::tensor(indices, at::TensorOptions(at::kLong))}};
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

/// The best of `plan.candidates` pictures of each caption.
at::Tensor best_of(const pipeline::Pipeline& pipeline,
                   const std::vector<std::string>& captions,
                   const CompositionalPlan& plan,
                   const std::vector<std::int64_t>& indices,
                   const std::stop_token& stop) {
  std::vector<at::Tensor> drawn;
  for (std::int64_t j = 0; j < plan.candidates; ++j) {
    drawn.push_back(to_levels(
        generate(pipeline, captions, plan, indices, static_cast<std::uint64_t>(j), stop)));
  }
  const at::Tensor all = at::stack(drawn, 1);  // [B, N, 3, S, S]
  std::vector<at::Tensor> kept;
  for (std::size_t row = 0; row < captions.size(); ++row) {
    const at::Tensor candidates = all[static_cast<std::int64_t>(row)];
    kept.push_back(candidates[plan.choose(candidates, captions[row])]);
  }
  return at::stack(kept);
}

/// A batch of scenes as it is judged.
struct Asked {
  std::vector<std::int64_t> indices{};
  data::SceneProgram program{};
  std::vector<std::string> captions{};
};

at::Tensor pictures_of(const Judge& judge,
                       const Asked& asked,
                       const CompositionalPlan& plan,
                       const std::stop_token& stop) {
  if (plan.source == PictureSource::kModel) {
    return plan.candidates > 1
               ? best_of(*judge.pipeline, asked.captions, plan, asked.indices, stop)
               : generate(*judge.pipeline, asked.captions, plan, asked.indices, 0, stop);
  }
  const at::Tensor truth = judge.scenes.draw(asked.program, at::kCPU);
  if (plan.source == PictureSource::kTruth) return truth;
  return judge.pipeline->decode(judge.pipeline->encode(truth));
}

CompositionalResult judged(const Judge& judge,
                           const Asked& asked,
                           const CompositionalPlan& plan,
                           const std::stop_token& stop) {
  CompositionalResult out{.images = to_levels(pictures_of(judge, asked, plan, stop)),
                          .captions = asked.captions};
  const std::int64_t side = judge.scenes.options().resolution;
  TESSERA_CHECK(out.images.size(2) == side && out.images.size(3) == side,
                kShapeMismatch,
                "the model paints ",
                out.images.size(2),
                " pixels a side, the world has ",
                side);
  out.scores = judge.reader.score(out.images, asked.program);
  for (std::int64_t row = 0; row < asked.program.kind.size(0); ++row) {
    out.kinds.push_back(
        static_cast<data::Kind>(asked.program.kind.const_data_ptr<std::int64_t>()[row]));
  }
  return out;
}

}  // namespace

PictureSource picture_source_named(const std::string& name) {
  if (name == "model") return PictureSource::kModel;
  if (name == "codec") return PictureSource::kCodec;
  if (name == "truth") return PictureSource::kTruth;
  TESSERA_THROW(kInvalidArgument, "source is \"", name, "\"; known: model, codec, truth");
}

void judge_scenes(const Judge& judge,
                  const CompositionalPlan& plan,
                  std::span<const std::int64_t> indices,
                  const JudgedSink& sink,
                  std::stop_token stop) {
  TESSERA_CHECK(plan.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", plan.batch);
  TESSERA_CHECK(judge.pipeline != nullptr || plan.source == PictureSource::kTruth,
                kInvalidArgument,
                "there is no model to take pictures from");
  TESSERA_CHECK(plan.candidates >= 1 && (plan.candidates == 1 || plan.choose),
                kInvalidArgument,
                "several candidates need somebody who chooses among them; candidates: ",
                plan.candidates);
  std::size_t done = 0;
  while (done < indices.size()) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", done, " pictures");
    const auto part = indices.subspan(
        done, std::min(static_cast<std::size_t>(plan.batch), indices.size() - done));
    Asked asked{.indices = {part.begin(), part.end()}};
    asked.program = judge.scenes.program(asked.indices);
    asked.captions = judge.scenes.say(asked.program);
    sink(part, judged(judge, asked, plan, stop));
    done += part.size();
  }
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
  const auto begun = std::chrono::steady_clock::now();
  CompositionalResult out;
  std::vector<at::Tensor> images;
  std::vector<std::int64_t> indices(static_cast<std::size_t>(plan.count));
  std::iota(indices.begin(), indices.end(), 0);
  const auto collect = [&](std::span<const std::int64_t>, const CompositionalResult& part) {
    images.push_back(part.images);
    out.captions.insert(out.captions.end(), part.captions.begin(), part.captions.end());
    out.kinds.insert(out.kinds.end(), part.kinds.begin(), part.kinds.end());
    out.scores.insert(out.scores.end(), part.scores.begin(), part.scores.end());
    if (!progress) return;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
    progress({.stage = "evaluate",
              .step = static_cast<std::int64_t>(out.scores.size()),
              .total = plan.count,
              .seconds = spent.count()});
  };
  judge_scenes({.pipeline = pipeline, .scenes = scenes, .reader = reader},
               plan,
               indices,
               collect,
               std::move(stop));
  out.images = at::cat(images);
  return out;
}

}  // namespace tessera::eval
