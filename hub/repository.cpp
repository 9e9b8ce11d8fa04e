#include "hub/repository.h"

#include <algorithm>

#include "core/error.h"

namespace tessera::hub {
namespace {

constexpr std::size_t kLongestName = 96;
constexpr std::size_t kLongestPath = 1024;
constexpr std::size_t kLongestPart = 255;  // of most file systems
constexpr const char* kFolderStart = "models--";

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool is_name_part(const std::string& part) {
  const auto edge = [](char c) { return c == '-' || c == '.'; };
  return !part.empty() && std::all_of(part.begin(), part.end(), is_name_letter) &&
         !edge(part.front()) && !edge(part.back()) && part.find("--") == std::string::npos &&
         part.find("..") == std::string::npos;
}

bool is_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (text.size() > kLongestName) return false;
  if (slash == std::string::npos) return is_name_part(text);
  return is_name_part(text.substr(0, slash)) && is_name_part(text.substr(slash + 1));
}

/// Relative, and every part of it a plain name.
bool stays_inside(const std::string& path) {
  if (path.empty() || path.size() > kLongestPath) return false;
  if (std::any_of(path.begin(), path.end(), [](char c) { return is_control(c) || c == '\\'; })) {
    return false;
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.size() > kLongestPart) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

Repository::Repository(const std::string& text) : name_(text) {
  TESSERA_CHECK(is_name(text),
                kInvalidArgument,
                "\"",
                printable(text),
                "\" is no name of a published model; it must look like ORG/NAME (letters, digits, "
                "- _ .)");
}

std::optional<Repository> Repository::parse(const std::string& text) {
  if (!is_name(text)) return std::nullopt;
  return Repository(text);
}

std::string Repository::folder() const {
  std::string folder = kFolderStart + name_;
  const std::size_t slash = folder.find('/');
  if (slash != std::string::npos) folder.replace(slash, 1, "--");
  return folder;
}

std::optional<Repository> Repository::of_folder(const std::string& folder) {
  if (!folder.starts_with(kFolderStart)) return std::nullopt;
  std::string name = folder.substr(std::string(kFolderStart).size());
  const std::size_t dashes = name.find("--");
  if (dashes != std::string::npos) name.replace(dashes, 2, "/");
  return parse(name);
}

void check_listed_path(const std::string& path, const std::string& what) {
  TESSERA_CHECK(stays_inside(path),
                kCorruptFile,
                what,
                ": the server lists the path \"",
                printable(path),
                "\", which is refused: a path must stay inside the model's folder");
}

void check_revision(const std::string& revision) {
  TESSERA_CHECK(stays_inside(revision),
                kInvalidArgument,
                "\"",
                printable(revision),
                "\" is no revision; it must be a branch, a tag or a commit");
}

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string url_escaped(const std::string& text, Slashes slashes) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_name_letter(c) || c == '~' || (c == '/' && slashes == Slashes::kKeep)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

std::string printable(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  std::string out = text.substr(0, kLongest);
  std::replace_if(out.begin(), out.end(), is_control, '?');
  return text.size() > kLongest ? out + "..." : out;
}

}  // namespace tessera::hub
