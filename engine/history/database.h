#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tessera::history {

/// One statement, prepared; bound and read by position. Rows are walked with step().
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters count from 1. Texts and blobs must live until the last step().
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::span<const std::uint8_t> blob);

  /// Whether there is a row (more). Throws what check_sqlite() makes of a failure.
  bool step();
  /// Runs a statement that gives no rows, and makes it ready for the next values.
  void run();

  // Columns count from 0.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::span<const std::uint8_t> blob(int column) const;  // until the next step()

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Another process has held the file for longer than one waits. Nothing was written; the same call
/// succeeds once the file is free.
class Locked final : public Error {
 public:
  explicit Locked(const std::string& message) : Error(ErrorCode::kIo, message) {}
};

/// An SQLite file in WAL mode that several processes may use at once: a writer waits for another
/// one as long as `patience` says, a reader never. Every failure is one line with the file's name:
/// kCorruptFile where the file is no database or is damaged, Locked where it is held for longer,
/// kIo where the disk is full or the file is read-only.
class Database {
 public:
  static constexpr std::chrono::milliseconds kPatience{5000};

  /// Makes the file and its folder where there are none.
  explicit Database(const std::filesystem::path& file,
                    std::chrono::milliseconds patience = kPatience);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  sqlite3* handle() const { return handle_; }
  const std::filesystem::path& file() const { return file_; }
  void execute(const char* sql);
  std::int64_t last_row() const;
  /// Differs from the last answer once another connection has written.
  std::int64_t version() const;

 private:
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
};

/// Everything between construction and commit() happens, or nothing.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace tessera::history
