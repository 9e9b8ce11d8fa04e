#include "engine/output_names.h"

#include <unistd.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

using test::expect_error;
using test::TemporaryFolder;
namespace fs = std::filesystem;

/// Names of `count` pictures with the seeds 7, 8, … relative to the folder.
std::vector<std::string> names(const TemporaryFolder& folder,
                               const std::string& out,
                               std::size_t count,
                               NamingOptions options = {}) {
  std::vector<PictureName> pictures;
  for (std::size_t k = 0; k < count; ++k)
    pictures.push_back({.prompt = "a red apple", .seed = 7 + k});
  options.out = (folder / out).string();
  std::vector<std::string> result;
  for (const fs::path& file : name_pictures(pictures, options)) {
    result.push_back(fs::relative(file, folder.path()).string());
  }
  return result;
}

using Names = std::vector<std::string>;

TEST(OutputNames, OnePictureAsNamedSeveralWithANumber) {
  const TemporaryFolder folder;
  EXPECT_EQ(names(folder, "x.png", 1), Names{"x.png"});
  EXPECT_EQ(names(folder, "x.png", 3), (Names{"x_0.png", "x_1.png", "x_2.png"}));
  EXPECT_EQ(names(folder, "x", 1), Names{"x.png"});
  EXPECT_EQ(names(folder, "x.png", 2, {.first_index = 5}), (Names{"x_5.png", "x_6.png"}));
}

TEST(OutputNames, FieldsAndPrintfNumbers) {
  const TemporaryFolder folder;
  EXPECT_EQ(names(folder, "p%03d.png", 2), (Names{"p000.png", "p001.png"}));
  EXPECT_EQ(names(folder, "p%d.png", 1, {.first_index = 12}), Names{"p12.png"});
  EXPECT_EQ(names(folder, "{prompt}-{seed}.png", 2),
            (Names{"a-red-apple-7.png", "a-red-apple-8.png"}));
  EXPECT_EQ(names(folder, "{prompt}.png", 2), (Names{"a-red-apple_0.png", "a-red-apple_1.png"}));
  EXPECT_EQ(names(folder, "{index}/x.png", 2), (Names{"0/x.png", "1/x.png"}));
  EXPECT_EQ(names(folder, "100%%.png", 1), Names{"100%.png"});
  EXPECT_EQ(names(folder, "50%.png", 1), Names{"50%.png"});
  EXPECT_THAT(names(folder, "{date}.png", 1).at(0), ::testing::MatchesRegex("20..-..-...png"));
  expect_error(
      ErrorCode::kInvalidArgument, "unknown field {sed}", [&] { names(folder, "{sed}.png", 1); });
}

TEST(OutputNames, AFolderIsNumberedFromTheNextFreeName) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "out");
  EXPECT_EQ(names(folder, "out", 2), (Names{"out/00000-7.png", "out/00001-8.png"}));
  folder.write("out/00041-9.png", "");
  folder.write("out/12-notes.txt", "");
  EXPECT_EQ(names(folder, "out", 1), Names{"out/00042-7.png"});
  EXPECT_EQ(names(folder, "new/", 1), Names{"new/00000-7.png"});
}

TEST(OutputNames, NothingIsOverwrittenUnasked) {
  const TemporaryFolder folder;
  folder.write("x.png", "");
  expect_error(ErrorCode::kInvalidArgument, "x.png exists; say --overwrite", [&] {
    names(folder, "x.png", 1);
  });
  EXPECT_EQ(names(folder, "x.png", 1, {.overwrite = true}), Names{"x.png"});
  folder.write("y_1.png", "");
  expect_error(ErrorCode::kInvalidArgument, "y_1.png exists", [&] { names(folder, "y.png", 2); });
  fs::create_symlink("nowhere", folder / "link.png");
  expect_error(
      ErrorCode::kInvalidArgument, "link.png exists", [&] { names(folder, "link.png", 1); });
}

TEST(OutputNames, TwoPicturesNeverShareAName) {
  const TemporaryFolder folder;
  const std::vector<PictureName> same = {{.prompt = "a", .seed = 1}, {.prompt = "b", .seed = 1}};
  expect_error(ErrorCode::kInvalidArgument, "both be written", [&] {
    name_pictures(same, {.out = (folder / "{seed}.png").string()});
  });
}

TEST(OutputNames, WithoutANameTheNextFreeOneIsTaken) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  const auto next = [](std::size_t count) {
    Names result;
    for (const auto& file : name_pictures(std::vector<PictureName>(count), {}))
      result.push_back(file.string());
    return result;
  };
  EXPECT_EQ(next(1), Names{"output.png"});
  folder.write("output.png", "");
  EXPECT_EQ(next(1), Names{"output-2.png"});
  EXPECT_EQ(next(2), (Names{"output_0.png", "output_1.png"}));
  folder.write("output_1.png", "");
  EXPECT_EQ(next(2), (Names{"output-2_0.png", "output-2_1.png"}));
  fs::current_path(before);
}

TEST(OutputNames, PromptsBecomeSafeNames) {
  EXPECT_EQ(name_from_prompt("A red/apple: \"big\"\n"), "A-red-apple-big");
  EXPECT_EQ(name_from_prompt("../../etc/passwd"), "etc-passwd");
  EXPECT_EQ(name_from_prompt("--rm -rf"), "rm-rf");
  EXPECT_EQ(name_from_prompt(""), "untitled");
  EXPECT_EQ(name_from_prompt("???"), "untitled");
  EXPECT_EQ(name_from_prompt("\xE7\x8C\xAB\xE7\x8C\xAB", 5), "\xE7\x8C\xAB")
      << "cut between characters";
  EXPECT_EQ(name_from_prompt(std::string(10'000, 'x')).size(), 100u);
}

TEST(OutputNames, FoldersAreMadeAndChecked) {
  const TemporaryFolder folder;
  prepare_folders({folder / "a/b/c.png", folder / "d.png"});
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  folder.write("file", "");
  expect_error(
      ErrorCode::kIo, "cannot make this folder", [&] { prepare_folders({folder / "file/x.png"}); });
  expect_error(
      ErrorCode::kInvalidArgument, "is a folder", [&] { prepare_folders({folder / "a"}); });
  prepare_folders({"/dev/null"});
  EXPECT_EQ(name_pictures({{}}, {.out = "/dev/null"}).at(0), "/dev/null")
      << "a device is no file to replace";
  if (::geteuid() != 0) {
    expect_error(ErrorCode::kIo, "cannot write here", [&] { prepare_folders({"/proc/x.png"}); });
  }
}

}  // namespace
}  // namespace tessera::engine
