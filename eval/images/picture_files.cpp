#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"
#include "eval/images/picture_set.h"
#include "io/sha256.h"

namespace tessera::eval {
namespace fs = std::filesystem;
namespace {

bool is_picture_name(const fs::path& file) {
  constexpr std::array<const char*, 5> kEndings = {".png", ".jpg", ".jpeg", ".webp", ".bmp"};
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  fs::recursive_directory_iterator entry(
      folder, fs::directory_options::skip_permission_denied, failed);
  for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    if (is_picture_name(entry->path()) && !entry->is_directory()) files.push_back(entry->path());
  }
  TESSERA_CHECK(!failed, kIo, folder.string(), ": cannot be listed: ", failed.message());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> files_named_in(const fs::path& list) {
  constexpr std::uintmax_t kLongestList = 1u << 28;
  std::istringstream lines(read_file(list, kLongestList));
  std::vector<fs::path> files;
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    files.push_back(list.parent_path() / line);
  }
  return files;
}

class PictureFiles final : public PictureSet {
 public:
  PictureFiles(const fs::path& path, PictureDecoder decode)
      : title_(path.string()), files_(list_pictures(path)), decode_(std::move(decode)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(files_.size()); }
  std::string name(std::int64_t index) const override { return at(index).string(); }
  at::Tensor load(std::int64_t index) const override { return decode_(at(index)); }
  std::string title() const override { return title_; }

  /// Names, sizes and times of all files: a picture that is replaced changes it.
  std::string fingerprint() const override {
    io::Sha256 sum;
    for (const fs::path& file : files_) {
      std::error_code ignored;
      const auto size = fs::file_size(file, ignored);
      const auto time = fs::last_write_time(file, ignored).time_since_epoch().count();
      const std::string line = concat(file.string(), '\n', size, '\n', time, '\n');
      sum.update(line.data(), line.size());
    }
    return sum.hex();
  }

 private:
  const fs::path& at(std::int64_t index) const {
    return files_.at(static_cast<std::size_t>(index));
  }

  std::string title_;
  std::vector<fs::path> files_;
  PictureDecoder decode_;
};

}  // namespace

std::vector<fs::path> list_pictures(const fs::path& path) {
  TESSERA_CHECK(fs::exists(path), kNotFound, path.string(), ": no such folder or list");
  const bool folder = fs::is_directory(path);
  TESSERA_CHECK(folder || !is_picture_name(path),
                kInvalidArgument,
                path.string(),
                ": one picture has no distribution; a folder, a list or statistics are needed");
  std::vector<fs::path> files = folder ? files_below(path) : files_named_in(path);
  TESSERA_CHECK(!files.empty(),
                kInvalidArgument,
                path.string(),
                folder ? ": no pictures (png, jpg, jpeg, webp, bmp) in this folder or below it"
                       : ": the list names no pictures");
  return files;
}

std::unique_ptr<const PictureSet> open_picture_files(const fs::path& path, PictureDecoder decode) {
  return std::make_unique<PictureFiles>(path, std::move(decode));
}

}  // namespace tessera::eval
