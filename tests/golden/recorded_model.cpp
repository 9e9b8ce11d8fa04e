#include "tests/golden/recorded_model.h"

#include <ATen/ATen.h>

#include "pipeline/published/published_model.h"
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
  return pipeline::load_microsoft_model(folder / "checkpoint.pth", {}).parts;
}

nn::Condition null_or(diffusion::DiscreteDenoiser& denoiser,
                      std::int64_t batch,
                      const nn::Condition& otherwise) {
  const nn::Condition own = denoiser.null_condition(batch);
  return own.defined() ? own : otherwise;
}

}  // namespace tessera::golden
