#include "tests/golden/recorded_denoiser.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "io/formats/torch_file.h"
#include "io/json_fields.h"
#include "io/yaml/yaml.h"
#include "pipeline/published/denoiser_names.h"
#include "pipeline/published/microsoft_checkpoint.h"

namespace tessera::golden {
namespace fs = std::filesystem;
namespace {

/// The weights in a part's folder, whichever format they have.
io::StateDict weights_in(const fs::path& part) {
  const fs::path tensors = part / "diffusion_pytorch_model.safetensors";
  return io::read_state_dict(fs::exists(tensors) ? tensors : part / "diffusion_pytorch_model.bin");
}

/// Token ids and text states as they were recorded with a checkpoint.
struct RecordedTexts {
  at::Tensor ids{};     // [M, L] int64
  at::Tensor states{};  // [M, L, C] float32
};

RecordedTexts recorded_texts(const fs::path& folder) {
  const fs::path given = folder / "features.safetensors";
  const bool alone = fs::exists(given);
  const io::StateDict file =
      io::read_state_dict(alone ? given : folder / "expected-text.safetensors");
  return {.ids = file.tensors.at("token"),
          .states = file.tensors.at(alone ? "features" : "features_float16_run").to(at::kFloat)};
}

/// The first value with this key, in `node` or below it; null where there is none.
const io::Json* find_key(const io::Json& node, const std::string& key) {
  if (!node.is_object()) return nullptr;
  if (const auto own = node.find(key); own != node.end()) return &*own;
  for (const io::Json& child : node) {
    if (const io::Json* found = find_key(child, key)) return found;
  }
  return nullptr;
}

}  // namespace

RecordedDenoiser open_diffusers_denoiser(const fs::path& model) {
  const fs::path part = model / "transformer";
  const fs::path null = model / "learned_classifier_free_sampling_embeddings";
  io::StateDict weights = weights_in(part);
  io::Json null_config;
  if (fs::exists(null)) {
    null_config = io::read_json(null / "config.json");
    weights.tensors.merge(weights_in(null).tensors);
  }
  RecordedDenoiser recorded{.options = pipeline::diffusers_denoiser_options(
                                io::read_json(part / "config.json"), null_config, part.string())};
  recorded.network = diffusion::make_transformer(recorded.options);
  pipeline::load_published(*recorded.network,
                           weights,
                           pipeline::diffusers_denoiser_names(recorded.options),
                           part.string());
  return recorded;
}

double config_number(const fs::path& folder, const std::string& key, std::size_t index) {
  const fs::path file = folder / "config.yaml";
  const io::Json config = io::read_yaml(file);
  const io::Json* found = find_key(config, key);
  TESSERA_CHECK(found != nullptr, kNotFound, file.string(), ": no ", key);
  return (found->is_array() ? found->at(index) : *found).get<double>();
}

RecordedDenoiser open_microsoft_denoiser(const fs::path& folder, Weights weights) {
  const std::string what = (folder / "checkpoint.pth").string();
  const auto checkpoint = pipeline::microsoft_checkpoint(io::read_torch_file(what), what);
  const io::StateDict state = pipeline::part_of(
      weights == Weights::kRaw ? checkpoint.raw_model : checkpoint.effective, "transformer.");
  const auto whole = [&](const char* key, std::size_t index) {
    return static_cast<std::int64_t>(config_number(folder, key, index));
  };
  RecordedDenoiser recorded{.options = pipeline::microsoft_denoiser_options(
                                state,
                                {.heads = whole("n_head", 0),
                                 .grid_height = whole("content_spatial_size", 0),
                                 .grid_width = whole("content_spatial_size", 1)},
                                what)};
  recorded.network = diffusion::make_transformer(recorded.options);
  pipeline::load_published(
      *recorded.network, state, pipeline::microsoft_denoiser_names(recorded.options), what);
  recorded.chain =
      diffusion::make_transition({.steps = recorded.options.steps}, recorded.options.codes);
  return recorded;
}

nn::Condition recorded_text(const fs::path& folder,
                            const RecordedDenoiser& denoiser,
                            const at::Tensor& ids,
                            const at::Tensor& mask) {
  const RecordedTexts known = recorded_texts(folder);
  std::vector<at::Tensor> rows;
  for (std::int64_t i = 0; i < ids.size(0); ++i) {
    const at::Tensor same = known.ids.eq(ids[i]).all(1).nonzero();
    TESSERA_CHECK(same.size(0) > 0, kNotFound, folder.string(), ": no states of token row ", i);
    rows.push_back(known.states[same[0].item<std::int64_t>()]);
  }
  nn::Condition condition{.tokens = at::stack(rows)};
  const nn::Condition null = denoiser.network->null_condition(ids.size(0));
  if (null.defined() && mask.defined()) {
    const at::Tensor wordless = mask.select(1, 2).eq(0).view({-1, 1, 1});
    condition.tokens = at::where(wordless, null.tokens, condition.tokens);
  }
  return condition;
}

nn::Condition recorded_text_of_inference(const fs::path& folder, std::int64_t batch) {
  const at::Tensor states = recorded_texts(folder).states;
  // With fewer pictures than rows the second row, an empty text, was left out.
  if (batch == states.size(0)) return {.tokens = states};
  return {.tokens = at::stack({states[0], states[2]})};
}

}  // namespace tessera::golden
