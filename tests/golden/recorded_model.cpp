#include "tests/golden/recorded_model.h"

#include <ATen/ATen.h>

#include "io/formats/torch_file.h"
#include "io/yaml/yaml.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/microsoft_checkpoint.h"
#include "pipeline/published/published_model.h"
#include "tests/golden/recorded_denoiser.h"
#include "tests/support/temporary_folder.h"

namespace tessera::golden {
namespace fs = std::filesystem;

std::vector<pipeline::Parts> open_diffusers_models(const fs::path& root, const std::string& name) {
  const fs::path main = root / "diffusers-tiny";
  std::vector<pipeline::Parts> models;
  const auto open = [&](const fs::path& folder) {
    models.push_back(pipeline::load_diffusers_model(folder, {}).parts);
  };
  if (name == "main") {
    open(main);
    if (fs::exists(root / "diffusers-tiny-bin")) open(root / "diffusers-tiny-bin");
    return models;
  }
  const test::TemporaryFolder whole;
  const auto link = [&](const fs::path& from, const char* part) {
    fs::create_directory_symlink(fs::canonical(from / part), whole.path() / part);
  };
  for (const char* part : {"transformer", "scheduler"})
    link(root / ("diffusers-tiny-" + name), part);
  for (const char* part : {"vqvae", "text_encoder"}) link(main, part);
  open(whole.path());
  return models;
}

pipeline::Parts open_microsoft_model(const fs::path& folder) {
  if (!fs::exists(folder / "features.safetensors")) {
    return pipeline::load_microsoft_model(folder / "checkpoint.pth", {}).parts;
  }
  RecordedDenoiser recorded = open_microsoft_denoiser(folder, Weights::kEffective);
  pipeline::Parts parts;
  parts.codec = pipeline::load_microsoft_codec(
      microsoft_codec_weights(folder), microsoft_codec_options(folder), folder.string());
  parts.denoiser = std::move(recorded.network);
  parts.transition = std::move(recorded.chain);
  return parts;
}

io::StateDict microsoft_codec_weights(const fs::path& folder) {
  const bool alone = fs::exists(folder / "codec_standalone.pth");
  const fs::path file = folder / (alone ? "codec_standalone.pth" : "checkpoint.pth");
  return pipeline::microsoft_checkpoint(io::read_torch_file(file), file.string()).effective;
}

pipeline::PublishedCodec microsoft_codec_options(const fs::path& folder) {
  const fs::path config = folder / "codec_config.yaml";
  auto options = pipeline::codec_options_of_yaml(io::read_yaml(config), config.string());
  const fs::path map = folder / "index_map.pt";
  if (!fs::exists(map)) return {.options = std::move(options)};
  return pipeline::with_used_codes(
      std::move(options),
      vqvae::code_map_from_index(io::read_torch_file(map).tensor(map.string())));
}

nn::Condition null_or(diffusion::DiscreteDenoiser& denoiser,
                      std::int64_t batch,
                      const nn::Condition& otherwise) {
  const nn::Condition own = denoiser.null_condition(batch);
  return own.defined() ? own : otherwise;
}

}  // namespace tessera::golden
