#include "engine/history/history.h"

#include <algorithm>
#include <sstream>

#include "core/error.h"

namespace tessera::history {
namespace {

constexpr std::int64_t kSchema = 2;

// What each version added to the one before; a new file goes through all of them.
constexpr const char* kAdditions[kSchema] = {R"(
CREATE TABLE picture (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  file TEXT NOT NULL,
  prompt TEXT NOT NULL,
  record TEXT NOT NULL,
  model TEXT NOT NULL,
  seed TEXT NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  favourite INTEGER NOT NULL DEFAULT 0,
  thumbnail BLOB NOT NULL
);
CREATE INDEX picture_by_time ON picture (time DESC, id DESC);
CREATE TABLE job (place INTEGER PRIMARY KEY, request TEXT NOT NULL);
PRAGMA user_version = 1;
)",
                                             R"(
CREATE TABLE starred_prompt (place INTEGER PRIMARY KEY AUTOINCREMENT, prompt TEXT NOT NULL UNIQUE);
PRAGMA user_version = 2;
)"};

/// A word as a pattern of LIKE that finds it anywhere.
std::string pattern_of(const std::string& word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

/// " WHERE …" of a query and the values of its parameters, in order.
struct Condition {
  std::string sql{};
  std::vector<std::string> values{};
};

Condition condition_of(const Query& query) {
  Condition condition;
  const auto also = [&](const char* test) {
    condition.sql += condition.sql.empty() ? " WHERE " : " AND ";
    condition.sql += test;
  };
  std::istringstream words(query.words);
  for (std::string word; words >> word;) {
    also("prompt LIKE ? ESCAPE '\\'");
    condition.values.push_back(pattern_of(word));
  }
  if (query.favourites) also("favourite = 1");
  if (!query.model.empty()) {
    also("model = ?");
    condition.values.push_back(query.model);
  }
  return condition;
}

void bind_all(Statement& statement, const Condition& condition) {
  int parameter = 0;
  for (const std::string& value : condition.values) statement.bind(++parameter, value);
}

void prepare_tables(Database& database) {
  const auto schema_of = [&] {
    Statement version(database.handle(), "PRAGMA user_version");
    version.step();
    return version.integer(0);
  };
  if (schema_of() < kSchema) {
    Transaction making(database);
    // Asked again under the lock: another instance may have been first.
    for (std::int64_t have = schema_of(); have < kSchema; ++have) {
      database.execute(kAdditions[have]);
    }
    making.commit();
  }
  TESSERA_CHECK(schema_of() == kSchema,
                kInvalidArgument,
                database.file().string(),
                ": is a history of version ",
                schema_of(),
                "; this program reads version ",
                kSchema);
}

void check_whole(Database& database) {
  Statement check(database.handle(), "PRAGMA quick_check(1)");
  std::string verdict = check.step() ? check.text(0) : "no answer";
  std::replace(verdict.begin(), verdict.end(), '\n', ' ');
  TESSERA_CHECK(verdict == "ok", kCorruptFile, database.file().string(), ": is damaged: ", verdict);
}

}  // namespace

History::History(const std::filesystem::path& file, std::chrono::milliseconds patience)
    : database_(file, patience) {
  check_whole(database_);
  prepare_tables(database_);
  seen_ = database_.version();
}

std::int64_t History::add(const Entry& entry) {
  Statement insert(database_.handle(),
                   "INSERT INTO picture (time, file, prompt, record, model, seed, width, height, "
                   "favourite, thumbnail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const std::string file = entry.file.string();
  insert.bind(1, entry.time)
      .bind(2, file)
      .bind(3, entry.prompt)
      .bind(4, entry.record)
      .bind(5, entry.model)
      .bind(6, entry.seed)
      .bind(7, std::int64_t{entry.width})
      .bind(8, std::int64_t{entry.height})
      .bind(9, std::int64_t{entry.favourite})
      .bind(10, std::span<const std::uint8_t>(entry.thumbnail));
  insert.run();
  return database_.last_row();
}

std::int64_t History::count(const Query& query) const {
  const Condition condition = condition_of(query);
  Statement select(database_.handle(), "SELECT count(*) FROM picture" + condition.sql);
  bind_all(select, condition);
  select.step();
  return select.integer(0);
}

std::vector<std::int64_t> History::ids(const Query& query) const {
  const Condition condition = condition_of(query);
  Statement select(database_.handle(),
                   "SELECT id FROM picture" + condition.sql + " ORDER BY time DESC, id DESC");
  bind_all(select, condition);
  std::vector<std::int64_t> ids;
  while (select.step()) ids.push_back(select.integer(0));
  return ids;
}

std::optional<Entry> History::find(std::int64_t id) const {
  Statement select(database_.handle(),
                   "SELECT time, file, prompt, record, model, seed, width, height, favourite, "
                   "thumbnail FROM picture WHERE id = ?");
  select.bind(1, id);
  if (!select.step()) return {};
  const auto thumbnail = select.blob(9);
  return Entry{.id = id,
               .time = select.integer(0),
               .file = select.text(1),
               .prompt = select.text(2),
               .record = select.text(3),
               .model = select.text(4),
               .seed = select.text(5),
               .width = static_cast<std::int32_t>(select.integer(6)),
               .height = static_cast<std::int32_t>(select.integer(7)),
               .favourite = select.integer(8) != 0,
               .thumbnail = {thumbnail.begin(), thumbnail.end()}};
}

void History::set_favourite(std::int64_t id, bool favourite) {
  Statement update(database_.handle(), "UPDATE picture SET favourite = ? WHERE id = ?");
  update.bind(1, std::int64_t{favourite}).bind(2, id).run();
}

void History::remove(const std::vector<std::int64_t>& ids) {
  Transaction removal(database_);
  Statement erase(database_.handle(), "DELETE FROM picture WHERE id = ?");
  for (const std::int64_t id : ids) erase.bind(1, id).run();
  removal.commit();
}

std::vector<std::string> History::prompts(std::int64_t most) const {
  Statement select(database_.handle(),
                   "SELECT prompt FROM picture WHERE prompt <> '' GROUP BY prompt "
                   "ORDER BY max(time) DESC, max(id) DESC LIMIT ?");
  select.bind(1, most);
  std::vector<std::string> prompts;
  while (select.step()) prompts.push_back(select.text(0));
  return prompts;
}

std::vector<std::string> History::models() const {
  Statement select(database_.handle(), "SELECT DISTINCT model FROM picture ORDER BY model");
  std::vector<std::string> models;
  while (select.step()) models.push_back(select.text(0));
  return models;
}

std::vector<std::string> History::starred_prompts() const {
  Statement select(database_.handle(), "SELECT prompt FROM starred_prompt ORDER BY place DESC");
  std::vector<std::string> prompts;
  while (select.step()) prompts.push_back(select.text(0));
  return prompts;
}

void History::star_prompt(const std::string& prompt) {
  Statement insert(database_.handle(), "REPLACE INTO starred_prompt (prompt) VALUES (?)");
  insert.bind(1, prompt).run();
}

void History::unstar_prompt(const std::string& prompt) {
  Statement erase(database_.handle(), "DELETE FROM starred_prompt WHERE prompt = ?");
  erase.bind(1, prompt).run();
}

void History::save_jobs(const std::vector<std::string>& requests) {
  Transaction saving(database_);
  database_.execute("DELETE FROM job");
  Statement insert(database_.handle(), "INSERT INTO job (place, request) VALUES (?, ?)");
  std::int64_t place = 0;
  for (const std::string& request : requests) insert.bind(1, ++place).bind(2, request).run();
  saving.commit();
}

std::vector<std::string> History::jobs() const {
  Statement select(database_.handle(), "SELECT request FROM job ORDER BY place");
  std::vector<std::string> requests;
  while (select.step()) requests.push_back(select.text(0));
  return requests;
}

bool History::changed_elsewhere() {
  const std::int64_t now = database_.version();
  const bool changed = now != seen_;
  seen_ = now;
  return changed;
}

OpenedHistory open_or_put_aside(const std::filesystem::path& file,
                                std::chrono::milliseconds patience) {
  try {
    return {.history = std::make_unique<History>(file, patience)};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorruptFile) throw;
  }
  std::filesystem::path aside;
  for (int number = 1; aside.empty() || std::filesystem::exists(aside); ++number) {
    aside = file.string() + ".damaged-" + std::to_string(number);
  }
  std::error_code failed;
  std::filesystem::rename(file, aside, failed);
  TESSERA_CHECK(!failed, kIo, file.string(), ": cannot be put aside: ", failed.message());
  // What SQLite keeps beside a file belongs to it and would damage the new one.
  for (const char* companion : {"-wal", "-shm"}) {
    std::filesystem::rename(file.string() + companion, aside.string() + companion, failed);
  }
  return {.history = std::make_unique<History>(file, patience), .put_aside = aside};
}

}  // namespace tessera::history
