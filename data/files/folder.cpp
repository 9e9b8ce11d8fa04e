#include <algorithm>
#include <array>
#include <cctype>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/files/readers.h"
#include "io/utf8.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMaxCaptionFile = 1u << 20;
constexpr std::array<const char*, 5> kExtensions = {".png", ".jpg", ".jpeg", ".webp", ".bmp"};

bool is_picture(const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

bool is_hidden(const fs::path& file) {
  return file.filename().string().rfind('.', 0) == 0;
}

/// All pictures in and below a folder, by name. Linked folders and hidden ones are not entered;
/// what may not be read becomes a problem.
std::vector<fs::path> pictures_below(const fs::path& folder, Problems& problems) {
  std::vector<fs::path> found;
  std::vector<fs::path> folders = {folder};
  while (!folders.empty()) {
    const fs::path here = folders.back();
    folders.pop_back();
    std::error_code failed;
    fs::directory_iterator entry(here, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
      std::error_code ignored;
      if (is_hidden(entry->path())) continue;
      if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
        folders.push_back(entry->path());
      } else if (is_picture(entry->path())) {
        found.push_back(entry->path());
      }
    }
    if (failed) problems.add(here.string(), failed.message());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> caption_lines(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && blank(line.back())) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(io::repaired_utf8(line));
  }
  return lines;
}

void read_folder(const fs::path& folder, FileSet& out) {
  for (const fs::path& image : pictures_below(folder, out.problems)) {
    fs::path text = fs::path(image).replace_extension(".txt");
    std::error_code failed;
    if (!fs::exists(text, failed)) text.replace_extension(".caption");
    if (!fs::exists(text, failed)) {
      const std::string stem = image.stem().string();
      out.problems.add(image.string(), "no " + stem + ".txt or " + stem + ".caption beside it");
      continue;
    }
    try {
      std::vector<std::string> captions = caption_lines(read_file(text, kMaxCaptionFile));
      if (captions.empty()) {
        out.problems.add(image.string(), text.filename().string() + " is empty");
      } else {
        out.samples.push_back({image, std::move(captions)});
      }
    } catch (const Error& error) {
      out.problems.add(image.string(), error.what());
    }
  }
}

}  // namespace tessera::data
