#include "engine/clip_pairs.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/files/files.h"
#include "data/files/readers.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kLargestText = 1U << 20;

ClipPair pair_of(fs::path picture, std::vector<std::string> captions) {
  ClipPair pair{.picture = std::move(picture)};
  pair.text.text = std::move(captions.front());
  captions.erase(captions.begin());
  pair.text.references = std::move(captions);
  return pair;
}

/// Files of one folder by their stem; two of one stem are an error.
std::map<std::string, fs::path> by_stem(const fs::path& folder,
                                        const std::set<std::string>& endings) {
  TESSERA_CHECK(fs::is_directory(folder), kNotFound, folder.string(), ": no such folder");
  std::map<std::string, fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::string ending = entry.path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    if (!entry.is_regular_file() || endings.count(ending) == 0) continue;
    const auto [place, fresh] = files.emplace(entry.path().stem().string(), entry.path());
    TESSERA_CHECK(fresh,
                  kInvalidArgument,
                  folder.string(),
                  ": two files have the stem ",
                  entry.path().stem().string(),
                  ": ",
                  place->second.filename().string(),
                  " and ",
                  entry.path().filename().string());
  }
  return files;
}

ClipPairs pairs_by_stem(const fs::path& pictures, const fs::path& texts) {
  const auto images = by_stem(pictures, {".png", ".jpg", ".jpeg", ".webp", ".bmp"});
  auto captions = by_stem(texts, {".txt", ".caption"});
  ClipPairs out;
  for (const auto& [stem, picture] : images) {
    const auto found = captions.find(stem);
    if (found == captions.end()) {
      out.problems.push_back(concat(picture.string(), ": no ", stem, ".txt in ", texts.string()));
      continue;
    }
    std::vector<std::string> lines = data::caption_lines(read_file(found->second, kLargestText));
    if (lines.empty()) {
      out.problems.push_back(concat(found->second.string(), ": holds no text"));
    } else {
      out.pairs.push_back(pair_of(picture, std::move(lines)));
    }
    captions.erase(found);
  }
  for (const auto& [stem, text] : captions) {
    out.problems.push_back(
        concat(text.string(), ": no picture of that stem in ", pictures.string()));
  }
  return out;
}

}  // namespace

ClipPairs clip_pairs(const fs::path& pictures, const fs::path& texts) {
  ClipPairs out;
  if (texts.empty()) {
    data::FileSet files = data::open_files(pictures, {});
    for (data::FileSample& sample : files.samples) {
      out.pairs.push_back(pair_of(std::move(sample.image), std::move(sample.captions)));
    }
    out.problems = files.problems.first();
    const std::int64_t more = files.problems.count() - std::ssize(out.problems);
    if (more > 0) out.problems.push_back(concat(more, " more entries that cannot be used"));
  } else {
    out = pairs_by_stem(pictures, texts);
  }
  TESSERA_CHECK(!out.pairs.empty(),
                kInvalidArgument,
                pictures.string(),
                ": no picture with a text",
                texts.empty() ? "" : concat(" in ", texts.string()));
  return out;
}

}  // namespace tessera::engine
