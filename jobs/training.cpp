#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "jobs/jobs.h"
#include "jobs/stage.h"
#include "nn/device.h"
#include "train/run.h"

namespace tessera::jobs {
namespace fs = std::filesystem;
namespace {

bool holds_a_run(const fs::path& folder) {
  return fs::exists(folder / "config.json") || fs::exists(folder / "checkpoints");
}

fs::path config_file(const TrainRequest& request) {
  const fs::path own = request.out / "config.json";
  if (!request.resume) {
    TESSERA_CHECK(!request.config.empty(), kInvalidArgument, "a configuration file must be given");
    TESSERA_CHECK(!holds_a_run(request.out),
                  kInvalidArgument,
                  request.out.string(),
                  ": already holds a run; resume it, or name another folder");
    return request.config;
  }
  TESSERA_CHECK(fs::exists(own), kNotFound, request.out.string(), ": holds no run to resume");
  return request.config.empty() ? own : request.config;
}

train::Config config_of(const TrainRequest& request) {
  const fs::path file = config_file(request);
  train::Config config = read_config(file, request.overrides);
  TESSERA_CHECK(request.stage.empty() || request.stage == config.stage,
                kInvalidArgument,
                file.string(),
                ": is for stage ",
                config.stage,
                ", not ",
                request.stage);
  return config;
}

train::SheetWriter sheet_writer(const PictureWriter& write) {
  if (!write) return {};
  return [write](const fs::path& file, const at::Tensor& sheet) {
    const at::Tensor bytes = sheet.contiguous();
    write(file,
          bytes.size(1),
          bytes.size(0),
          {bytes.const_data_ptr<std::uint8_t>(), static_cast<std::size_t>(bytes.numel())});
  };
}

}  // namespace

TrainSummary run_training(const TrainRequest& request,
                          const ProgressSink& progress,
                          std::stop_token stop) {
  nn::set_threads(request.threads);
  const train::Config config = config_of(request);
  const at::Device device = nn::resolve_device(request.device);
  const Stage stage = open_stage(config, device);

  std::error_code failed;
  fs::create_directories(request.out, failed);
  TESSERA_CHECK(!failed, kIo, request.out.string(), ": cannot create: ", failed.message());
  write_file_atomically(request.out / "config.json", train::config_text(config));

  const train::RunResult result = train::run(*stage.trainer,
                                             stage.batch_of,
                                             {.folder = request.out,
                                              .train = config.train,
                                              .resume = request.resume,
                                              .write_sheet = sheet_writer(request.write_picture),
                                              .drawing_threads = drawing_threads(device)},
                                             progress,
                                             stop);
  return {.steps = result.step,
          .seconds = result.seconds,
          .loss = result.loss,
          .stopped = result.stopped,
          .model = request.out / "model"};
}

}  // namespace tessera::jobs
