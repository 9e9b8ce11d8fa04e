#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tessera::engine {

/// The folder or file that a --model value names: what exists on disk; else a name in the data
/// folder's models/; else "ORG/NAME" or "ORG/NAME@REVISION", a published model in the cache.
std::optional<std::filesystem::path> find_model(const std::filesystem::path& given);

/// The same, and the default model for "". A published name that is not there throws kNotFound with
/// how to get it; any other value is returned as it is, for whoever opens it to complain about.
std::filesystem::path resolve_model(const std::filesystem::path& given);

/// A model that can be used without a network.
struct LocalModel {
  std::string name{};    // the value for --model; "" = the default one
  std::string origin{};  // "shipped", "own", "published"
  std::filesystem::path folder{};
  std::uint64_t bytes = 0;
};

/// The default model, those in the data folder's models/, and the published ones of the cache that
/// Tessera reads; in this order, then by name.
std::vector<LocalModel> list_models();

/// As a JSON list of objects.
std::string to_json(const std::vector<LocalModel>& models);

}  // namespace tessera::engine
