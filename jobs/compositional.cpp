#include "eval/compositional.h"

#include <chrono>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/scenes/nouns.h"
#include "eval/report.h"
#include "jobs/jobs.h"
#include "jobs/shipped_file.h"
#include "nn/device.h"

namespace tessera::jobs {
namespace {

data::SceneOptions world_of(const pipeline::ModelCard& card, const CompositionalRequest& request) {
  TESSERA_CHECK(card.has_world,
                kInvalidArgument,
                request.model.string(),
                ": the model's card names no world of scenes to take captions from");
  data::SceneOptions world = card.world;
  world.split = request.split;
  world.seed = request.seed;
  return world;
}

void hand_over(const eval::CompositionalResult& result, const CompositionalRequest& request) {
  if (!request.on_picture) return;
  const at::Tensor pixels =
      ((result.images + 1) * 127.5).round().to(at::kByte).permute({0, 2, 3, 1}).contiguous();
  const std::int64_t side = pixels.size(1);
  const auto bytes = static_cast<std::size_t>(3 * side * side);
  for (std::size_t k = 0; k < result.captions.size(); ++k) {
    request.on_picture({.index = static_cast<std::int64_t>(k),
                        .caption = result.captions[k],
                        .right = result.scores[k].whole == 1,
                        .side = side,
                        .rgb = {pixels.const_data_ptr<std::uint8_t>() + k * bytes, bytes}});
  }
}

io::Json settings_of(const CompositionalRequest& request,
                     const pipeline::ModelCard& card,
                     const data::SceneOptions& world,
                     const SampleOptions& sampling) {
  io::Json out{{"model", card.name.empty() ? request.model.filename().string() : card.name},
               {"source", request.source},
               {"split", request.split},
               {"seed", request.seed}};
  if (request.source == "model") out.update(io::to_json_fields(sampling));
  out["resolution"] = world.resolution;
  out["nouns"] = world.nouns.empty() ? std::ptrdiff_t{data::kNounCount} : std::ssize(world.nouns);
  return out;
}

}  // namespace

std::string run_compositional(const CompositionalRequest& request,
                              const ProgressSink& progress,
                              std::stop_token stop) {
  const auto begun = std::chrono::steady_clock::now();
  nn::set_threads(request.threads);
  eval::CompositionalPlan plan{.count = request.count,
                               .batch = request.batch,
                               .seed = request.seed,
                               .source = eval::picture_source_named(request.source)};
  const pipeline::ModelCard card = pipeline::read_model_card(request.model);
  const data::SceneOptions world = world_of(card, request);
  const std::filesystem::path atlas = atlas_file(request.atlas);
  const auto scenes = data::open_scenes(atlas, world);
  const auto reader = data::make_scene_reader(atlas, world);
  std::unique_ptr<const pipeline::Pipeline> pipeline;
  if (plan.source != eval::PictureSource::kTruth) {
    pipeline = pipeline::load_pipeline(request.model, nn::resolve_device(request.device));
  }
  if (plan.source == eval::PictureSource::kModel) {
    plan.sampling = pipeline->resolve({.steps = request.steps,
                                       .sampler = request.sampler,
                                       .guidance = request.guidance,
                                       .truncation = request.truncation});
  }
  const eval::CompositionalResult result =
      eval::evaluate_compositional(pipeline.get(), *scenes, *reader, plan, progress, stop);
  hand_over(result, request);

  io::Json report = eval::report_scores(result);
  report["settings"] = settings_of(request, card, world, plan.sampling);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
  report["seconds"] = spent.count();
  return report.dump(2, ' ', false, io::Json::error_handler_t::replace);
}

}  // namespace tessera::jobs
