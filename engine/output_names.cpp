#include "engine/output_names.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <set>
#include <system_error>

#include <unistd.h>

#include "core/error.h"
#include "engine/image_files.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultName = "output.png";
constexpr const char* kFolderName = "%05d-{seed}.png";

std::string now(const char* format) {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, format, &local);
  return text;
}

/// "%03d" at `at`: its length and width. None where it is no printf number.
struct PrintfNumber {
  std::size_t length = 0;
  int width = 0;
};
std::optional<PrintfNumber> printf_number(const std::string& text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
  if (end >= text.size() || text[end] != 'd' || end - at > 3) return std::nullopt;
  const std::string width = text.substr(at + 1, end - at - 1);
  return PrintfNumber{.length = end + 1 - at, .width = width.empty() ? 0 : std::stoi(width)};
}

std::string zero_padded(std::int64_t number, int width) {
  char text[40];
  std::snprintf(text, sizeof text, "%0*lld", width, static_cast<long long>(number));
  return text;
}

/// A file name with fields, filled for one picture after another.
class Pattern {
 public:
  explicit Pattern(std::string text) : text_(std::move(text)) { expand({}, 0); }

  /// Whether no two pictures of different index can have one name by accident of their prompts.
  bool tells_pictures_apart() const { return has_number_ || has_seed_; }

  std::string expand(const PictureName& picture, std::int64_t index) {
    std::string name;
    for (std::size_t at = 0; at < text_.size();) {
      const auto number = text_[at] == '%' ? printf_number(text_, at) : std::nullopt;
      const auto close = text_[at] == '{' ? text_.find('}', at) : std::string::npos;
      if (number) {
        name += zero_padded(index, number->width);
        has_number_ = true;
        at += number->length;
      } else if (close != std::string::npos) {
        name += field(text_.substr(at + 1, close - at - 1), picture, index);
        at = close + 1;
      } else {
        if (text_.compare(at, 2, "%%") == 0) ++at;
        name += text_[at++];
      }
    }
    return name;
  }

 private:
  std::string field(const std::string& name, const PictureName& picture, std::int64_t index) {
    if (name == "prompt") return name_from_prompt(picture.prompt);
    if (name == "date") return now("%Y-%m-%d");
    if (name == "time") return now("%H%M%S");
    if (name == "seed") {
      has_seed_ = true;
      return std::to_string(picture.seed);
    }
    if (name == "index") {
      has_number_ = true;
      return std::to_string(index);
    }
    TESSERA_THROW(kInvalidArgument,
                  "--out: unknown field {",
                  name,
                  "}; known: {seed}, {index}, {prompt}, {date}, {time}");
  }

  std::string text_;
  bool has_number_ = false;
  bool has_seed_ = false;
};

bool taken(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(file, ignored)) && !is_stream(file);
}

void check_writable(const fs::path& place) {
  const int mode = fs::is_directory(place) ? W_OK | X_OK : W_OK;
  TESSERA_CHECK(::access(place.c_str(), mode) == 0,
                kIo,
                place.string(),
                ": cannot write here: ",
                std::strerror(errno));
}

std::vector<fs::path> expand_all(const std::string& text,
                                 const std::vector<PictureName>& pictures,
                                 std::int64_t first) {
  fs::path path(text);
  if (!path.has_extension() && !is_stream(path)) path += ".png";
  Pattern pattern(path.string());
  if (pictures.size() > 1 && !pattern.tells_pictures_apart()) {
    path.replace_filename(path.stem().string() + "_{index}" + path.extension().string());
    pattern = Pattern(path.string());
  }
  std::vector<fs::path> files;
  for (const PictureName& picture : pictures) {
    files.emplace_back(pattern.expand(picture, first + static_cast<std::int64_t>(files.size())));
  }
  return files;
}

/// The number after the highest that a file name of the folder begins with.
std::int64_t next_number(const fs::path& folder) {
  std::int64_t next = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const auto digits = std::min(name.find_first_not_of("0123456789"), name.size());
    if (digits >= 5 && digits <= 12)
      next = std::max<std::int64_t>(next, std::stoll(name.substr(0, digits)) + 1);
  }
  return next;
}

std::vector<fs::path> default_names(const std::vector<PictureName>& pictures, std::int64_t first) {
  for (int attempt = 1;; ++attempt) {
    fs::path name(kDefaultName);
    if (attempt > 1) name = concat(name.stem().string(), "-", attempt, name.extension().string());
    std::vector<fs::path> files = expand_all(name.string(), pictures, first);
    if (std::none_of(files.begin(), files.end(), taken)) return files;
  }
}

bool is_folder(const std::string& out) {
  std::error_code ignored;
  return out.ends_with('/') || fs::is_directory(out, ignored);
}

}  // namespace

std::string name_from_prompt(const std::string& prompt, std::size_t bytes) {
  std::string name;
  for (const char c : prompt) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0 || c == '_' || c == '.') {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (name.size() > bytes) {
    std::size_t end = bytes;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
    name.resize(end);
  }
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return name.empty() ? "untitled" : name;
}

std::vector<fs::path> name_pictures(const std::vector<PictureName>& pictures,
                                    const NamingOptions& options) {
  if (options.out.empty() && !options.overwrite)
    return default_names(pictures, options.first_index);
  std::string text = options.out.empty() ? kDefaultName : options.out;
  std::int64_t first = options.first_index;
  if (is_folder(text)) {
    first = std::max(first, next_number(text));
    text = (fs::path(text) / kFolderName).string();
  }
  std::vector<fs::path> files = expand_all(text, pictures, first);
  std::set<fs::path> seen;
  for (const fs::path& file : files) {
    TESSERA_CHECK(options.overwrite || !taken(file),
                  kInvalidArgument,
                  file.string(),
                  " exists; say --overwrite or give another --out");
    TESSERA_CHECK(seen.insert(file).second,
                  kInvalidArgument,
                  "two pictures would both be written to ",
                  file.string(),
                  "; put {index} or {seed} into --out");
  }
  return files;
}

void prepare_folders(const std::vector<fs::path>& files) {
  std::set<fs::path> folders;
  for (const fs::path& file : files) {
    TESSERA_CHECK(!fs::is_directory(file), kInvalidArgument, file.string(), " is a folder");
    if (is_stream(file)) {
      check_writable(file);
    } else {
      folders.insert(file.has_parent_path() ? file.parent_path() : fs::path("."));
    }
  }
  for (const fs::path& folder : folders) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    TESSERA_CHECK(!failed, kIo, folder.string(), ": cannot make this folder: ", failed.message());
    check_writable(folder);
  }
}

}  // namespace tessera::engine
