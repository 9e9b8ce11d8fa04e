#include <functional>
#include <optional>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/order.h"
#include "jobs/jobs.h"
#include "jobs/shipped_file.h"
#include "nn/device.h"
#include "nn/transfer.h"
#include "train/clip_trainer.h"
#include "train/code_source.h"
#include "train/config.h"
#include "train/discrete_trainer.h"
#include "train/gaussian_trainer.h"
#include "train/run.h"
#include "train/training_data.h"
#include "train/vqvae_trainer.h"

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

train::Config read_config(const TrainRequest& request) {
  const fs::path file = config_file(request);
  train::Config config = train::parse_config(read_file(file), file.string(), request.overrides);
  TESSERA_CHECK(request.stage.empty() || request.stage == config.stage,
                kInvalidArgument,
                file.string(),
                ": is for stage ",
                config.stage,
                ", not ",
                request.stage);
  if (config.data.kind == "scenes") config.data.path = atlas_file(config.data.path).string();
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

/// Where pictures are drawn.
at::Device drawing_device(const train::Config& config, at::Device device) {
  return config.data.draw == "cpu" ? at::Device(at::kCPU) : device;
}

/// Pictures into page-locked memory by the thread that draws ahead, where they go to a GPU: the
/// copy would hold up the thread that launches the step.
data::Batch ready_for(at::Device device, data::Batch batch) {
  if (batch.images.defined()) batch.images = nn::staged_for(batch.images, device);
  return batch;
}

/// A trainer and where its batches come from.
struct Stage {
  std::unique_ptr<train::Trainer> trainer{};
  std::function<data::Batch(const std::vector<std::int64_t>& indices)> fetch{};
};

Stage make_vqvae_stage(const train::Config& config,
                       const train::TrainingData& data,
                       at::Device device) {
  return {.trainer = train::make_vqvae_trainer({.model = config.vqvae,
                                                .objective = config.vqvae_objective,
                                                .train = config.train,
                                                .seed = config.seed,
                                                .held_out = data.held_out,
                                                .device = device}),
          .fetch = [source = data.source, device, draw = drawing_device(config, device)](
                       const std::vector<std::int64_t>& indices) {
            return ready_for(device, source->get(indices, draw));
          }};
}

Stage make_diffusion_stage(const train::Config& config,
                           const train::TrainingData& data,
                           at::Device device) {
  const auto codes = std::make_shared<train::CodeSource>(
      data.source, train::load_codec(config.diffusion.vqvae, device), config.diffusion.code_cache);
  const bool scenes = config.data.kind == "scenes";
  return {.trainer = train::make_discrete_trainer(
              {.model = config.diffusion,
               .objective = config.diffusion_objective,
               .train = config.train,
               .sampling = config.sampling,
               .name = config.name,
               .description = config.description,
               .world = scenes ? std::optional(config.data.scenes) : std::nullopt,
               .seed = config.seed,
               .held_out = data.held_out,
               .codes = codes,
               .pool = data.samples,
               .draw_on = drawing_device(config, device),
               .device = device}),
          .fetch = [codes, draw = drawing_device(config, device)](
                       const std::vector<std::int64_t>& indices) {
            return codes->fetch(indices, draw);
          }};
}

Stage make_ddpm_stage(const train::Config& config,
                      const train::TrainingData& data,
                      at::Device device) {
  const train::GaussianModel& model = config.ddpm;
  const auto latents = std::make_shared<train::LatentSource>(
      data.source,
      model.chain.in_latents() ? train::load_codec(model.vqvae, device) : train::Codec{},
      model.latent_cache);
  const bool scenes = config.data.kind == "scenes";
  return {.trainer = train::make_gaussian_trainer(
              {.model = model,
               .objective = config.ddpm_objective,
               .train = config.train,
               .sampling = config.sampling,
               .name = config.name,
               .description = config.description,
               .world = scenes ? std::optional(config.data.scenes) : std::nullopt,
               .seed = config.seed,
               .held_out = data.held_out,
               .latents = latents,
               .device = device}),
          .fetch = [latents, device, draw = drawing_device(config, device)](
                       const std::vector<std::int64_t>& indices) {
            return ready_for(device, latents->fetch(indices, draw));
          }};
}

Stage make_clip_stage(const train::Config& config,
                      const train::TrainingData& data,
                      at::Device device) {
  const auto scenes = [](const std::shared_ptr<const data::Source>& source) {
    return std::dynamic_pointer_cast<const data::SceneSource>(source);
  };
  return {.trainer = train::make_clip_trainer({.model = config.clip,
                                               .objective = config.clip_objective,
                                               .train = config.train,
                                               .name = config.name,
                                               .description = config.description,
                                               .seed = config.seed,
                                               .held_out = data.held_out,
                                               .scenes = scenes(data.source),
                                               .held_out_scenes = scenes(data.held_out.source),
                                               .device = device}),
          .fetch = [source = data.source, device, draw = drawing_device(config, device)](
                       const std::vector<std::int64_t>& indices) {
            return ready_for(device, source->get(indices, draw));
          }};
}

Stage make_stage(const train::Config& config, const train::TrainingData& data, at::Device device) {
  if (config.stage == "diffusion") return make_diffusion_stage(config, data, device);
  if (config.stage == "ddpm") return make_ddpm_stage(config, data, device);
  if (config.stage == "clip") return make_clip_stage(config, data, device);
  return make_vqvae_stage(config, data, device);
}

}  // namespace

TrainSummary run_training(const TrainRequest& request,
                          const ProgressSink& progress,
                          std::stop_token stop) {
  nn::set_threads(request.threads);
  const train::Config config = read_config(request);
  const at::Device device = nn::resolve_device(request.device);
  if (device.is_cuda()) {
    // Shapes never change, but for the number and the length of a ranking model's texts; cuDNN's
    // attention takes 5 ms to plan for each new shape.
    at::globalContext().setBenchmarkCuDNN(true);
    at::globalContext().setSDPUseCuDNN(config.stage != "clip");
  }
  const train::TrainingData data = train::open_training_data(
      config.data, std::max(config.train.validation_samples, config.train.samples));
  const Stage stage = make_stage(config, data, device);

  std::error_code failed;
  fs::create_directories(request.out, failed);
  TESSERA_CHECK(!failed, kIo, request.out.string(), ": cannot create: ", failed.message());
  write_file_atomically(request.out / "config.json", train::config_text(config));

  const data::OrderOptions order{
      .samples = data.samples, .batch = config.train.batch, .seed = config.seed};
  const auto batch_of = [&](std::int64_t step) {
    return stage.fetch(data::indices_of_step(order, step));
  };
  const train::RunResult result = train::run(*stage.trainer,
                                             batch_of,
                                             {.folder = request.out,
                                              .train = config.train,
                                              .resume = request.resume,
                                              .write_sheet = sheet_writer(request.write_picture),
                                              .drawing_threads = device.is_cpu() ? 1 : 0},
                                             progress,
                                             stop);
  return {.steps = result.step,
          .seconds = result.seconds,
          .loss = result.loss,
          .stopped = result.stopped,
          .model = request.out / "model"};
}

}  // namespace tessera::jobs
