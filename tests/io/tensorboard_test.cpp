#include "io/tensorboard.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "io/crc32c.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

template <typename Number>
Number at_byte(const std::string& bytes, std::size_t place) {
  Number value{};
  EXPECT_LE(place + sizeof value, bytes.size());
  if (place + sizeof value <= bytes.size()) std::memcpy(&value, &bytes[place], sizeof value);
  return value;
}

/// The records of a file, both checksums tested.
std::vector<std::string> records(const std::string& bytes) {
  const auto masked = [](const std::string& text) {
    const std::uint32_t crc = crc32c(text.data(), text.size());
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  };
  std::vector<std::string> out;
  for (std::size_t place = 0; place < bytes.size();) {
    const auto size = at_byte<std::uint64_t>(bytes, place);
    EXPECT_EQ(at_byte<std::uint32_t>(bytes, place + 8), masked(bytes.substr(place, 8)));
    out.push_back(bytes.substr(place + 12, size));
    EXPECT_EQ(at_byte<std::uint32_t>(bytes, place + 12 + size), masked(out.back()));
    place += 16 + size;
  }
  return out;
}

class EventFile : public ::testing::Test {
 protected:
  /// What a record holds behind its time, which is nine bytes: tag 0x09 and a double.
  static std::string behind_time(const std::string& record) {
    EXPECT_EQ(record[0], '\x09');
    EXPECT_GT(at_byte<double>(record, 1), 1.6e9);
    return record.substr(9);
  }
  std::vector<std::string> read() const { return records(read_file(writer_.file())); }
  test::TemporaryFolder folder_{};
  EventWriter writer_{folder_.path() / "run"};
};

TEST_F(EventFile, IsNamedAsTensorBoardExpectsAndBeginsWithTheVersion) {
  EXPECT_EQ(writer_.file().filename().string().rfind("events.out.tfevents.", 0), 0U);
  const auto found = read();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(behind_time(found[0]),
            "\x1a\x0d"
            "brain.Event:2");
}

// Bytes worked out by hand from event.proto and summary.proto.
TEST_F(EventFile, Scalar) {
  writer_.scalar("a/b", 1.0, 300);
  writer_.flush();
  const auto found = read();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(behind_time(found[1]),
            std::string("\x10\xac\x02"  // step = 300
                        "\x2a\x0c"      // summary, 12 bytes
                        "\x0a\x0a"      // value, 10 bytes
                        "\x0a\x03"
                        "a/b"                   // tag
                        "\x15\x00\x00\x80\x3f"  // simple_value = 1
                        ,
                        17));
}

TEST_F(EventFile, Image) {
  std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x03", 24);
  png.append("..");
  writer_.image("s", png, 1);
  writer_.flush();
  const auto found = read();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(behind_time(found[1]),
            std::string("\x10\x01\x2a\x29\x0a\x27\x0a\x01s"
                        "\x22\x22"                  // image, 34 bytes
                        "\x08\x03\x10\x05\x18\x03"  // height 3, width 5, RGB
                        "\x22\x1a") +
                png);  // 26 bytes
  test::expect_error(
      ErrorCode::kInvalidArgument, "not a PNG", [&] { writer_.image("s", "GIF89a", 1); });
}

TEST_F(EventFile, Text) {
  writer_.text("t", "hello", 2);
  writer_.flush();
  const auto found = read();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(behind_time(found[1]),
            std::string("\x10\x02\x2a\x20\x0a\x1e\x0a\x01t"
                        "\x4a\x08\x0a\x06\x0a\x04text"  // metadata.plugin_data.plugin_name
                        "\x42\x0f\x08\x07"              // tensor, DT_STRING
                        "\x12\x04\x12\x02\x08\x01"      // shape [1]
                        "\x42\x05hello"));
}

TEST_F(EventFile, AResumedRunBeginsAnotherFile) {
  const EventWriter second(folder_.path() / "run");
  EXPECT_NE(second.file(), writer_.file());
  EXPECT_EQ(read().size(), 1U);
}

TEST(EventWriter, NamesTheFolderThatCannotBeMade) {
  test::expect_error(ErrorCode::kIo, "/dev/null/x", [] { const EventWriter w("/dev/null/x"); });
}

}  // namespace
}  // namespace tessera::io
