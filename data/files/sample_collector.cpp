#include <limits>

#include "core/error.h"
#include "data/files/readers.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMissing = std::numeric_limits<std::size_t>::max();

/// Relative, and still inside after every "." and ".." is worked out.
bool stays_inside(const fs::path& name) {
  const fs::path plain = name.lexically_normal();
  return !name.empty() && name.is_relative() && !plain.empty() && *plain.begin() != ".." &&
         plain != "." && name.native().find('\0') == std::string::npos;
}

}  // namespace

SampleCollector::SampleCollector(const fs::path& list, FileSet& out)
    : images_(out.options.images.empty() ? list.parent_path() : fs::path(out.options.images)),
      out_(out) {}

void SampleCollector::add(const std::string& name,
                          const std::string& caption,
                          const std::string& place) {
  if (!stays_inside(name)) {
    out_.problems.add(place, "the path \"" + name + "\" does not stay in the folder");
    return;
  }
  const std::vector<std::string> lines = caption_lines(caption);
  if (lines.empty()) {
    out_.problems.add(place, "no caption for " + name);
    return;
  }
  const auto [row, fresh] = row_.emplace(fs::path(name).lexically_normal().string(), kMissing);
  if (fresh) {
    const fs::path image = images_ / name;
    std::error_code failed;
    if (fs::is_regular_file(image, failed)) {
      row->second = out_.samples.size();
      out_.samples.push_back({image, {}});
    } else {
      out_.problems.add(place, "no such picture: " + image.string());
    }
  }
  if (row->second == kMissing) return;
  std::string joined;  // a line break inside a quoted caption is a space
  for (const std::string& line : lines) joined += (joined.empty() ? "" : " ") + line;
  out_.samples[row->second].captions.push_back(joined);
}

}  // namespace tessera::data
