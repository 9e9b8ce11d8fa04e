#include "pipeline/model_card.h"

#include <algorithm>

#include "core/error.h"
#include "io/json_fields.h"
#include "io/sha256.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSchema = "tessera.model/1";

std::string string_of(const io::Json& json, const char* key, const std::string& fallback) {
  const auto found = json.find(key);
  if (found == json.end()) return fallback;
  TESSERA_CHECK(found->is_string(), kCorruptFile, "\"", key, "\" must be a string");
  return found->get<std::string>();
}

ModelCard parse_card(const io::Json& json) {
  TESSERA_CHECK(json.is_object(), kCorruptFile, "must be an object { … }");
  ModelCard card;
  card.schema = string_of(json, "schema", "");
  TESSERA_CHECK(card.schema == kSchema,
                kCorruptFile,
                "\"schema\" is \"",
                card.schema,
                "\"; this program reads \"",
                kSchema,
                "\"");
  card.name = string_of(json, "name", "");
  card.license = string_of(json, "license", "");
  card.description = string_of(json, "description", "");
  if (json.contains("sampling")) io::from_json_fields(json["sampling"], card.sampling, "sampling");
  if (json.contains("gaussian_sampling")) {
    io::from_json_fields(json["gaussian_sampling"], card.gaussian_sampling, "gaussian_sampling");
  }
  card.has_world = json.contains("world") && !json["world"].is_null();
  if (card.has_world) io::from_json_fields(json["world"], card.world, "world");
  const io::Json parts = json.value("parts", io::Json::array());
  TESSERA_CHECK(parts.is_array(), kCorruptFile, "\"parts\" must be a list of strings");
  for (const io::Json& part : parts) {
    TESSERA_CHECK(part.is_string(), kCorruptFile, "\"parts\" must be a list of strings");
    card.parts.push_back(part.get<std::string>());
  }
  TESSERA_CHECK(!card.parts.empty(), kCorruptFile, "\"parts\" names no part");
  const io::Json hashes = json.value("sha256", io::Json::object());
  TESSERA_CHECK(hashes.is_object(), kCorruptFile, "\"sha256\" must map files to strings");
  for (const auto& [file, hash] : hashes.items()) {
    TESSERA_CHECK(hash.is_string(), kCorruptFile, "\"sha256\" must map files to strings");
    card.hashes[file] = hash.get<std::string>();
  }
  return card;
}

/// Parts that draw on one path alone.
const std::map<std::string, std::vector<std::string>>& parts_of_paths() {
  static const std::map<std::string, std::vector<std::string>> parts{
      {kDiscretePath, {kTransformerPart, kSchedulerPart, kTextEncoderPart}},
      {kGaussianPath, {kUNetPart, kUNetSchedulerPart, kUNetTextEncoderPart}}};
  return parts;
}

/// Whether `file` ("unet/config.json") has a say in what is drawn on `path`.
bool draws_on(const std::string& file, const std::string& path) {
  const std::string part = file.substr(0, file.find('/'));
  for (const auto& [other, parts] : parts_of_paths()) {
    if (other != path && std::find(parts.begin(), parts.end(), part) != parts.end()) return false;
  }
  return true;
}

std::map<std::string, std::string> hash_parts(const fs::path& model, const ModelCard& card) {
  std::map<std::string, std::string> hashes;
  for (const std::string& part : card.parts) {
    const fs::path folder = model / part;
    TESSERA_CHECK(fs::is_directory(folder), kNotFound, folder.string(), ": no such part");
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      hashes[part + "/" + entry.path().filename().string()] = io::sha256_of_file(entry.path());
    }
  }
  return hashes;
}

}  // namespace

bool ModelCard::has_part(const std::string& part) const {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

std::vector<std::string> ModelCard::paths() const {
  std::vector<std::string> paths;
  for (const std::string& part : parts) {
    if (part == kTransformerPart) paths.emplace_back(kDiscretePath);
    if (part == kUNetPart) paths.emplace_back(kGaussianPath);
  }
  return paths;
}

std::string ModelCard::fingerprint(const std::string& path) const {
  if (hashes.empty()) return "";
  const std::vector<std::string> own = paths();
  const std::string drawn = !path.empty() ? path : own.empty() ? kDiscretePath : own.front();
  std::string lines;
  for (const auto& [file, hash] : hashes) {
    if (draws_on(file, drawn)) lines += hash + "  " + file + "\n";
  }
  return io::sha256(lines);
}

ModelCard read_model_card(const fs::path& model) {
  TESSERA_CHECK(fs::exists(model), kNotFound, model.string(), ": no such model folder");
  TESSERA_CHECK(fs::is_directory(model), kNotFound, model.string(), ": not a model folder");
  const fs::path file = model / kCardFile;
  TESSERA_CHECK(
      fs::exists(file), kNotFound, model.string(), ": not a model folder: it holds no ", kCardFile);
  const io::Json json = io::read_json(file);
  try {
    return parse_card(json);
  } catch (const Error& error) {
    TESSERA_THROW(kCorruptFile, file.string(), ": ", error.what());
  } catch (const io::Json::exception& error) {
    TESSERA_THROW(kCorruptFile, file.string(), ": ", error.what());
  }
}

void write_model_card(const fs::path& model, const ModelCard& card) {
  io::Json json = io::Json::object();
  json["schema"] = kSchema;
  json["name"] = card.name;
  json["license"] = card.license;
  json["description"] = card.description;
  json["sampling"] = io::to_json_fields(card.sampling);
  if (card.has_part(kUNetPart)) {
    json["gaussian_sampling"] = io::to_json_fields(card.gaussian_sampling);
  }
  json["world"] = card.has_world ? io::to_json_fields(card.world) : io::Json(nullptr);
  json["parts"] = card.parts;
  json["sha256"] = io::Json::object();
  for (const auto& [file, hash] : hash_parts(model, card)) json["sha256"][file] = hash;
  io::write_json(model / kCardFile, json);
}

void check_model_files(const fs::path& model, const ModelCard& card, std::uintmax_t max_bytes) {
  for (const auto& [name, expected] : card.hashes) {
    const fs::path file = model / name;
    TESSERA_CHECK(fs::is_regular_file(file),
                  kNotFound,
                  file.string(),
                  ": missing, though the model's card lists it");
    if (fs::file_size(file) > max_bytes) continue;
    const std::string found = io::sha256_of_file(file);
    TESSERA_CHECK(found == expected,
                  kCorruptFile,
                  file.string(),
                  ": damaged or replaced: SHA-256 is ",
                  found.substr(0, 16),
                  "…, the model's card says ",
                  expected.substr(0, 16),
                  "…");
  }
}

}  // namespace tessera::pipeline
