#include "eval/records.h"

#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "eval/record_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

namespace fs = std::filesystem;
using Found = RecordRunOptions::Found;

io::Json header(std::int64_t seed = 1) {
  return {{"schema", "tessera.records/1"}, {"kind", "test"}, {"settings", {{"seed", seed}}}};
}

std::vector<io::Json> rows(std::initializer_list<std::int64_t> indices) {
  std::vector<io::Json> out;
  for (const std::int64_t index : indices)
    out.push_back({{"index", index}, {"value", index * index}});
  return out;
}

std::string text_of(const fs::path& file) {
  return read_file(file);
}

TEST(Records, AreSortedLinesBehindAHeader) {
  const test::TemporaryFolder folder;
  Records records{.header = header()};
  for (io::Json& row : rows({2, 0, 1})) records.rows[row["index"].get<std::int64_t>()] = row;
  const std::string text = records_text(records);
  EXPECT_EQ(text,
            "{\"schema\":\"tessera.records/1\",\"kind\":\"test\",\"settings\":{\"seed\":1}}\n"
            "{\"index\":0,\"value\":0}\n{\"index\":1,\"value\":1}\n{\"index\":2,\"value\":4}\n");
  write_file_atomically(folder / "r.jsonl", text);
  const Records read = read_records(folder / "r.jsonl");
  EXPECT_EQ(read.header, records.header);
  EXPECT_EQ(read.rows, records.rows);
}

TEST(Records, OfOtherProgramsAreNumberedByTheirPlace) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "r.jsonl", "{\"score\": 1.5}\n\n{\"score\": 2}\r\n{\"score\": 3}");
  const Records read = read_records(folder / "r.jsonl");
  EXPECT_TRUE(read.header.empty());
  ASSERT_EQ(read.rows.size(), 3U);
  EXPECT_EQ(read.rows.at(2)["score"], 3);
}

TEST(Records, ThatAreDamagedAreNamedByTheirLine) {
  const test::TemporaryFolder folder;
  const fs::path file = folder / "r.jsonl";
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file_atomically(file, text);
    test::expect_error(ErrorCode::kCorruptFile, message, [&] { read_records(file); });
  };
  refused("{\"index\":0}\n{\"index\":", "line 2");
  refused("{\"index\":0}\n[1]\n", "line 2: is no JSON object");
  refused("{\"index\":-1}\n", "whole number");
  refused("{\"index\":1e99}\n", "whole number");
  refused("{\"index\":0}\n{\"index\":0}\n", "index 0 was there before");
  test::expect_error(ErrorCode::kNotFound, "none", [&] { read_records(folder / "none"); });
}

TEST(Records, WithoutTheirLastEndAreReadUpToIt) {
  const test::TemporaryFolder folder;
  const fs::path file = folder / "r.jsonl";
  {
    RecordLog log(file, header());
    log.append(rows({0, 1}));
  }
  const std::string whole = text_of(file);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    write_file_atomically(file, whole.substr(0, cut));
    const Records read = read_unfinished_records(file);
    EXPECT_EQ(records_text(read), whole.substr(0, whole.rfind('\n', cut - 1) + 1).substr(0, cut))
        << cut;
    RecordLog log(file, header());  // cuts off what was unfinished, and begins what is empty
    std::vector<io::Json> rest;
    for (const std::int64_t index : {0, 1}) {
      if (!read.rows.contains(index)) rest.push_back(rows({index})[0]);
    }
    log.append(rest);
    EXPECT_EQ(text_of(file), whole) << cut;
  }
}

TEST(RecordRun, GoesOnWhereItWasStopped) {
  const test::TemporaryFolder folder;
  RecordRunOptions options{.file = folder / "r.jsonl", .count = 5, .block = 2};
  {
    RecordRun run(options, header());
    EXPECT_EQ(run.missing(), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
    run.add(rows({0, 1}));
    run.add(rows({3}));
  }
  EXPECT_FALSE(fs::exists(options.file));
  EXPECT_EQ(recorded_rows(options.file), 3);
  test::expect_error(
      ErrorCode::kInvalidArgument, "unfinished run", [&] { RecordRun(options, header()); });
  options.found = Found::kGoOn;
  test::expect_error(ErrorCode::kInvalidArgument, "seed was 1, now it is 2", [&] {
    RecordRun(options, header(2));
  });
  RecordRun run(options, header());
  EXPECT_EQ(run.missing(), (std::vector<std::int64_t>{2, 4}));
  run.add(rows({2}));
  EXPECT_FALSE(run.finish());
  run.add(rows({4}));
  EXPECT_TRUE(run.finish());
  EXPECT_EQ(read_records(options.file).rows.size(), 5U);
  EXPECT_FALSE(fs::exists(options.file.string() + ".partial"));
  EXPECT_EQ(recorded_rows(options.file), 5);
}

TEST(RecordRun, ThatIsWholeIsReadAndCanBeMadeLonger) {
  const test::TemporaryFolder folder;
  RecordRunOptions options{.file = folder / "r.jsonl", .count = 3};
  {
    RecordRun run(options, header());
    run.add(rows({0, 1, 2}));
    EXPECT_TRUE(run.finish());
  }
  test::expect_error(
      ErrorCode::kInvalidArgument, "is there already", [&] { RecordRun(options, header()); });
  options.found = Found::kGoOn;
  RecordRun again(options, header());
  EXPECT_TRUE(again.missing().empty());
  EXPECT_TRUE(again.finish());
  options.count = 2;  // fewer: the file stays as it is
  RecordRun fewer(options, header());
  EXPECT_TRUE(fewer.finish());
  EXPECT_EQ(fewer.records().rows.size(), 2U);
  EXPECT_EQ(read_records(options.file).rows.size(), 3U);
  options.count = 4;
  RecordRun more(options, header());
  EXPECT_EQ(more.missing(), std::vector<std::int64_t>{3});
  more.add(rows({3}));
  EXPECT_TRUE(more.finish());
  EXPECT_EQ(read_records(options.file).rows.size(), 4U);
  options.found = Found::kReplace;
  RecordRun anew(options, header(2));
  EXPECT_EQ(anew.missing().size(), 4U);
}

TEST(RecordRun, DividedAmongProcessesGivesTheSameFile) {
  const test::TemporaryFolder folder;
  const std::int64_t count = 11;
  const auto judge = [](RecordRun& run) {
    for (const std::int64_t index : run.missing()) run.add(rows({index}));
  };
  RecordRun alone({.file = folder / "alone.jsonl", .count = count, .block = 2}, header());
  judge(alone);
  EXPECT_TRUE(alone.finish());
  std::vector<std::unique_ptr<RecordRun>> parts;
  std::set<std::int64_t> seen;
  for (std::int64_t rank = 0; rank < 3; ++rank) {
    parts.push_back(
        std::make_unique<RecordRun>(RecordRunOptions{.file = folder / "parts.jsonl",
                                                     .count = count,
                                                     .block = 2,
                                                     .share = {.rank = rank, .count = 3}},
                                    header()));
    for (const std::int64_t index : parts.back()->missing()) {
      EXPECT_TRUE(seen.insert(index).second) << index;
      EXPECT_EQ(index / 2 % 3, rank);
    }
  }
  EXPECT_EQ(seen.size(), 11U);
  for (const std::int64_t rank : {2, 0, 1}) {
    judge(*parts[static_cast<std::size_t>(rank)]);
    EXPECT_EQ(parts[static_cast<std::size_t>(rank)]->finish(), rank == 1);
  }
  EXPECT_FALSE(parts[0]->finish()) << "one process is told that the run is whole";
  EXPECT_EQ(text_of(folder / "parts.jsonl"), text_of(folder / "alone.jsonl"));
}

TEST(RecordRun, RefusesWhatCannotBe) {
  test::expect_error(ErrorCode::kInvalidArgument, "3 of 3", [] {
    RecordRun({.file = "x", .count = 1, .share = {.rank = 3, .count = 3}}, header());
  });
  test::expect_error(ErrorCode::kInvalidArgument, "need a file", [] {
    RecordRun({.count = 1, .share = {.rank = 0, .count = 2}}, header());
  });
}

}  // namespace
}  // namespace tessera::eval
