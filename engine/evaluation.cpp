#include "engine/evaluation.h"

#include "core/error.h"
#include "engine/image_files.h"
#include "engine/models.h"
#include "engine/output_names.h"
#include "jobs/jobs.h"
#include "jobs/shipped_file.h"

namespace tessera::engine {

std::string evaluate_compositional(const CompositionalEvaluation& request,
                                   const ProgressSink& progress,
                                   std::stop_token stop) {
  if (!request.sheet.empty()) prepare_folders({request.sheet});
  std::vector<SheetPicture> pictures;
  const auto collect = [&](const jobs::ScoredPicture& picture) {
    if (static_cast<std::int64_t>(pictures.size()) >= request.sheet_pictures) return;
    const auto side = static_cast<std::int32_t>(picture.side);
    pictures.push_back(
        {.image = {.width = side,
                   .height = side,
                   .pixels = {picture.rgb.begin(), picture.rgb.end()}},
         .caption = picture.caption,
         .verdict = picture.right ? SheetPicture::Verdict::kRight : SheetPicture::Verdict::kWrong});
  };
  jobs::CompositionalRequest job{.model = resolve_model(request.model),
                                 .atlas = jobs::atlas_file({}),
                                 .count = request.count,
                                 .split = request.split,
                                 .seed = request.seed,
                                 .sampler = request.sampling.sampler,
                                 .steps = request.sampling.steps,
                                 .guidance = request.sampling.guidance,
                                 .truncation = request.sampling.truncation,
                                 .batch = request.batch,
                                 .device = request.device,
                                 .threads = request.threads,
                                 .source = request.source};
  if (!request.sheet.empty()) job.on_picture = collect;
  std::string report = jobs::run_compositional(job, progress, stop);
  if (!request.sheet.empty()) write_png(request.sheet, contact_sheet(std::move(pictures), 0));
  return report;
}

}  // namespace tessera::engine
