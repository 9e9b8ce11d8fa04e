#include "engine/evaluation.h"

#include "core/error.h"
#include "engine/image_files.h"
#include "engine/models.h"
#include "engine/output_names.h"
#include "eval/record_run.h"
#include "jobs/compositional_run.h"
#include "jobs/shipped_file.h"

namespace tessera::engine {
namespace {

Image picture_of(const jobs::ScoredPicture& picture) {
  const auto side = static_cast<std::int32_t>(picture.side);
  return {.width = side, .height = side, .pixels = {picture.rgb.begin(), picture.rgb.end()}};
}

void write_picture(const std::filesystem::path& file,
                   std::int64_t width,
                   std::int64_t height,
                   std::span<const std::uint8_t> rgb) {
  write_png(file,
            {.width = static_cast<std::int32_t>(width),
             .height = static_cast<std::int32_t>(height),
             .pixels = {rgb.begin(), rgb.end()}});
}

jobs::CompositionalRun run_of(const CompositionalEvaluation& request) {
  return {.request = {.model = resolve_model(request.model),
                      .atlas = jobs::atlas_file({}),
                      .count = request.count,
                      .split = request.split,
                      .kinds = request.kinds,
                      .seed = request.seed,
                      .sampling = request.sampling,
                      .precision = request.precision,
                      .batch = request.batch,
                      .device = request.device,
                      .threads = request.threads,
                      .source = request.source},
          .rerank = request.rerank,
          .clip = request.clip,
          .records = request.records,
          .resume = request.resume,
          .overwrite = request.overwrite,
          .pictures = request.pictures,
          .write_picture = write_picture,
          .rank = request.rank,
          .processes = request.processes};
}

}  // namespace

EvaluationReport evaluate_compositional(const CompositionalEvaluation& request,
                                        const ProgressSink& progress,
                                        std::stop_token stop) {
  const bool sheet = !request.sheet.empty();
  TESSERA_CHECK(!sheet || (!request.resume && request.processes == 1),
                kInvalidArgument,
                "a sheet is of one run in one process; for runs that are gone on with or divided "
                "keep the pictures themselves");
  if (sheet) prepare_folders({request.sheet});
  if (!request.records.empty()) prepare_folders({request.records});
  if (!request.pictures.empty()) prepare_folders({request.pictures / "picture"});
  std::vector<SheetPicture> pictures;
  jobs::CompositionalRun run = run_of(request);
  if (sheet) {
    run.request.on_picture = [&](const jobs::ScoredPicture& picture) {
      if (std::ssize(pictures) >= request.sheet_pictures) return;
      pictures.push_back({.image = picture_of(picture),
                          .caption = picture.caption,
                          .verdict = picture.right ? SheetPicture::Verdict::kRight
                                                   : SheetPicture::Verdict::kWrong});
    };
  }
  jobs::CompositionalAnswer answer = jobs::run_compositional(run, progress, stop);
  if (sheet) write_png(request.sheet, contact_sheet(std::move(pictures), 0));
  return {.complete = answer.complete,
          .judged = answer.judged,
          .json = std::move(answer.json),
          .table = std::move(answer.table),
          .records = std::move(answer.records)};
}

std::int64_t evaluated_pictures(const std::filesystem::path& records) {
  return eval::recorded_rows(records);
}

}  // namespace tessera::engine
