#pragma once

#include <filesystem>

namespace tessera::engine {

/// The model that comes with the program: $TESSERA_MODEL, else models/default of the sources or of
/// the installation. Throws kNotFound where there is none.
std::filesystem::path default_model();

/// $XDG_CONFIG_HOME/tessera/config.toml, else ~/.config/tessera/config.toml; need not exist.
std::filesystem::path settings_file();

/// $XDG_DATA_HOME/tessera/models, else ~/.local/share/tessera/models; need not exist.
std::filesystem::path models_folder();

/// $XDG_CACHE_HOME/tessera, else ~/.cache/tessera.
std::filesystem::path cache_folder();

}  // namespace tessera::engine
