#include "eval/clip/ranking.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include <torch/nn.h>

#include "core/error.h"
#include "eval/clip/encode.h"

namespace tessera::eval {
namespace {

/// Captions of a batch of scenes: the true ones, then the swapped ones of all rows.
struct Captions {
  std::vector<std::string> texts{};
  std::vector<std::size_t> owner{};  // row of each swapped caption
  std::vector<data::Swap> kinds{};
};

Captions captions_of(const data::SceneSource& scenes,
                     const data::SceneProgram& program,
                     const data::CaptionSwaps& swaps,
                     const std::vector<std::int64_t>& indices,
                     std::uint64_t seed) {
  Captions out{.texts = scenes.say(program)};
  for (std::size_t row = 0; row < indices.size(); ++row) {
    const RngKey key{.seed = seed,
                     .image = static_cast<std::uint32_t>(indices[row]),
                     .purpose = Purpose::kExperiment};
    for (data::SwappedCaption& each : swaps.of(program, static_cast<std::int64_t>(row), key)) {
      out.texts.push_back(std::move(each.text));
      out.owner.push_back(row);
      out.kinds.push_back(each.swap);
    }
  }
  return out;
}

void count_swaps(Ranking& ranking, const at::Tensor& cosines, const Captions& captions) {
  const std::size_t rows = captions.texts.size() - captions.owner.size();
  const auto at = [&](std::size_t row, std::size_t text) {
    return cosines.const_data_ptr<float>()[row * captions.texts.size() + text];
  };
  std::vector<bool> best(rows, true);
  std::vector<bool> asked(rows, false);
  for (std::size_t k = 0; k < captions.owner.size(); ++k) {
    const std::size_t row = captions.owner[k];
    const bool hit = at(row, row) > at(row, rows + k);
    ranking.swaps[static_cast<std::size_t>(captions.kinds[k])].add(hit);
    ranking.swapped.add(hit);
    best[row] = best[row] && hit;
    asked[row] = true;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (asked[row]) ranking.all_swaps.add(best[row]);
  }
}

/// How many columns of `row` lie above its true one, equal captions left out.
std::int64_t above(const at::Tensor& cosines,
                   std::int64_t row,
                   const std::vector<std::string>& captions) {
  const std::int64_t n = cosines.size(1);
  const float* values = cosines.const_data_ptr<float>() + row * n;
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    if (captions[static_cast<std::size_t>(k)] == captions[static_cast<std::size_t>(row)]) continue;
    if (values[k] >= values[row]) ++count;
  }
  return count;
}

void count_pool(Ranking& ranking,
                const at::Tensor& pictures,
                const at::Tensor& texts,
                const std::vector<std::string>& captions) {
  const at::Tensor cosines = at::matmul(pictures, texts.t()).contiguous();
  const at::Tensor other = cosines.t().contiguous();
  for (std::int64_t row = 0; row < cosines.size(0); ++row) {
    const std::int64_t by_picture = above(cosines, row, captions);
    const std::int64_t by_text = above(other, row, captions);
    ranking.text_of_picture[0].add(by_picture < 1);
    ranking.text_of_picture[1].add(by_picture < 5);
    ranking.picture_of_text[0].add(by_text < 1);
    ranking.picture_of_text[1].add(by_text < 5);
  }
}

void count_retrieval(Ranking& ranking,
                     const at::Tensor& pictures,
                     const at::Tensor& texts,
                     const std::vector<std::string>& captions,
                     std::int64_t pool) {
  const std::int64_t pools = pictures.size(0) / pool;
  ranking.pool = pools > 0 ? pool : 0;
  for (std::int64_t k = 0; k < pools; ++k) {
    const std::vector<std::string> own(captions.begin() + k * pool,
                                       captions.begin() + (k + 1) * pool);
    count_pool(ranking,
               pictures.slice(0, k * pool, (k + 1) * pool),
               texts.slice(0, k * pool, (k + 1) * pool),
               own);
  }
}

void check(const RankingPlan& plan, const data::SceneSource& scenes, const ClipOptions& o) {
  TESSERA_CHECK(plan.count >= 1 && plan.count <= scenes.size(),
                kInvalidArgument,
                "count must be in 1..",
                scenes.size(),
                ", got ",
                plan.count);
  TESSERA_CHECK(plan.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", plan.batch);
  TESSERA_CHECK(plan.pool >= 2, kInvalidArgument, "pool must be at least 2, got ", plan.pool);
  TESSERA_CHECK(scenes.options().resolution == o.vision.resolution,
                kShapeMismatch,
                "the world's pictures have ",
                scenes.options().resolution,
                " pixels a side, the vision tower takes ",
                o.vision.resolution);
}

}  // namespace

Ranking rank_clip(ClipModelImpl& model,
                  const text::Tokenizer& tokenizer,
                  const data::SceneSource& scenes,
                  const RankingPlan& plan,
                  const ProgressSink& progress,
                  const std::stop_token& stop) {
  check(plan, scenes, model.options());
  const at::NoGradGuard no_grad;
  const auto begun = std::chrono::steady_clock::now();
  const at::Device device = model.parameters().front().device();
  const data::CaptionSwaps swaps(scenes.options());
  Ranking ranking;
  std::vector<at::Tensor> pictures;
  std::vector<at::Tensor> texts;
  std::vector<std::string> captions;
  for (std::int64_t first = 0; first < plan.count; first += plan.batch) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", first, " scenes");
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::min(plan.batch, plan.count - first)));
    std::iota(indices.begin(), indices.end(), first);
    const data::SceneProgram program = scenes.program(indices);
    const Captions said = captions_of(scenes, program, swaps, indices, plan.seed);
    const at::Tensor seen =
        unit_rows(model.image_features(clip_pixels(scenes.draw(program, device), model.options())));
    const at::Tensor read = unit_rows(encode_texts(model, tokenizer, said.texts).features);
    count_swaps(ranking, at::matmul(seen, read.t()).cpu().contiguous(), said);
    const auto rows = static_cast<std::int64_t>(indices.size());
    pictures.push_back(seen);
    texts.push_back(read.slice(0, 0, rows));
    captions.insert(captions.end(), said.texts.begin(), said.texts.begin() + rows);
    if (progress) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
      progress(
          {.stage = "rank", .step = first + rows, .total = plan.count, .seconds = spent.count()});
    }
  }
  count_retrieval(ranking, at::cat(pictures).cpu(), at::cat(texts).cpu(), captions, plan.pool);
  return ranking;
}

io::Json ranking_json(const Ranking& r) {
  io::Json swaps = io::Json::object();
  for (std::size_t k = 0; k < r.swaps.size(); ++k) {
    if (r.swaps[k].asked == 0) continue;
    swaps[std::string(data::kSwapNames[k])] = {{"right", r.swaps[k].share()},
                                               {"asked", r.swaps[k].asked}};
  }
  io::Json out{{"swapped_caption_accuracy", r.swapped.share()},
               {"swapped_captions", r.swapped.asked},
               {"all_swaps_accuracy", r.all_swaps.share()},
               {"swaps", std::move(swaps)}};
  if (r.pool > 0) {
    const auto of = [](const std::array<Found, 2>& found) {
      return io::Json{{"top1", found[0].share()}, {"top5", found[1].share()}};
    };
    out["retrieval"] = {{"pool", r.pool},
                        {"queries", r.text_of_picture[0].asked},
                        {"text_of_picture", of(r.text_of_picture)},
                        {"picture_of_text", of(r.picture_of_text)}};
  }
  return out;
}

}  // namespace tessera::eval
