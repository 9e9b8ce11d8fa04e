#include "engine/published_info.h"

#include <fstream>

#include "core/error.h"
#include "engine/info_text.h"
#include "io/formats/torch_file.h"
#include "pipeline/published/inspect.h"
#include "pipeline/published/microsoft_file.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

using io::Json;
using pipeline::PartFacts;

bool is_checkpoint(const fs::path& file) {
  std::string head(16, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  if (!io::is_torch_file(head)) return false;
  try {
    return pipeline::holds_denoiser(pipeline::open_microsoft_file(file, {}));
  } catch (const Error&) {
    return false;  // what is wrong with it is told by whoever lists its tensors
  }
}

Json misfits_json(const pipeline::Misfits& misfits) {
  Json json = Json::object();
  if (!misfits.missing.empty()) json["missing"] = misfits.missing;
  if (!misfits.unexpected.empty()) json["unexpected"] = misfits.unexpected;
  if (!misfits.misshaped.empty()) json["of another shape"] = misfits.misshaped;
  return json;
}

Json part_json(const PartFacts& part) {
  Json json = Json::object();
  if (!part.files.empty()) {
    for (const fs::path& file : part.files) json["files"].push_back(file.string());
    json["tensors"] = part.tensors;
    json["values"] = part.values;
    json["dtype"] = part.types;
    json["bytes"] = part.bytes;
  }
  json["loads"] = part.loads();
  if (!part.problem.empty()) json["problem"] = part.problem;
  if (!part.misfits.none()) json["would not load"] = misfits_json(part.misfits);
  if (!part.options.is_null()) json["options"] = part.options;
  return json;
}

Json facts_json(const fs::path& path, const pipeline::PublishedFacts& facts) {
  const bool folder = facts.layout == pipeline::ModelLayout::kDiffusers;
  Json json = {{"kind", "model"},
               {folder ? "folder" : "file", path.string()},
               {"layout", folder ? "diffusers" : "microsoft"},
               {"loads", facts.loads()}};
  std::int64_t values = 0;
  std::uintmax_t bytes = 0;
  for (const PartFacts& part : facts.parts) {
    values += part.values;
    bytes += part.bytes;
  }
  json["values"] = values;
  json["bytes"] = bytes;
  json["learned_null"] = facts.learned_null;
  if (!folder) json["ema"] = facts.has_average;
  if (facts.last_epoch) json["last_epoch"] = *facts.last_epoch;
  if (facts.last_iteration) json["last_iter"] = *facts.last_iteration;
  json["sampling"] = io::to_json_fields(facts.sampling);
  for (const PartFacts& part : facts.parts) json["parts"][part.name] = part_json(part);
  return json;
}

}  // namespace

bool is_published_model(const fs::path& path) {
  if (!fs::is_directory(path)) return is_checkpoint(path);
  return fs::exists(path / "model_index.json") &&
         pipeline::layout_of(path) == pipeline::ModelLayout::kDiffusers;
}

FileInfo published_info(const fs::path& path) {
  const pipeline::PublishedFacts facts = pipeline::inspect_published(path);
  const Json json = facts_json(path, facts);
  Json shown = json;
  for (const char* key : {"kind", "folder", "file", "layout"}) shown.erase(key);
  shown["bytes"] = readable_bytes(json["bytes"].get<std::uintmax_t>());
  const std::string title = concat(path.string(),
                                   ": model, ",
                                   json["layout"].get<std::string>(),
                                   facts.loads() ? "" : ", which does not load");
  return {.text = text_of(title, shown), .json = dump(json)};
}

}  // namespace tessera::engine
