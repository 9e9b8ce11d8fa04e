#include "eval/compositional.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/listed.h"
#include "data/scenes/nouns.h"
#include "data/scenes/world.h"
#include "eval/clip/clip_files.h"
#include "eval/clip/encode.h"
#include "eval/record_run.h"
#include "eval/report.h"
#include "jobs/compositional_run.h"
#include "jobs/shipped_file.h"
#include "nn/device.h"

namespace tessera::jobs {
namespace {

constexpr std::int64_t kMostPictures = 10'000'000;

/// Leaves a world the scenes of some kinds, as often among each other as before.
void keep_kinds(data::SceneOptions& world, const std::vector<std::string>& kinds) {
  const std::vector<std::string> own =
      world.kinds.empty()
          ? std::vector<std::string>(data::kKindNames.begin(), data::kKindNames.end())
          : world.kinds;
  std::vector<double> weights;
  for (const std::string& kind : kinds) {
    const auto found = std::ranges::find(own, kind);
    TESSERA_CHECK(found != own.end(),
                  kInvalidArgument,
                  "the model knows no scenes of the kind \"",
                  kind,
                  "\"; it knows ",
                  listed(own));
    if (world.kind_weights.empty()) continue;
    weights.push_back(world.kind_weights[static_cast<std::size_t>(found - own.begin())]);
  }
  world.kinds = kinds;
  world.kind_weights = weights;
}

data::SceneOptions world_of(const pipeline::ModelCard& card, const CompositionalRequest& request) {
  TESSERA_CHECK(card.has_world,
                kInvalidArgument,
                request.model.string(),
                ": the model's card names no world of scenes to take captions from");
  data::SceneOptions world = card.world;
  world.split = request.split;
  if (!request.kinds.empty()) keep_kinds(world, request.kinds);
  world.seed = request.seed;
  return world;
}

/// Pictures as bytes for whoever wants to see or keep them.
void hand_over(const CompositionalRun& run,
               std::span<const std::int64_t> indices,
               const eval::CompositionalResult& judged) {
  if (!run.request.on_picture && run.pictures.empty()) return;
  const at::Tensor pixels =
      ((judged.images + 1) * 127.5).round().to(at::kByte).permute({0, 2, 3, 1}).contiguous();
  const std::int64_t side = pixels.size(1);
  const auto bytes = static_cast<std::size_t>(3 * side * side);
  for (std::size_t k = 0; k < indices.size(); ++k) {
    const std::span<const std::uint8_t> rgb(pixels.const_data_ptr<std::uint8_t>() + k * bytes,
                                            bytes);
    if (!run.pictures.empty()) {
      run.write_picture(run.pictures / eval::picture_name(indices[k]), side, side, rgb);
    }
    if (!run.request.on_picture) continue;
    run.request.on_picture({.index = indices[k],
                            .caption = judged.captions[k],
                            .right = judged.scores[k].whole == 1,
                            .side = side,
                            .rgb = rgb});
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
  if (!request.kinds.empty()) out["kinds"] = request.kinds;
  out["resolution"] = world.resolution;
  out["nouns"] = world.nouns.empty() ? std::ptrdiff_t{data::kNounCount} : std::ssize(world.nouns);
  return out;
}

/// Chooses by a CLIP whose tokenizer is a table, which needs no library.
eval::PictureChoice clip_choice(const eval::LoadedClip& clip) {
  TESSERA_CHECK(!clip.tokens.empty(),
                kInvalidArgument,
                "captions of scenes are ranked by a CLIP of Tessera's own; ",
                clip.name,
                " has another vocabulary");
  const std::shared_ptr<const text::Tokenizer> tokenizer = text::load_table_tokenizer(clip.tokens);
  return [model = clip.model, tokenizer](const at::Tensor& candidates, const std::string& caption) {
    const at::NoGradGuard no_grad;
    eval::ClipModel asked = model;
    const std::vector<std::string> text{caption};
    const at::Tensor read = eval::unit_rows(eval::encode_texts(*asked, *tokenizer, text).features);
    const at::Tensor seen = eval::unit_rows(
        asked->image_features(eval::clip_pixels(candidates.to(read.device()), asked->options())));
    return at::matmul(seen, read[0]).argmax().item<std::int64_t>();
  };
}

/// The world and its judge, and the model where pictures come from one.
struct Stage {
  pipeline::ModelCard card{};
  data::SceneOptions world{};
  std::unique_ptr<const data::SceneSource> scenes{};
  std::unique_ptr<const data::SceneReader> reader{};
  std::unique_ptr<const pipeline::Pipeline> pipeline{};
  eval::CompositionalPlan plan{};
  std::string clip_sha256{};  // of the CLIP that chooses; "" = none does
};

Stage set_up(const CompositionalRun& run) {
  const CompositionalRequest& request = run.request;
  Stage stage{.plan = {.count = request.count,
                       .batch = request.batch,
                       .seed = request.seed,
                       .source = eval::picture_source_named(request.source)}};
  stage.card = pipeline::read_model_card(request.model);
  stage.world = world_of(stage.card, request);
  const std::filesystem::path atlas = atlas_file(request.atlas);
  stage.scenes = data::open_scenes(atlas, stage.world);
  stage.reader = data::make_scene_reader(atlas, stage.world);
  TESSERA_CHECK(request.count >= 1 && request.count <= kMostPictures,
                kInvalidArgument,
                "count must be in 1..",
                kMostPictures,
                ", got ",
                request.count);
  if (stage.plan.source != eval::PictureSource::kTruth) {
    const at::Device device = nn::resolve_device(request.device);
    const pipeline::DrawingPrecision precision =
        pipeline::drawing_precision_on(device, request.precision);
    stage.pipeline = pipeline::load_pipeline(
        request.model,
        device,
        {.type = precision.type, .products = precision.products, .path = request.sampling.path});
  }
  if (stage.plan.source == eval::PictureSource::kModel) {
    if (run.rerank > 1) {
      const eval::LoadedClip clip =
          eval::load_clip(run.clip.empty() ? shipped_file("models/clip") : run.clip,
                          nn::resolve_device(request.device));
      stage.plan.candidates = run.rerank;
      stage.plan.choose = clip_choice(clip);
      stage.clip_sha256 = clip.sha256;
    }
    stage.plan.sampling = stage.pipeline->resolve(request.sampling);
  }
  return stage;
}

/// What two runs must share for their records to belong together.
io::Json header_of(const Stage& stage, io::Json settings, bool pictures) {
  settings["model_sha256"] = stage.card.fingerprint(stage.plan.sampling.path);
  settings["scenes"] = stage.scenes->fingerprint();
  settings["pictures"] = pictures;
  return {{"schema", "tessera.records/1"}, {"kind", "compositional"}, {"settings", settings}};
}

eval::RecordRun open_records(const CompositionalRun& run, const io::Json& header) {
  using Found = eval::RecordRunOptions::Found;
  TESSERA_CHECK(!run.resume || !run.overwrite,
                kInvalidArgument,
                "records are either gone on with or written over, not both");
  return eval::RecordRun({.file = run.records,
                          .count = run.request.count,
                          .block = std::max<std::int64_t>(1, run.request.batch),
                          .share = {.rank = run.rank, .count = run.processes},
                          .found = run.resume      ? Found::kGoOn
                                   : run.overwrite ? Found::kReplace
                                                   : Found::kRefuse},
                         header);
}

/// Judges what this process still has to; answers how many pictures that were.
std::int64_t judge_missing(const CompositionalRun& run,
                           const Stage& stage,
                           eval::RecordRun& records,
                           const ProgressSink& progress,
                           const std::stop_token& stop) {
  const auto begun = std::chrono::steady_clock::now();
  const std::int64_t total = std::ssize(records.missing());
  std::int64_t done = 0;
  const auto take = [&](std::span<const std::int64_t> indices,
                        const eval::CompositionalResult& judged) {
    hand_over(run, indices, judged);  // a record in the file means that its picture is there too
    std::vector<io::Json> rows = eval::records_of(indices, judged, run.request.seed);
    for (io::Json& row : rows) {
      if (!run.pictures.empty()) {
        row["picture"] = eval::picture_beside(
            run.records, run.pictures / eval::picture_name(row["index"].get<std::int64_t>()));
      }
    }
    records.add(rows);
    done += std::ssize(indices);
    if (!progress) return;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
    progress({.stage = "evaluate", .step = done, .total = total, .seconds = spent.count()});
  };
  eval::judge_scenes(
      {.pipeline = stage.pipeline.get(), .scenes = *stage.scenes, .reader = *stage.reader},
      stage.plan,
      records.missing(),
      take,
      stop);
  return done;
}

}  // namespace

CompositionalAnswer run_compositional(const CompositionalRun& run,
                                      const ProgressSink& progress,
                                      std::stop_token stop) {
  const auto begun = std::chrono::steady_clock::now();
  TESSERA_CHECK(run.pictures.empty() || run.write_picture,
                kInvalidArgument,
                "pictures need a writer of picture files");
  nn::set_threads(run.request.threads);
  const Stage stage = set_up(run);
  io::Json settings = settings_of(run.request, stage.card, stage.world, stage.plan.sampling);
  if (!stage.clip_sha256.empty()) {
    settings["rerank"] = run.rerank;
    settings["clip_sha256"] = stage.clip_sha256;
  }
  if (run.request.precision != "fp32") settings["precision"] = run.request.precision;
  eval::RecordRun records = open_records(run, header_of(stage, settings, !run.pictures.empty()));
  CompositionalAnswer answer;
  answer.judged = judge_missing(run, stage, records, progress, stop);
  answer.complete = records.finish();
  if (!answer.complete) return answer;
  io::Json report = eval::report_scores(records.records(), "records");
  report["settings"] = settings;
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
  report["seconds"] = spent.count();
  answer.json = report.dump(2, ' ', false, io::Json::error_handler_t::replace);
  answer.table = eval::report_table(report);
  answer.records = eval::records_text(records.records());
  return answer;
}

std::string run_compositional(const CompositionalRequest& request,
                              const ProgressSink& progress,
                              std::stop_token stop) {
  return run_compositional(CompositionalRun{.request = request}, progress, std::move(stop)).json;
}

}  // namespace tessera::jobs
