#include "engine/file_info.h"

#include <fstream>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "engine/image_files.h"
#include "engine/info_text.h"
#include "engine/models.h"
#include "engine/published_info.h"
#include "io/image/image_size.h"
#include "io/image/parameters.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/model_card.h"
#include "pipeline/paths.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

using io::Json;

constexpr const char* kCardFile = "model_index.json";
constexpr std::uintmax_t kLargestPicture = std::uintmax_t{512} << 20;

Json parameters_json(const std::string& text) {
  const io::Parameters parameters = io::parse_parameters(text);
  Json json = {{"prompt", parameters.prompt}};
  if (!parameters.negative.empty()) json["negative"] = parameters.negative;
  for (const auto& [key, value] : parameters.fields) json[key] = value;
  return json;
}

FileInfo picture_info(const fs::path& file, const std::string& bytes) {
  const io::ImageSize size = io::inspect_image(bytes, file.string());
  Json json = {
      {"kind", "picture"}, {"file", file.string()}, {"width", size.width}, {"height", size.height}};
  const std::string title = concat(file.string(), ": picture, ", size.width, "x", size.height);
  if (size.format != io::ImageFormat::kPng) return {.text = title, .json = dump(json)};
  Json own;
  Json others = Json::object();
  for (const auto& [keyword, text] : read_texts(file)) {
    Json parsed = keyword == "tessera" ? Json::parse(text, nullptr, false) : Json();
    if (parsed.is_object()) {
      own = parsed;
    } else if (keyword == "parameters") {
      json["parameters"] = parameters_json(text);
    } else {
      others[keyword] = text;
    }
  }
  if (!own.is_null()) json["tessera"] = own;
  if (!others.empty()) json["texts"] = others;
  // Our own record says all that the others' form says, and exactly.
  Json shown = own.is_null() ? json.value("parameters", Json::object()) : own;
  shown.erase("schema");
  if (!others.empty()) shown["other texts"] = others;
  return {.text = shown.empty() ? title + ", without generation settings" : text_of(title, shown),
          .json = dump(json)};
}

std::uintmax_t size_of(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

Json tensors_json(const io::StateDict& state) {
  Json tensors = Json::array();
  for (const auto& [name, tensor] : state.tensors) {
    tensors.push_back({{"name", name},
                       {"dtype", c10::toString(tensor.scalar_type())},
                       {"shape", std::vector<std::int64_t>(tensor.sizes().vec())}});
  }
  return tensors;
}

std::int64_t values_of(const io::StateDict& state) {
  std::int64_t values = 0;
  for (const auto& [name, tensor] : state.tensors) values += tensor.numel();
  return values;
}

FileInfo model_info(const fs::path& folder) {
  const pipeline::ModelCard card = pipeline::read_model_card(folder);
  Json json = {{"kind", "model"},
               {"folder", folder.string()},
               {"name", card.name},
               {"license", card.license},
               {"description", card.description},
               {"sha256", card.fingerprint()},
               {"bytes", size_of(folder)}};
  if (card.has_part(pipeline::kTransformerPart))
    json["sampling"] = io::to_json_fields(card.sampling);
  if (card.has_part(pipeline::kUNetPart))
    json["gaussian_sampling"] = io::to_json_fields(card.gaussian_sampling);
  for (const std::string& path : card.paths()) {
    json["paths"][path] = {{"sha256", card.fingerprint(path)},
                           {"samplers", pipeline::sampler_names(path)}};
  }
  if (card.has_world) json["world"] = io::to_json_fields(card.world);
  Json parts = Json::object();
  std::int64_t parameters = 0;
  for (const std::string& part : card.parts) {
    Json entry = Json::object();
    const fs::path config = folder / part / "config.json";
    const fs::path weights = folder / part / "model.safetensors";
    if (fs::exists(weights)) {
      const io::StateDict state = io::read_state_dict(weights);
      entry["tensors"] = state.tensors.size();
      entry["values"] = values_of(state);
      if (!state.tensors.empty()) {
        entry["dtype"] = c10::toString(state.tensors.begin()->second.scalar_type());
      }
      entry["bytes"] = fs::file_size(weights);
      parameters += values_of(state);
    }
    if (fs::exists(config)) entry["options"] = io::read_json(config);
    parts[part] = entry;
  }
  json["values"] = parameters;
  json["parts"] = parts;
  Json shown = json;
  shown.erase("kind");
  shown.erase("folder");
  shown["bytes"] = readable_bytes(size_of(folder));
  return {.text = text_of(folder.string() + ": model", shown), .json = dump(json)};
}

FileInfo weights_info(const fs::path& file) {
  const io::StateDict state = io::read_state_dict(file);
  Json json = {{"kind", "weights"},
               {"file", file.string()},
               {"bytes", fs::file_size(file)},
               {"values", values_of(state)},
               {"metadata", state.metadata},
               {"tensors", tensors_json(state)}};
  std::string text = concat(file.string(),
                            ": weights, ",
                            state.tensors.size(),
                            " tensors, ",
                            values_of(state),
                            " values, ",
                            readable_bytes(fs::file_size(file)));
  for (const auto& [key, value] : state.metadata) text += "\n  " + key + " = " + value;
  for (const auto& [name, tensor] : state.tensors) {
    text += concat("\n  ", name, "  ", c10::toString(tensor.scalar_type()), " ", tensor.sizes());
  }
  return {.text = text, .json = dump(json)};
}

/// The last whole line of a log; a run that is being written may end in half a line.
Json last_record(const fs::path& log) {
  std::ifstream in(log);
  Json last;
  for (std::string line; std::getline(in, line);) {
    Json record = Json::parse(line, nullptr, false);
    if (record.is_object()) last = std::move(record);
  }
  return last;
}

FileInfo run_info(const fs::path& folder) {
  Json json = {{"kind", "run"}, {"folder", folder.string()}};
  const Json config = io::read_json(folder / "config.json");
  for (const char* key : {"stage", "name"}) {
    if (config.contains(key)) json[key] = config[key];
  }
  if (fs::exists(folder / "log.jsonl")) json["last"] = last_record(folder / "log.jsonl");
  json["config"] = config;
  Json shown = json;
  shown.erase("kind");
  shown.erase("folder");
  return {.text = text_of(folder.string() + ": training run", shown), .json = dump(json)};
}

}  // namespace

FileInfo describe_file(const fs::path& given) {
  const fs::path path = find_model(given).value_or(given);
  TESSERA_CHECK(fs::exists(path), kNotFound, path.string(), ": no such file or folder");
  if (fs::is_directory(path)) {
    if (is_published_model(path)) return published_info(path);
    if (fs::exists(path / kCardFile)) return model_info(path);
    if (fs::exists(path / "config.json") &&
        (fs::exists(path / "log.jsonl") || fs::exists(path / "checkpoints"))) {
      return run_info(path);
    }
    TESSERA_THROW(kInvalidArgument, path.string(), ": neither a model folder nor a training run");
  }
  std::ifstream in(path, std::ios::binary);
  TESSERA_CHECK(in, kIo, path.string(), ": cannot read");
  std::string head(16, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  if (is_published_model(path)) return published_info(path);
  if (io::is_state_dict(head)) return weights_info(path);
  return picture_info(path, read_file(path, kLargestPicture));
}

void check_model_folder(const fs::path& given) {
  const fs::path model = find_model(given).value_or(given);
  const pipeline::ModelCard card = pipeline::read_model_card(model);
  TESSERA_CHECK(
      !card.hashes.empty(), kInvalidArgument, model.string(), ": the card lists no hashes");
  pipeline::check_model_files(model, card);
}

}  // namespace tessera::engine
