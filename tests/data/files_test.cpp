#include "data/files/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/files/csv.h"
#include "io/image/codecs.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string png(std::int32_t width, std::int32_t height, std::uint8_t level) {
  return io::encode_png(
      {width,
       height,
       std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), level)});
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "sub/.hidden");
    for (const char* name : {"a.png", "b.PNG", "sub/c.png", "sub/.hidden/x.png", ".d.png"}) {
      folder_.write(name, png(8, 8, 100));
    }
  }
  /// "NAME: CAPTION | CAPTION" of each sample, in order.
  std::vector<std::string> found(const std::filesystem::path& path, FilesOptions options = {}) {
    const FileSet set = open_files(path, options);
    problems_ = set.problems.first();
    std::vector<std::string> out;
    for (const FileSample& sample : set.samples) {
      std::string line = sample.image.lexically_relative(folder_.path()).string() + ":";
      for (const std::string& caption : sample.captions) line += " " + caption + " |";
      out.push_back(line);
    }
    return out;
  }
  test::TemporaryFolder folder_{};
  std::vector<std::string> problems_{};
};

TEST_F(Files, AFolderWithCaptionsBesideThePictures) {
  folder_.write("a.txt", "\xEF\xBB\xBFone apple\r\n\r\n  another  \n");
  folder_.write("b.caption", "b\xff");
  folder_.write("sub/c.txt", "c");
  folder_.write("sub/c.caption", "not this");
  folder_.write("readme.txt", "no picture");
  EXPECT_THAT(
      found(folder_.path()),
      ElementsAre("a.png: one apple | another |", "b.PNG: b\xEF\xBF\xBD |", "sub/c.png: c |"));
  EXPECT_TRUE(problems_.empty());
}

TEST_F(Files, AMissingOrEmptyCaptionIsReported) {
  folder_.write("a.txt", " \n\n");
  folder_.write("sub/c.txt", "c");
  EXPECT_THAT(found(folder_.path()), ElementsAre("sub/c.png: c |"));
  EXPECT_THAT(
      problems_,
      ElementsAre(HasSubstr("a.png: a.txt is empty"), HasSubstr("b.PNG: no b.txt or b.caption")));
}

TEST_F(Files, ManyProblemsAreCounted) {
  folder_.write("a.txt", "a");
  for (int i = 0; i < 25; ++i) folder_.write(concat("sub/", i, ".png"), "x");
  const FileSet set = open_files(folder_.path(), {});
  EXPECT_EQ(set.problems.count(), 27);
  EXPECT_EQ(set.problems.first().size(), 10U);
}

TEST_F(Files, JsonLines) {
  folder_.write("metadata.jsonl",
                R"({"file_name": "sub/c.png", "text": "c, \"quoted\""})"
                "\n\n"
                R"({"file_name": "a.png", "caption": ["a1", "a2"]})"
                "\r\n"
                R"({"file_name": "./sub/../a.png", "prompt": "a3"})"
                "\n");
  EXPECT_THAT(found(folder_.path()),
              ElementsAre("sub/c.png: c, \"quoted\" |", "a.png: a1 | a2 | a3 |"));
  EXPECT_EQ(found(folder_ / "metadata.jsonl").size(), 2U);
}

TEST_F(Files, BadJsonLinesAreReportedByNumber) {
  folder_.write("list.jsonl",
                "{\"file_name\": \"a.png\", \"text\": \"a\"}\n"
                "{broken\n[1]\n{\"text\": \"t\"}\n{\"file_name\": \"a.png\"}\n"
                "{\"file_name\": \"a.png\", \"text\": \" \"}\n"
                "{\"file_name\": \"none.png\", \"text\": \"t\"}\n"
                "{\"file_name\": \"../up.png\", \"text\": \"t\"}\n"
                "{\"file_name\": \"sub/../../up.png\", \"text\": \"t\"}\n"
                "{\"file_name\": \"/etc/passwd\", \"text\": \"t\"}\n");
  EXPECT_THAT(found(folder_ / "list.jsonl"), ElementsAre("a.png: a |"));
  EXPECT_THAT(problems_,
              ElementsAre("list.jsonl, line 2: not valid JSON",
                          "list.jsonl, line 3: not a JSON object",
                          "list.jsonl, line 4: no \"file_name\"",
                          "list.jsonl, line 5: no caption",
                          "list.jsonl, line 6: no caption for a.png",
                          HasSubstr("line 7: no such picture"),
                          HasSubstr("line 8: the path"),
                          HasSubstr("line 9: the path"),
                          HasSubstr("line 10: the path")));
}

TEST_F(Files, ColumnsAndFolderCanBeNamed) {
  std::filesystem::create_directories(folder_ / "lists");
  folder_.write("lists/l.jsonl", R"({"img": "a.png", "alt": "x", "text": "not this"})");
  const FilesOptions options{
      .images = folder_.path().string(), .image_column = "img", .caption_column = "alt"};
  EXPECT_THAT(found(folder_ / "lists/l.jsonl", options), ElementsAre("a.png: x |"));
  folder_.write("lists/l.csv", "alt,img\nx,a.png\n");
  EXPECT_THAT(found(folder_ / "lists/l.csv", options), ElementsAre("a.png: x |"));
}

TEST_F(Files, CommaSeparated) {
  folder_.write("metadata.csv",
                "\xEF\xBB\xBFid,file_name,text\r\n"
                "1,a.png,\"a, \"\"red\"\" one\"\r\n"
                "2,sub/c.png,\"two\nlines\"\r\n"
                "3,b.PNG\n"
                "4,b.PNG,\"never closed\n");
  EXPECT_THAT(found(folder_.path()),
              ElementsAre("a.png: a, \"red\" one |", "sub/c.png: two lines |"));
  EXPECT_THAT(problems_,
              ElementsAre("metadata.csv, line 5: 2 fields, the first line has 3",
                          "metadata.csv, line 6: a quote is not closed"));
  folder_.write("metadata.csv", "a,b\n1,2\n");
  test::expect_error(
      ErrorCode::kCorruptFile, "no column file_name", [&] { found(folder_.path()); });
  folder_.write("metadata.csv", "");
  test::expect_error(ErrorCode::kCorruptFile, "no first line", [&] { found(folder_.path()); });
}

TEST_F(Files, CocoCaptions) {
  folder_.write("captions.json", R"({
    "images": [{"id": 5, "file_name": "a.png", "width": 8}, {"id": 9, "file_name": "sub/c.png"},
               {"id": 5, "file_name": "b.PNG"}, {"file_name": "b.PNG"}],
    "annotations": [{"id": 1, "image_id": 9, "caption": "c1"}, {"image_id": 5, "caption": "a1\n"},
                    {"image_id": 9, "caption": "c2"}, {"image_id": 7, "caption": "?"},
                    {"image_id": 9}]})");
  EXPECT_THAT(found(folder_ / "captions.json"), ElementsAre("sub/c.png: c1 | c2 |", "a.png: a1 |"));
  EXPECT_THAT(problems_,
              ElementsAre(HasSubstr("images[2]: the id 5 is taken"),
                          HasSubstr("images[3]: no \"id\""),
                          HasSubstr("annotations[3]: no picture has the id 7"),
                          HasSubstr("annotations[4]: no \"image_id\"")));
  folder_.write("captions.json", R"({"images": []})");
  test::expect_error(ErrorCode::kCorruptFile, "no list \"annotations\"", [&] {
    found(folder_ / "captions.json");
  });
  folder_.write("captions.json", "{\"images\": ");
  test::expect_error(
      ErrorCode::kCorruptFile, "line 1, column", [&] { found(folder_ / "captions.json"); });
}

TEST_F(Files, WhatCannotBeUsedAtAll) {
  test::expect_error(ErrorCode::kNotFound, "none", [&] { open_files(folder_ / "none", {}); });
  test::expect_error(ErrorCode::kInvalidArgument,
                     "no picture with a caption found, 3 bad entries",
                     [&] { open_files(folder_.path(), {}); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "must be a folder", [&] { open_files(folder_ / "a.png", {}); });
  FilesOptions options{.fit = "round"};
  test::expect_error(ErrorCode::kInvalidArgument, "crop, pad or stretch, got \"round\"", [&] {
    open_files(folder_.path(), options);
  });
  options = {.resolution = 7};
  test::expect_error(
      ErrorCode::kInvalidArgument, "got 7", [&] { open_files(folder_.path(), options); });
}

TEST_F(Files, LoadFitsThePicture) {
  folder_.write("a.png", png(40, 20, 9));
  folder_.write("a.txt", "a");
  const FileSet set = open_files(folder_.path(), {.resolution = 16, .fit = "pad"});
  const io::RgbImage image = set.load(0);
  EXPECT_EQ(image.width, 16);
  EXPECT_EQ(image.height, 16);
  EXPECT_EQ(image.pixels[0], 255);
  EXPECT_EQ(image.pixels[3 * (8 * 16 + 8)], 9);
}

// Answers of RFC 4180 and the corners it leaves open.
TEST(Csv, Fields) {
  const auto rows = [](const char* text) {
    std::vector<std::vector<std::string>> out;
    CsvReader reader(text);
    while (const auto row = reader.next()) {
      out.push_back(row->fields);
      if (!row->whole) out.back().emplace_back("BROKEN");
    }
    return out;
  };
  using Rows = std::vector<std::vector<std::string>>;
  EXPECT_EQ(rows("a,b\r\nc,d"), (Rows{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(rows("\"a\"\"b\",\"c,d\"\n"), (Rows{{"a\"b", "c,d"}}));
  EXPECT_EQ(rows("\"a\r\nb\"\n"), (Rows{{"a\r\nb"}}));
  EXPECT_EQ(rows(",\n,,"), (Rows{{"", ""}, {"", "", ""}}));
  EXPECT_EQ(rows("\n\n a , b \n"), (Rows{{" a ", " b "}}));
  EXPECT_EQ(rows("a\"b,c"), (Rows{{"a\"b", "c"}}));
  EXPECT_EQ(rows("\"a\"x,c\nd"), (Rows{{"ax", "c", "BROKEN"}, {"d"}}));
  EXPECT_EQ(rows("\"a,c\nd"), (Rows{{"a,c\nd", "BROKEN"}}));
  EXPECT_EQ(rows("\""), (Rows{{"", "BROKEN"}}));
  EXPECT_EQ(rows(""), Rows{});
  EXPECT_EQ(rows("\r\r\n"), Rows{});
}

}  // namespace
}  // namespace tessera::data
