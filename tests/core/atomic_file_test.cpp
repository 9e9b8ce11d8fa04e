#include "core/atomic_file.h"

#include <fstream>

#include <gtest/gtest.h>

#include "core/error.h"

namespace tessera {
namespace {
namespace fs = std::filesystem;

class AtomicFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / concat("tessera-atomic-", ::getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }
  fs::path folder_;
};

TEST_F(AtomicFile, RoundTripsBytes) {
  const std::string bytes("a\0b\nc", 5);
  write_file_atomically(folder_ / "x", bytes);
  EXPECT_EQ(read_file(folder_ / "x"), bytes);
  EXPECT_EQ(entries(), 1);
}

TEST_F(AtomicFile, AFailingWriterLeavesTheOldFileAlone) {
  write_file_atomically(folder_ / "x", "good");
  EXPECT_THROW(write_atomically(folder_ / "x",
                                [](const fs::path& temporary) {
                                  std::ofstream(temporary) << "half";
                                  throw std::runtime_error("power cut");
                                }),
               std::runtime_error);
  EXPECT_EQ(read_file(folder_ / "x"), "good");
  EXPECT_EQ(entries(), 1);
}

TEST_F(AtomicFile, AFolderAppearsWholeOrNotAtAll) {
  const fs::path target = folder_ / "model";
  fs::create_directories(folder_ / "model.unfinished" / "left");  // of an attempt that was killed
  write_folder_atomically(target, [&](const fs::path& folder) {
    EXPECT_FALSE(fs::exists(target));
    EXPECT_TRUE(fs::is_empty(folder));
    write_file_atomically(folder / "x", "good");
  });
  EXPECT_EQ(read_file(target / "x"), "good");
  EXPECT_EQ(entries(), 1);
  bool called = false;
  try {
    write_folder_atomically(target, [&](const fs::path& /*folder*/) { called = true; });
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(called);
  EXPECT_THROW(write_folder_atomically(folder_ / "other" / "",
                                       [](const fs::path& folder) {
                                         write_file_atomically(folder / "x", "half");
                                         throw std::runtime_error("power cut");
                                       }),
               std::runtime_error);
  EXPECT_EQ(entries(), 1) << "nothing of it is left";
}

TEST_F(AtomicFile, AFullDiskIsAnIoErrorThatNamesTheTarget) {
  try {
    write_file_atomically("/dev/full/x", "bytes");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kIo);
    EXPECT_NE(std::string(e.what()).find("/dev/full/x"), std::string::npos);
  }
}

TEST_F(AtomicFile, MissingFolderAndFolderAsFileAreTold) {
  try {
    read_file(folder_ / "none");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kNotFound);
  }
  EXPECT_THROW(read_file(folder_), Error);
  write_file_atomically(folder_ / "x", std::string(100, 'x'));
  EXPECT_THROW(read_file(folder_ / "x", 50), Error);
}

}  // namespace
}  // namespace tessera
