#include "io/image/png_text.h"

#include <gtest/gtest.h>

#include "io/image/codecs.h"
#include "tests/io/png_bytes.h"
#include "tests/support/expect_error.h"

namespace tessera::io {
namespace {

std::string with(const std::string& chunks) {
  return test::png_file({.before = chunks, .rows = std::string("\0\1\2\3", 4)});
}

std::string text_of(const std::string& type, const std::string& data) {
  const auto texts = read_png_texts(with(test::png_chunk(type, data)), "f.png");
  return texts.size() == 1 ? texts[0].keyword + "=" + texts[0].text : "none";
}

TEST(PngText, LatinTextIsPlainAndBeforeThePixels) {
  const std::string png = with_png_texts(with(""), {{"parameters", "a red apple\nSteps: 20"}});
  EXPECT_EQ(png,
            with(test::png_chunk("tEXt", std::string("parameters\0a red apple\nSteps: 20", 32))));
  // e acute alone is Latin-1 that is no UTF-8: still plain.
  EXPECT_EQ(with_png_texts(with(""), {{"k", "caf\xC3\xA9"}}),
            with(test::png_chunk("tEXt", std::string("k\0caf\xE9", 6))));
}

TEST(PngText, OtherTextIsInternationalAndUncompressed) {
  EXPECT_EQ(with_png_texts(with(""), {{"k", "\xE2\x82\xAC"}}),  // euro sign
            with(test::png_chunk("iTXt", std::string("k\0\0\0\0\0\xE2\x82\xAC", 9))));
}

TEST(PngText, EveryTextComesBackAsItWas) {
  const std::vector<std::string> values = {"",
                                           "a",
                                           "two\nlines",
                                           "caf\xC3\xA9",
                                           "\xC3\x83\xC2\xBC",
                                           "\xE2\x82\xAC",
                                           "\xF0\x9F\x8D\x8E",
                                           std::string(70'000, 'x'),
                                           "\xC2\xA0",
                                           "tab\tand, comma: \"quote\""};
  std::vector<PngText> texts;
  for (std::size_t i = 0; i < values.size(); ++i) texts.push_back({concat("key ", i), values[i]});
  const std::string png = with_png_texts(with(""), texts);
  const auto found = read_png_texts(png, "f.png");
  ASSERT_EQ(found.size(), texts.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(found[i].keyword, texts[i].keyword);
    EXPECT_EQ(found[i].text, values[i]) << i;
  }
  EXPECT_EQ(decode_image(png, "f.png"), decode_image(with(""), "f.png"));
}

TEST(PngText, WritingAgainReplaces) {
  const std::string once = with_png_texts(with(""), {{"a", "1"}, {"b", "2"}});
  const auto found = read_png_texts(with_png_texts(once, {{"a", "\xE2\x82\xAC"}}), "f.png");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(find_png_text(found, "a"), "\xE2\x82\xAC");
  EXPECT_EQ(find_png_text(found, "b"), "2");
  EXPECT_EQ(find_png_text(found, "c"), std::nullopt);
}

TEST(PngText, ReadsWhatOtherProgramsWrite) {
  const std::string zero(1, '\0');
  EXPECT_EQ(text_of("tEXt", "k" + zero + "caf\xC3\xA9"),
            "k=caf\xC3\xA9");  // UTF-8 against the rule
  EXPECT_EQ(text_of("tEXt", "k" + zero + "caf\xE9"), "k=caf\xC3\xA9");
  EXPECT_EQ(text_of("zTXt", "k" + zero + zero + test::deflated("caf\xE9")), "k=caf\xC3\xA9");
  const std::string empty_names(2, '\0');
  EXPECT_EQ(
      text_of("iTXt", "k" + zero + "\1" + zero + empty_names + test::deflated("\xE2\x82\xAC")),
      "k=\xE2\x82\xAC");
  EXPECT_EQ(text_of("iTXt", "k" + zero + zero + zero + "de" + zero + "Titel" + zero + "x"), "k=x");
  EXPECT_EQ(text_of("iTXt", "k" + zero + zero + zero + empty_names + "\xff"), "k=\xEF\xBF\xBD");
}

TEST(PngText, RefusesDamage) {
  const auto refuse = [](const std::string& png, const std::string& part) {
    test::expect_error(ErrorCode::kCorruptFile, part, [&] { read_png_texts(png, "f.png"); });
  };
  const std::string zero(1, '\0');
  refuse("", "f.png: not a PNG");
  refuse("GIF89a", "not a PNG");
  for (const std::string& data : {std::string("no end"), zero + "x", std::string(80, 'k') + zero}) {
    refuse(with(test::png_chunk("tEXt", data)), "a tEXt chunk is damaged");
  }
  refuse(with(test::png_chunk("zTXt", "k" + zero + "\1" + test::deflated("x"))), "zTXt");
  refuse(with(test::png_chunk("zTXt", "k" + zero + zero + "no stream")), "zTXt");
  refuse(with(test::png_chunk("zTXt", "k" + zero)), "zTXt");
  const std::string cut = test::deflated("some text").substr(0, 9);
  refuse(with(test::png_chunk("zTXt", "k" + zero + zero + cut)), "zTXt");
  refuse(with(test::png_chunk("iTXt", "k" + zero + "\2" + zero + zero + zero + "x")), "iTXt");
  refuse(with(test::png_chunk("iTXt", "k" + zero + zero + zero + "no more")), "iTXt");
  refuse(with(test::png_chunk("iTXt", "k" + zero)), "iTXt");
  std::string wrong = with(test::png_chunk("tEXt", "k" + zero + "text"));
  wrong[wrong.find("text")] = 'T';
  refuse(wrong, "checksum of a tEXt chunk is wrong (byte 33)");
  const std::string huge =
      "\xff\xff\xff\xff"
      "tEXt";
  refuse(with("").substr(0, 33) + huge + std::string(100, 'x'),
         "chunk of 4294967295 bytes (byte 33)");
}

TEST(PngText, ABombIsNotInflated) {
  const std::string zero(1, '\0');
  const std::string bomb = "k" + zero + zero + test::deflated(std::string((16U << 20) + 1, 'x'));
  test::expect_error(ErrorCode::kCorruptFile, "16 MiB", [&] {
    read_png_texts(with(test::png_chunk("zTXt", bomb)), "f.png");
  });
  const std::string half = "k" + zero + zero + test::deflated(std::string(9U << 20, 'x'));
  test::expect_error(ErrorCode::kCorruptFile, "16 MiB", [&] {  // and not in pieces either
    read_png_texts(with(test::png_chunk("zTXt", half) + test::png_chunk("zTXt", half)), "f.png");
  });
}

TEST(PngText, TruncationAtEveryByteIsRefused) {
  const std::string png = with_png_texts(with(""), {{"a", "1"}, {"b", "\xE2\x82\xAC"}});
  for (std::size_t size = 0; size < png.size(); ++size) {
    test::expect_error(
        ErrorCode::kCorruptFile, "f.png", [&] { read_png_texts(png.substr(0, size), "f.png"); });
  }
  EXPECT_EQ(read_png_texts(png + "trailing bytes", "f.png").size(), 2U);
}

TEST(PngText, RefusesWhatCannotBeStored) {
  const auto refuse = [](const PngText& text) {
    test::expect_error(ErrorCode::kInvalidArgument, "", [&] { with_png_texts(with(""), {text}); });
  };
  refuse({"", "x"});
  refuse({std::string(80, 'k'), "x"});
  refuse({" k", "x"});
  refuse({"k\n", "x"});
  refuse({"k", std::string("a\0b", 3)});
}

}  // namespace
}  // namespace tessera::io
