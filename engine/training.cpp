#include "engine/training.h"

#include "core/error.h"
#include "data/packed.h"
#include "engine/data_tools.h"
#include "engine/image_files.h"
#include "engine/tokenizer_training.h"
#include "io/json_fields.h"
#include "jobs/jobs.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

/// The side of the pictures that a configuration asks for.
std::int64_t resolution_of(const TrainingRequest& request) {
  const auto given = request.overrides.find("data.resolution");
  if (given != request.overrides.end()) return std::stoll(given->second);
  const io::Json json = io::read_json(request.config);
  for (const char* section : {"model", "data"}) {
    if (json.contains(section) && json[section].is_object() &&
        json[section].contains("resolution") && json[section]["resolution"].is_number_integer()) {
      return json[section]["resolution"].get<std::int64_t>();
    }
  }
  TESSERA_THROW(
      kInvalidArgument,
      request.config.string(),
      ": names no resolution (data.resolution) that the pictures of --data could be brought to");
}

void write_picture(const fs::path& file,
                   std::int64_t width,
                   std::int64_t height,
                   std::span<const std::uint8_t> rgb) {
  write_png(file,
            {.width = static_cast<std::int32_t>(width),
             .height = static_cast<std::int32_t>(height),
             .pixels = {rgb.begin(), rgb.end()}});
}

}  // namespace

TrainingSummary run_training(const TrainingRequest& request,
                             const ProgressSink& progress,
                             std::stop_token stop) {
  if (request.stage == "tokenizer") return train_tokenizer(request, progress, stop);
  jobs::TrainRequest job{.stage = request.stage,
                         .config = request.config,
                         .out = request.out,
                         .resume = request.resume,
                         .write_picture = write_picture,
                         .device = request.device,
                         .threads = request.threads,
                         .overrides = request.overrides};
  if (!request.data.empty()) {
    TESSERA_CHECK(!request.config.empty(), kInvalidArgument, "--data needs a configuration");
    const fs::path pack =
        data::is_packed(request.data)
            ? request.data
            : pack_into_cache(request.data, resolution_of(request), progress, stop);
    job.overrides["data.kind"] = "packed";
    job.overrides["data.path"] = fs::absolute(pack).string();
  }
  const jobs::TrainSummary done = jobs::run_training(job, progress, stop);
  return {.steps = done.steps,
          .seconds = done.seconds,
          .loss = done.loss,
          .stopped = done.stopped,
          .model = done.model};
}

}  // namespace tessera::engine
