#include "eval/clip/clip_files.h"

#include <initializer_list>

#include <torch/nn.h>

#include "core/error.h"
#include "core/listed.h"
#include "eval/clip/clip_config.h"
#include "eval/clip/published_clip.h"
#include "io/sha256.h"
#include "io/state_dict.h"

namespace tessera::eval {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOpenClipConfig = "open_clip_config.json";
constexpr const char* kPreprocessor = "preprocessor_config.json";

/// The first of `names` that is in `folder`.
fs::path first_file(const fs::path& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (fs::exists(folder / name)) return folder / name;
  }
  TESSERA_THROW(kNotFound, folder.string(), ": none of ", listed(names), " is there");
}

LoadedClip own(const fs::path& folder, const io::Json& config) {
  io::Json options = config;
  LoadedClip clip{.name = folder.filename().string(), .folder = folder};
  const std::string where = (folder / kClipConfig).string();
  for (const char* key : {"name", "description"}) {
    const auto found = options.find(key);
    if (found == options.end()) continue;
    TESSERA_CHECK(found->is_string(), kInvalidArgument, where, ": ", key, " must be a string");
    if (std::string_view(key) == "name" && !found->get<std::string>().empty()) {
      clip.name = found->get<std::string>();
    }
    options.erase(key);
  }
  if (options.contains("world")) {
    clip.world.emplace();
    io::from_json_fields(options["world"], *clip.world, where + ": world");
    clip.world->validate();
    options.erase("world");
  }
  clip.model = ClipModel(clip_options_from(options, where));
  const fs::path weights = folder / kClipWeights;
  io::load_strictly(*clip.model, io::read_state_dict(weights), weights.string());
  clip.sha256 = io::sha256_of_file(weights);
  if (fs::exists(folder / kClipTokens)) clip.tokens = folder / kClipTokens;
  return clip;
}

LoadedClip published(const fs::path& weights, const ClipOptions& options, io::StateDict state) {
  LoadedClip clip{.folder = weights.parent_path()};
  const ClipNaming naming = clip_naming(state, weights.string());
  state = with_turned_projections(std::move(state), naming);
  clip.model = ClipModel(options);
  pipeline::load_published(*clip.model, state, clip_names(options, naming), weights.string());
  clip.sha256 = io::sha256_of_file(weights);
  return clip;
}

LoadedClip hugging_face(const fs::path& folder, const io::Json& config) {
  ClipOptions options = clip_options_of_hugging_face(config, (folder / kClipConfig).string());
  const fs::path preprocessor = folder / kPreprocessor;
  if (fs::exists(preprocessor)) {
    apply_preprocessor_config(options, io::read_json(preprocessor), preprocessor.string());
  }
  const fs::path weights = first_file(folder, {"model.safetensors", "pytorch_model.bin"});
  LoadedClip clip = published(weights, options, io::read_state_dict(weights));
  clip.name = folder.filename().string();
  return clip;
}

LoadedClip open_clip(const fs::path& folder) {
  const fs::path weights = first_file(
      folder, {"open_clip_model.safetensors", "open_clip_pytorch_model.bin", "model.safetensors"});
  io::StateDict state = io::read_state_dict(weights);
  ClipOptions options = clip_options_of_shapes(state, weights.string());
  const fs::path config = folder / kOpenClipConfig;
  apply_open_clip_config(options, io::read_json(config), config.string());
  LoadedClip clip = published(weights, options, std::move(state));
  clip.name = folder.filename().string();
  return clip;
}

LoadedClip weight_file(const fs::path& file) {
  io::StateDict state = io::read_state_dict(file);
  const std::string what = file.string();
  TESSERA_CHECK(clip_naming(state, what) == ClipNaming::kOpenAi,
                kInvalidArgument,
                what,
                ": weights with the names of transformers need their folder, with config.json");
  const ClipOptions options = clip_options_of_shapes(state, what);
  LoadedClip clip = published(file, options, std::move(state));
  clip.name = file.stem().string();
  return clip;
}

LoadedClip folder_of_any_kind(const fs::path& where) {
  for (const fs::path& folder : {where, where / "clip", where / "model" / "clip"}) {
    if (fs::exists(folder / kOpenClipConfig)) return open_clip(folder);
    if (!fs::exists(folder / kClipConfig)) continue;
    const io::Json config = io::read_json(folder / kClipConfig);
    if (config.contains("vision_config")) return hugging_face(folder, config);
    if (config.contains("vision")) return own(folder, config);
  }
  TESSERA_THROW(kNotFound,
                where.string(),
                ": no CLIP there: no config.json with \"vision\" or \"vision_config\" and no ",
                kOpenClipConfig);
}

}  // namespace

LoadedClip load_clip(const fs::path& where, c10::Device device) {
  TESSERA_CHECK(fs::exists(where), kNotFound, where.string(), ": no such file or folder");
  LoadedClip clip = fs::is_directory(where) ? folder_of_any_kind(where) : weight_file(where);
  clip.model->to(device);
  clip.model->eval();
  return clip;
}

}  // namespace tessera::eval
