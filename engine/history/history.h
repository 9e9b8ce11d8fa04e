#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/history/database.h"

namespace tessera::history {

/// A picture that was made. The pixels are in its file; the database holds what is needed to list,
/// find and repeat it.
struct Entry {
  std::int64_t id = 0;    // given by add()
  std::int64_t time = 0;  // milliseconds since 1970, UTC
  std::filesystem::path file{};
  std::string prompt{};  // UTF-8
  std::string record{};  // JSON, schema "tessera.image/1": docs/formats/png.md
  std::string model{};   // its name
  std::string seed{};    // decimal, up to 64 bits unsigned
  std::int32_t width = 0;
  std::int32_t height = 0;
  bool favourite = false;
  std::vector<std::uint8_t> thumbnail{};  // an encoded picture; may be empty
};

/// Which entries. The newest come first.
struct Query {
  std::string words{};  // every word occurs in the prompt, in any case of ASCII letters
  bool favourites = false;
  std::string model{};  // "" = any
};

/// The history of pictures, the starred prompts and the waiting jobs, in one SQLite file; any
/// number of instances of the program may have it open. Throws as Database does. Not thread-safe: a
/// thread opens its own.
class History {
 public:
  /// Makes an empty one where there is no file. A file of a newer program is refused
  /// (kInvalidArgument), one of an older is brought up; a damaged one throws kCorruptFile and is
  /// left as it is. `patience` is how long a writer waits for another process: short where somebody
  /// waits for the answer.
  explicit History(const std::filesystem::path& file,
                   std::chrono::milliseconds patience = Database::kPatience);

  /// -> the new entry's id.
  std::int64_t add(const Entry& entry);
  std::int64_t count(const Query& query) const;
  /// Ids of all that match, newest first: cheap, so that a list of any length can be shown.
  std::vector<std::int64_t> ids(const Query& query) const;
  /// Absent where another instance has removed it.
  std::optional<Entry> find(std::int64_t id) const;
  void set_favourite(std::int64_t id, bool favourite);  // NOLINT: a property, not a mode
  /// Forgets entries; their files are the caller's business.
  void remove(const std::vector<std::int64_t>& ids);
  /// Different prompts, newest first.
  std::vector<std::string> prompts(std::int64_t most) const;
  std::vector<std::string> models() const;

  /// Prompts that were starred, the newest star first. They outlive their pictures.
  std::vector<std::string> starred_prompts() const;
  /// Once more moves it to the front.
  void star_prompt(const std::string& prompt);
  /// No effect where it has no star.
  void unstar_prompt(const std::string& prompt);

  /// Work that was asked for and is not done, as JSON of engine::GenerateRequest in its order: it
  /// outlives the program. save_jobs() replaces what was there.
  void save_jobs(const std::vector<std::string>& requests);
  std::vector<std::string> jobs() const;

  /// Whether anybody else has written since the last call.
  bool changed_elsewhere();
  const std::filesystem::path& file() const { return database_.file(); }

 private:
  mutable Database database_;
  std::int64_t seen_ = 0;
};

struct OpenedHistory {
  std::unique_ptr<History> history{};
  std::filesystem::path put_aside{};  // the damaged file's new name; "" = all was well
};

/// Opens `file`; a damaged one is renamed to NAME.damaged-1 (or the next free number) and an empty
/// one begun, so that nothing is lost and the program starts.
OpenedHistory open_or_put_aside(const std::filesystem::path& file,
                                std::chrono::milliseconds patience = Database::kPatience);

}  // namespace tessera::history
