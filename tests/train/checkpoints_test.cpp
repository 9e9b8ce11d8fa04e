#include "train/checkpoints.h"

#include <fstream>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::train {
namespace {
namespace fs = std::filesystem;

void save(const Checkpoints& checkpoints, std::int64_t step, std::int64_t keep = 10) {
  checkpoints.save(step, "note " + std::to_string(step), keep, [&](const fs::path& folder) {
    write_file_atomically(folder / "a.bin", std::string(100, static_cast<char>(step)));
    fs::create_directories(folder / "sub");
    write_file_atomically(folder / "sub" / "b.bin", "b");
  });
}

void flip_a_bit(const fs::path& file) {
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(file, std::ios::binary) << bytes;
}

TEST(Checkpoints, NewestComesBackWithItsNote) {
  const test::TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path() / "checkpoints");
  EXPECT_FALSE(checkpoints.newest_whole().has_value());
  save(checkpoints, 5);
  save(checkpoints, 120);
  save(checkpoints, 30);
  const auto found = checkpoints.newest_whole();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->step, 120);
  EXPECT_EQ(found->note, "note 120");
  EXPECT_EQ(found->folder.filename(), "step-00000120");
}

TEST(Checkpoints, OnlyTheNewestAreKept) {
  const test::TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path());
  for (std::int64_t step = 1; step <= 5; ++step) save(checkpoints, step, 2);
  EXPECT_FALSE(fs::exists(folder.path() / "step-00000003"));
  EXPECT_TRUE(fs::exists(folder.path() / "step-00000004"));
  EXPECT_TRUE(fs::exists(folder.path() / "step-00000005"));
}

TEST(Checkpoints, ADamagedOneIsPassedOver) {
  const test::TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path());
  save(checkpoints, 1);
  save(checkpoints, 2);
  save(checkpoints, 3);
  flip_a_bit(folder.path() / "step-00000003" / "a.bin");
  fs::remove(folder.path() / "step-00000002" / "sub" / "b.bin");
  EXPECT_EQ(checkpoints.newest_whole()->step, 1);
  fs::resize_file(folder.path() / "step-00000001" / "checkpoint.json", 20);
  test::expect_error(ErrorCode::kCorruptFile, "no checkpoint of this run is whole", [&] {
    checkpoints.newest_whole();
  });
}

TEST(Checkpoints, AFailedSaveLeavesTheOthersAndNoTrace) {
  const test::TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path());
  save(checkpoints, 1);
  test::expect_error(ErrorCode::kIo, "no room", [&] {
    checkpoints.save(2, "", 1, [](const fs::path& to) {
      write_file_atomically(to / "half", "x");
      TESSERA_THROW(kIo, "no room");
    });
  });
  EXPECT_EQ(checkpoints.newest_whole()->step, 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(Checkpoints, WhatAKilledSaveLeftIsRemoved) {
  const test::TemporaryFolder folder;
  fs::create_directories(folder.path() / ".step-00000007.tmp");
  const Checkpoints checkpoints(folder.path());
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

/// A disk that takes no more bytes: the system refuses files over 4 KiB to this process.
class FullDisk {
 public:
  FullDisk() {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{4096, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

TEST(Checkpoints, AFullDiskIsAnErrorAndTheEarlierOneStaysWhole) {
  const test::TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path());
  save(checkpoints, 1);
  {
    const FullDisk full;
    test::expect_error(ErrorCode::kIo, "big.bin", [&] {
      checkpoints.save(2, "", 1, [](const fs::path& to) {
        write_file_atomically(to / "big.bin", std::string(100000, 'x'));
      });
    });
  }
  EXPECT_EQ(checkpoints.newest_whole()->step, 1);
}

}  // namespace
}  // namespace tessera::train
