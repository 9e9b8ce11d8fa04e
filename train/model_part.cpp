#include "train/model_part.h"

#include "io/formats/safetensors.h"
#include "io/state_dict.h"

namespace tessera::train {
namespace fs = std::filesystem;

void write_part(const std::filesystem::path& part,
                const io::Json& options,
                const torch::nn::Module* module) {
  std::filesystem::create_directories(part);
  io::write_json(part / "config.json", options);
  if (module != nullptr) io::write_safetensors(part / "model.safetensors", io::state_of(*module));
}

void load_part(torch::nn::Module& module, const fs::path& part) {
  const fs::path file = part / "model.safetensors";
  io::load_strictly(module, io::read_state_dict(file), file.string());
}

}  // namespace tessera::train
