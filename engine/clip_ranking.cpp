#include <chrono>
#include <sstream>

#include "core/error.h"
#include "engine/clip_open.h"
#include "engine/clip_score.h"
#include "eval/clip/ranking.h"
#include "eval/text_table.h"
#include "jobs/shipped_file.h"
#include "nn/device.h"

namespace tessera::engine {
namespace {

data::SceneOptions world_of(const ClipRankingRun& run, const eval::LoadedClip& clip) {
  data::SceneOptions world = clip.world.value_or(data::SceneOptions{});
  if (!clip.world) {
    TESSERA_CHECK(clip.model->options().vision.resolution <= 128,
                  kInvalidArgument,
                  "scenes have 64 or 128 pixels a side, this CLIP takes ",
                  clip.model->options().vision.resolution);
    world.resolution = clip.model->options().vision.resolution;
  }
  if (!run.nouns.empty()) world.nouns = run.nouns;
  if (!run.kinds.empty()) {
    world.kinds = run.kinds;
    world.kind_weights.clear();
  }
  world.split = run.split;
  world.seed = run.seed;
  return world;
}

std::string percent(const eval::Found& found) {
  std::ostringstream out;
  out.precision(1);
  out << std::fixed << 100 * found.share() << " %";
  return out.str();
}

std::string table_of(const eval::Ranking& r) {
  eval::TextTable table({"", "right", "of"});
  const auto add = [&](const std::string& name, const eval::Found& found) {
    if (found.asked > 0) table.add({name, percent(found), std::to_string(found.asked)});
  };
  for (std::size_t k = 0; k < r.swaps.size(); ++k) {
    add(concat("true over swapped ", data::kSwapNames[k]), r.swaps[k]);
  }
  add("true over swapped, all", r.swapped);
  add("true over every swap of a picture", r.all_swaps);
  add(concat("text of picture, first of ", r.pool), r.text_of_picture[0]);
  add("text of picture, in the first 5", r.text_of_picture[1]);
  add(concat("picture of text, first of ", r.pool), r.picture_of_text[0]);
  add("picture of text, in the first 5", r.picture_of_text[1]);
  return table.text();
}

}  // namespace

ClipRankingReport evaluate_clip_ranking(const ClipRankingRun& run,
                                        const ProgressSink& progress,
                                        std::stop_token stop) {
  const auto begun = std::chrono::steady_clock::now();
  nn::set_threads(run.threads);
  const OpenClip open = open_clip(run.clip, run.device);
  const data::SceneOptions world = world_of(run, open.clip);
  const auto scenes = data::open_scenes(jobs::atlas_file({}), world);
  eval::ClipModel model = open.clip.model;
  const eval::Ranking ranking =
      eval::rank_clip(*model,
                      *open.tokenizer,
                      *scenes,
                      {.count = run.count, .batch = run.batch, .pool = run.pool, .seed = run.seed},
                      progress,
                      stop);
  io::Json json = eval::ranking_json(ranking);
  json["scenes"] = run.count;
  json["settings"] = {{"clip", open.clip.name},
                      {"sha256", open.clip.sha256},
                      {"split", run.split},
                      {"seed", run.seed}};
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
  json["seconds"] = spent.count();
  return {.json = json.dump(2, ' ', false, io::Json::error_handler_t::replace),
          .table = table_of(ranking)};
}

}  // namespace tessera::engine
