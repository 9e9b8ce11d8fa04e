#include "hub/selection.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "core/error.h"
#include "core/listed.h"

namespace tessera::hub {
namespace {

constexpr std::array<const char*, 5> kFormats = {"safetensors", "bin", "pth", "pt", "ckpt"};
constexpr std::array<const char*, 4> kTexts = {".json", ".txt", ".tsv", ".model"};

struct Weights {
  std::string variant{};
  std::size_t format = 0;  // index of kFormats, the best first
};

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 = 0
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// "model.fp16-00001-of-00002.safetensors", "model-00001-of-00002.fp16.bin": stem, variant, shard.
std::optional<Weights> weights_of(const std::string& name) {
  static const std::regex shape(
      R"(([^.]+?)(?:-\d+-of-\d+)?(?:\.([A-Za-z0-9_]+?))?(?:-\d+-of-\d+)?\.([a-z]+))");
  std::smatch match;
  if (!std::regex_match(name, match, shape)) return std::nullopt;
  const auto format = std::find(kFormats.begin(), kFormats.end(), match[3].str());
  if (format == kFormats.end()) return std::nullopt;
  return Weights{.variant = match[2].str(),
                 .format = static_cast<std::size_t>(format - kFormats.begin())};
}

/// Which weights of a folder are taken: by variant, the best format of each.
using Choices = std::map<std::string, std::size_t>;

std::string chosen_variant(const Choices& choices, const std::string& wanted) {
  if (choices.contains(wanted)) return wanted;
  if (choices.contains("")) return "";
  return choices.begin()->first;
}

std::string names_of(std::set<std::string> variants) {
  variants.erase("");
  return variants.empty() ? "none" : listed(variants);
}

}  // namespace

std::vector<RepositoryFile> select_files(const std::vector<RepositoryFile>& files,
                                         const std::string& variant,
                                         const std::string& what) {
  const bool has_index = std::any_of(
      files.begin(), files.end(), [](const auto& file) { return file.path == "model_index.json"; });
  std::map<std::string, Choices> folders;
  std::set<std::string> variants;
  for (const RepositoryFile& file : files) {
    const std::string folder = folder_of(file.path);
    const auto weights = weights_of(name_of(file.path));
    if (!weights || (has_index && folder.empty())) continue;
    const auto [place, added] = folders[folder].emplace(weights->variant, weights->format);
    place->second = std::min(place->second, weights->format);
    variants.insert(weights->variant);
  }
  TESSERA_CHECK(variant.empty() || variants.contains(variant),
                kNotFound,
                what,
                ": no weights of the variant \"",
                printable(variant),
                "\"; variants: ",
                names_of(variants));
  std::vector<RepositoryFile> selected;
  for (const RepositoryFile& file : files) {
    const std::string name = name_of(file.path);
    bool wanted = std::any_of(
        kTexts.begin(), kTexts.end(), [&](const char* end) { return name.ends_with(end); });
    if (const auto weights = weights_of(name); weights && !wanted) {
      const auto folder = folders.find(folder_of(file.path));
      wanted = folder != folders.end() &&
               weights->variant == chosen_variant(folder->second, variant) &&
               weights->format == folder->second.at(weights->variant);
    }
    if (wanted) selected.push_back(file);
  }
  return selected;
}

}  // namespace tessera::hub
