#include "engine/installation.h"

#include <cstdlib>

#include "core/error.h"
#include "jobs/shipped_file.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

fs::path from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? fs::path() : fs::path(value);
}

/// A relative value does not count, by the base directory specification.
fs::path base(const char* variable, const char* fallback) {
  fs::path root = from_environment(variable);
  if (!root.is_absolute()) root = from_environment("HOME") / fallback;
  return root / "tessera";
}

}  // namespace

fs::path default_model() {
  const fs::path given = from_environment("TESSERA_MODEL");
  if (!given.empty()) return given;
  try {
    return jobs::shipped_file("models/default");
  } catch (const Error&) {
    TESSERA_THROW(kNotFound,
                  "no model is installed with this program; name a model folder (--model)");
  }
}

fs::path settings_file() {
  return base("XDG_CONFIG_HOME", ".config") / "config.toml";
}

fs::path models_folder() {
  return base("XDG_DATA_HOME", ".local/share") / "models";
}

fs::path cache_folder() {
  return base("XDG_CACHE_HOME", ".cache");
}

}  // namespace tessera::engine
