#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tessera::hub {

/// The name of a published model: "ORG/NAME", or "NAME" alone as the oldest ones have it.
class Repository {
 public:
  /// Letters, digits, "-", "_" and "." only, at most 96 characters, neither "--" nor ".." in it.
  /// Throws kInvalidArgument naming `text` and what would be right.
  explicit Repository(const std::string& text);
  static std::optional<Repository> parse(const std::string& text);

  const std::string& name() const { return name_; }
  std::string folder() const;  // in the cache: "models--ORG--NAME"
  /// The repository of a folder of the cache; none where it is not one.
  static std::optional<Repository> of_folder(const std::string& folder);

 private:
  std::string name_;
};

/// Throws kCorruptFile, naming `what` and the path, unless a path that a server listed stays inside
/// the folder it is for: relative, no "." or ".." or empty part, no backslash, no control
/// character.
void check_listed_path(const std::string& path, const std::string& what);

/// Throws kInvalidArgument unless `revision` can be a branch, tag, pull request or commit.
void check_revision(const std::string& revision);

/// Whether `text` is a full commit id: 40 or 64 lower-case hexadecimal digits.
bool is_commit(const std::string& text);

/// Every byte outside A-Z a-z 0-9 - . _ ~ as %XX; "/" as asked.
enum class Slashes : unsigned char { kKeep, kEscape };
std::string url_escaped(const std::string& text, Slashes slashes);

/// `text` for an error line: control characters as "?", at most 200 bytes.
std::string printable(const std::string& text);

}  // namespace tessera::hub
