#include "engine/picture_sides.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/files/files.h"
#include "data/packed.h"
#include "data/scenes/scenes.h"
#include "engine/caption_pictures.h"
#include "engine/installation.h"
#include "engine/models.h"
#include "engine/prompt_file.h"
#include "io/image/codecs.h"
#include "jobs/shipped_file.h"
#include "pipeline/model_card.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

at::Tensor decode_file(const fs::path& file) {
  const io::RgbImage image = io::read_image(file);
  at::Tensor out = at::empty({image.height, image.width, 3}, at::kByte);
  std::memcpy(out.mutable_data_ptr<std::uint8_t>(), image.pixels.data(), image.pixels.size());
  return out;
}

/// The model that a set's name means; none where it means something else.
std::optional<fs::path> model_of(const std::string& name) {
  if (name == "model") return default_model();
  if (name.starts_with("model:")) return resolve_model(name.substr(6));
  std::error_code ignored;
  if (fs::exists(fs::path(name) / "model_index.json", ignored)) return name;
  return {};
}

bool is_scenes(const std::string& name) {
  return name == "scenes" || name.starts_with("scenes:");
}

/// "scenes:heldout" of the world that `model` was taught.
std::unique_ptr<const data::SceneSource> scenes_of(const std::string& name,
                                                   const std::optional<fs::path>& model,
                                                   const SideRequest& request) {
  TESSERA_CHECK(request.count > 0,
                kInvalidArgument,
                "scenes have no end: --count says how many pictures are compared");
  const pipeline::ModelCard card = pipeline::read_model_card(model.value_or(default_model()));
  data::SceneOptions world;
  if (card.has_world) world = card.world;
  world.split = name == "scenes" ? "heldout" : name.substr(std::strlen("scenes:"));
  world.seed = request.seed;
  world.validate();
  return data::open_scenes(jobs::atlas_file({}), world);
}

std::vector<std::string> captions_of_source(const data::Source& source, std::int64_t count) {
  std::vector<std::int64_t> indices;
  const std::int64_t rows = count == 0 ? source.size() : std::min(count, source.size());
  for (std::int64_t i = 0; i < rows; ++i) indices.push_back(i);
  return source.captions(indices);
}

/// What the model is to paint: the captions file, else what the other set's pictures show.
std::vector<std::string> captions_for(const fs::path& model,
                                      const std::string& other,
                                      const SideRequest& request) {
  std::vector<std::string> captions;
  if (!request.captions.empty()) {
    const std::string name = request.captions.string();
    for (const PromptItem& item : parse_prompts(read_file(request.captions), name).items) {
      captions.push_back(item.prompt);
    }
  } else if (is_scenes(other)) {
    captions = captions_of_source(*scenes_of(other, model, request), request.count);
  } else if (!other.empty() && data::is_packed(other)) {
    captions = captions_of_source(*data::open_packed(other), request.count);
  } else {
    TESSERA_CHECK(!other.empty() && !other.ends_with(".npz") && !model_of(other),
                  kInvalidArgument,
                  "a model's pictures need captions: name a file with --captions");
    for (const data::FileSample& sample : data::open_files(other, {}).samples) {
      captions.push_back(sample.captions.front());
    }
  }
  if (request.count > 0 && request.count < std::ssize(captions)) {
    captions.resize(static_cast<std::size_t>(request.count));
  }
  return captions;
}

eval::DistributionSide open_side(const std::string& name,
                                 const std::string& other,
                                 const SideRequest& request,
                                 const std::stop_token& stop) {
  eval::DistributionSide side{.title = name};
  if (name.empty()) return side;
  if (name.ends_with(".npz")) {
    side.statistics = eval::read_statistics(name);
    return side;
  }
  if (const std::optional<fs::path> model = model_of(name)) {
    const CaptionPainting painting{.sampling = request.sampling,
                                   .seed = request.seed,
                                   .device = request.device,
                                   .title = name};
    side.pictures =
        open_caption_pictures(*model, captions_for(*model, other, request), painting, stop);
  } else if (is_scenes(name)) {
    side.pictures = eval::open_source_pictures(scenes_of(name, model_of(other), request), name);
  } else if (data::is_packed(name)) {
    side.pictures = eval::open_source_pictures(data::open_packed(name), name);
  } else {
    side.pictures = eval::open_picture_files(name, decode_file);
  }
  side.pictures = eval::first_pictures(std::move(side.pictures), request.count);
  return side;
}

}  // namespace

Sides open_sides(const std::string& judged,
                 const std::string& reference,
                 const SideRequest& request,
                 std::stop_token stop) {
  Sides sides{.judged = open_side(judged, reference, request, stop)};
  sides.reference = open_side(reference, judged, request, stop);
  return sides;
}

}  // namespace tessera::engine
