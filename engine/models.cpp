#include "engine/models.h"

#include <algorithm>

#include "core/error.h"
#include "engine/installation.h"
#include "hub/cache.h"
#include "hub/settings.h"
#include "io/json_fields.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCardFile = "model_index.json";

/// Whether a folder of the shared cache is for Tessera: its own card, or the VQ-Diffusion pipeline.
bool is_ours(const fs::path& folder) {
  try {
    const io::Json card = io::read_json(folder / kCardFile);
    const auto starts = [&](const char* key, const char* with) {
      return card.is_object() && card.contains(key) && card[key].is_string() &&
             card[key].get<std::string>().starts_with(with);
    };
    return starts("schema", "tessera.model/") || starts("_class_name", "VQDiffusion");
  } catch (const Error&) {
    return false;
  }
}

/// "ORG/NAME" or "ORG/NAME@REVISION".
struct PublishedName {
  hub::Repository repository;
  std::string revision = "main";
};
std::optional<PublishedName> published_name(const fs::path& given) {
  const std::string text = given.string();
  const std::size_t mark = text.find('@');
  const auto repository = hub::Repository::parse(text.substr(0, mark));
  if (!repository) return std::nullopt;
  PublishedName name{.repository = *repository};
  if (mark != std::string::npos) name.revision = text.substr(mark + 1);
  return name;
}

void add_own(std::vector<LocalModel>& models) {
  std::vector<LocalModel> found;
  std::error_code failed;
  for (fs::directory_iterator entry(models_folder(), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (!is_ours(entry->path())) continue;
    found.push_back({.name = entry->path().filename().string(),
                     .origin = "own",
                     .folder = entry->path(),
                     .bytes = hub::bytes_below(entry->path())});
  }
  std::sort(
      found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  models.insert(models.end(), found.begin(), found.end());
}

void add_published(std::vector<LocalModel>& models) {
  for (const hub::CachedSnapshot& snapshot : hub::list_cached(hub::cache_from_environment())) {
    if (!is_ours(snapshot.folder)) continue;
    std::vector<std::string> revisions = snapshot.revisions;
    if (revisions.empty()) revisions = {snapshot.commit};
    for (const std::string& revision : revisions) {
      const std::string at = revision == "main" ? "" : "@" + revision;
      models.push_back({.name = snapshot.repository + at,
                        .origin = "published",
                        .folder = snapshot.folder,
                        .bytes = snapshot.bytes});
    }
  }
}

}  // namespace

std::optional<fs::path> find_model(const fs::path& given) {
  std::error_code failed;
  if (fs::exists(given, failed)) return given;
  if (!given.has_parent_path()) {
    const fs::path own = models_folder() / given;
    return !given.empty() && fs::exists(own, failed) ? std::optional(own) : std::nullopt;
  }
  const auto published = published_name(given);
  if (!published) return std::nullopt;
  return hub::find_cached(
      hub::cache_from_environment(), published->repository, published->revision);
}

fs::path resolve_model(const fs::path& given) {
  if (given.empty()) return default_model();
  if (const auto found = find_model(given)) return *found;
  const auto published = given.has_parent_path() ? published_name(given) : std::nullopt;
  TESSERA_CHECK(!published,
                kNotFound,
                given.string(),
                ": no such model folder, and not in the cache (",
                hub::cache_from_environment().string(),
                "); get it with: tessera pull ",
                published->repository.name(),
                published->revision == "main" ? "" : " --revision " + published->revision);
  return given;
}

std::vector<LocalModel> list_models() {
  std::vector<LocalModel> models;
  try {
    const fs::path folder = default_model();
    models.push_back({.origin = "shipped", .folder = folder, .bytes = hub::bytes_below(folder)});
  } catch (const Error&) {
    // none is installed: the list begins with the others
  }
  add_own(models);
  add_published(models);
  return models;
}

std::string to_json(const std::vector<LocalModel>& models) {
  io::Json json = io::Json::array();
  for (const LocalModel& model : models) {
    json.push_back({{"name", model.name},
                    {"origin", model.origin},
                    {"folder", model.folder.string()},
                    {"bytes", model.bytes}});
  }
  return json.dump(-1, ' ', false, io::Json::error_handler_t::replace);
}

}  // namespace tessera::engine
