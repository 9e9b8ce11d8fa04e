#include "jobs/stage.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "data/order.h"
#include "jobs/shipped_file.h"
#include "nn/transfer.h"
#include "train/clip_trainer.h"
#include "train/code_source.h"
#include "train/discrete_trainer.h"
#include "train/gaussian_trainer.h"
#include "train/training_data.h"
#include "train/vqvae_trainer.h"

namespace tessera::jobs {
namespace fs = std::filesystem;
namespace {

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

using Fetch = std::function<data::Batch(const std::vector<std::int64_t>& indices)>;

/// As Stage, of any samples.
struct Source {
  std::unique_ptr<train::Trainer> trainer{};
  Fetch fetch{};
};

/// Pictures as the source has them.
Fetch pictures_of(std::shared_ptr<const data::Source> source,
                  const train::Config& config,
                  at::Device device) {
  return [source = std::move(source), device, draw = drawing_device(config, device)](
             const std::vector<std::int64_t>& indices) {
    return ready_for(device, source->get(indices, draw));
  };
}

/// The world that a model of these pictures knows, for its card.
std::optional<data::SceneOptions> world_of(const train::Config& config) {
  return config.data.kind == "scenes" ? std::optional(config.data.scenes) : std::nullopt;
}

Source make_vqvae_stage(const train::Config& config,
                        const train::TrainingData& data,
                        at::Device device) {
  return {.trainer = train::make_vqvae_trainer({.model = config.vqvae,
                                                .objective = config.vqvae_objective,
                                                .train = config.train,
                                                .seed = config.seed,
                                                .held_out = data.held_out,
                                                .device = device}),
          .fetch = pictures_of(data.source, config, device)};
}

Source make_diffusion_stage(const train::Config& config,
                            const train::TrainingData& data,
                            at::Device device) {
  const auto codes = std::make_shared<train::CodeSource>(
      data.source, train::load_codec(config.diffusion.vqvae, device), config.diffusion.code_cache);
  return {.trainer = train::make_discrete_trainer({.model = config.diffusion,
                                                   .objective = config.diffusion_objective,
                                                   .train = config.train,
                                                   .sampling = config.sampling,
                                                   .name = config.name,
                                                   .description = config.description,
                                                   .world = world_of(config),
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

Source make_ddpm_stage(const train::Config& config,
                       const train::TrainingData& data,
                       at::Device device) {
  const train::GaussianModel& model = config.ddpm;
  const auto latents = std::make_shared<train::LatentSource>(
      data.source,
      model.chain.in_latents() ? train::load_codec(model.vqvae, device) : train::Codec{},
      model.latent_cache);
  return {.trainer = train::make_gaussian_trainer({.model = model,
                                                   .objective = config.ddpm_objective,
                                                   .train = config.train,
                                                   .sampling = config.sampling,
                                                   .name = config.name,
                                                   .description = config.description,
                                                   .world = world_of(config),
                                                   .seed = config.seed,
                                                   .held_out = data.held_out,
                                                   .latents = latents,
                                                   .device = device}),
          .fetch = [latents, device, draw = drawing_device(config, device)](
                       const std::vector<std::int64_t>& indices) {
            return ready_for(device, latents->fetch(indices, draw));
          }};
}

Source make_clip_stage(const train::Config& config,
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
          .fetch = pictures_of(data.source, config, device)};
}

Source make_source(const train::Config& config,
                   const train::TrainingData& data,
                   at::Device device) {
  if (config.stage == "diffusion") return make_diffusion_stage(config, data, device);
  if (config.stage == "ddpm") return make_ddpm_stage(config, data, device);
  if (config.stage == "clip") return make_clip_stage(config, data, device);
  return make_vqvae_stage(config, data, device);
}

/// Shapes never change, but for the number and the length of a ranking model's texts; cuDNN's
/// attention takes 5 ms to plan for each new shape.
void prepare(at::Device device, const std::string& stage) {
  if (!device.is_cuda()) return;
  at::globalContext().setBenchmarkCuDNN(true);
  at::globalContext().setSDPUseCuDNN(stage != "clip");
}

}  // namespace

train::Config read_config(const fs::path& file,
                          const std::map<std::string, std::string>& overrides) {
  train::Config config = train::parse_config(read_file(file), file.string(), overrides);
  if (config.data.kind == "scenes") config.data.path = atlas_file(config.data.path).string();
  return config;
}

Stage open_stage(const train::Config& config, at::Device device) {
  prepare(device, config.stage);
  const train::TrainingData data = train::open_training_data(
      config.data, std::max(config.train.validation_samples, config.train.samples));
  Source source = make_source(config, data, device);
  const data::OrderOptions order{
      .samples = data.samples, .batch = config.train.batch, .seed = config.seed};
  return {.trainer = std::move(source.trainer),
          .batch_of = [order, fetch = std::move(source.fetch)](std::int64_t step) {
            return fetch(data::indices_of_step(order, step));
          }};
}

int drawing_threads(at::Device device) {
  return device.is_cpu() ? 1 : 0;
}

}  // namespace tessera::jobs
