#include "train/codec.h"

#include "core/error.h"
#include "io/json_fields.h"
#include "io/sha256.h"
#include "io/state_dict.h"
#include "pipeline/find_part.h"
#include "pipeline/model_card.h"
#include "vqvae/codebook_averages.h"

namespace tessera::train {
namespace fs = std::filesystem;

Codec load_codec(const fs::path& where, c10::Device device) {
  Codec codec{.folder = pipeline::find_part(where, pipeline::kVqVaePart)};
  const fs::path config = codec.folder / "config.json";
  const fs::path weights = codec.folder / "model.safetensors";
  vqvae::VqVaeOptions options;
  io::from_json_fields(io::read_json(config), options, config.string());
  codec.model = std::make_shared<vqvae::VqVaeImpl>(options);
  io::StateDict state = io::read_state_dict(weights);
  vqvae::restore_codebook_averages(state.tensors, options);
  io::load_strictly(*codec.model, state, weights.string());
  codec.model->check_used_codes();
  codec.fingerprint = io::sha256(io::sha256_of_file(config) + io::sha256_of_file(weights));
  codec.model->to(device);
  codec.model->eval();
  for (const at::Tensor& parameter : codec.model->parameters()) parameter.set_requires_grad(false);
  return codec;
}

}  // namespace tessera::train
