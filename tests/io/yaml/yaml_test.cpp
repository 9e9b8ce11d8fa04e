#include "io/yaml/yaml.h"

#include <cmath>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

using test::expect_error;

Json parse(const std::string& text) {
  return parse_yaml(text, "config.yaml");
}

TEST(Yaml, ReadsAConfiguration) {
  const Json json = parse(R"(# a comment
model:
  target: image_synthesis.Codec
  params:
    ch_mult:
    - 1
    - 2
    attn_resolutions: [[5, 5], 16]
    embed: {dim: 8, "quoted": 'no'}
    lr: 4.5e-06
    text: |
      two
      lines
    empty:
)");
  EXPECT_EQ(json.dump(),
            R"({"model":{"target":"image_synthesis.Codec","params":{"ch_mult":[1,2],)"
            R"("attn_resolutions":[[5,5],16],"embed":{"dim":8,"quoted":"no"},"lr":4.5e-06,)"
            R"("text":"two\nlines\n","empty":null}}})");
}

TEST(Yaml, TypesPlainScalarsAsTheCoreSchema) {
  struct Case {
    const char* text;
    Json value;
  };
  const Case cases[] = {
      {"~", nullptr},
      {"null", nullptr},
      {"NULL", nullptr},
      {"yes", true},
      {"On", true},
      {"TRUE", true},
      {"no", false},
      {"off", false},
      {"False", false},
      {"y", "y"},
      {"tRue", "tRue"},
      {"0", 0},
      {"-12", -12},
      {"+3", 3},
      {"1_000", 1000},
      {"0x1F", 31},
      {"-0x10", -16},
      {"0b101", 5},
      {"017", 15},
      {"08", "08"},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775808", 9223372036854775808.0},
      {"1.5", 1.5},
      {"-.5", -.5},
      {"+2.", 2.0},
      {"1e-6", 1e-6},
      {"3.0E+2", 300.0},
      {"1_0.5", 10.5},
      {".inf", INFINITY},
      {"-.INF", -INFINITY},
      {"1.2.3", "1.2.3"},
      {"1e", "1e"},
      {"e5", "e5"},
      {"_1", "_1"},
      {"0x", "0x"},
      {"12:30:45", "12:30:45"},
      {"2022-01-02", "2022-01-02"},
      {"'1'", "1"},
      {"\"true\"", "true"},
      {"!!str 5", "5"},
      {"! 5", "5"},
      {"!!int 5", 5},
  };
  for (const Case& each : cases) {
    const Json value = parse(std::string("key: ") + each.text).at("key");
    EXPECT_EQ(value, each.value) << each.text;
    EXPECT_EQ(value.type_name(), std::string(each.value.type_name())) << each.text;
    EXPECT_EQ(value.is_number_float(), each.value.is_number_float()) << each.text;
  }
  EXPECT_TRUE(std::isnan(parse("a: .nan").at("a").get<double>()));
  EXPECT_EQ(parse("5: a\nyes: b\n~: c").dump(), R"({"5":"a","yes":"b","null":"c"})");
  EXPECT_EQ(parse("").dump(), "null");
  EXPECT_EQ(parse("a: 1\na: 2").dump(), R"({"a":2})");
}

TEST(Yaml, AliasesStandForWhatTheyName) {
  EXPECT_EQ(parse("a: &x [1, {b: 2}]\nc: *x\nd: &y 5\ne: *y").dump(),
            R"({"a":[1,{"b":2}],"c":[1,{"b":2}],"d":5,"e":5})");
  expect_error(ErrorCode::kCorruptFile, "line 1", [] { parse("a: *nothing"); });
  expect_error(ErrorCode::kCorruptFile, "inside of what it stands for", [] { parse("&x [*x]"); });
}

TEST(Yaml, RefusesWhatItDoesNotRead) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"a: [1, 2", "not valid YAML at line"},
      {"a: 1\n  b: 2", "not valid YAML at line 2, column"},
      {"a: !!python/object/apply:os.system [x]", "line 1, column 4: the tag \"tag:yaml.org,2002:"},
      {"a: !local {b: 1}", "the tag \"!local\""},
      {"a: !local b", "the tag \"!local\""},
      {"a: &x {b: 1}\nc: {<<: *x}", "a merge key"},
      {"? [1, 2]\n: 3", "a key that is no scalar"},
      {"a: &x [1]\n*x : 3", "a key that is no scalar"},
      {"a: 1\n---\nb: 2", "a second document"},
  };
  for (const Case& wrong : cases) {
    expect_error(ErrorCode::kCorruptFile, wrong.message, [&] { parse(wrong.text); });
    expect_error(ErrorCode::kCorruptFile, "config.yaml: ", [&] { parse(wrong.text); });
  }
}

TEST(Yaml, HostileTextIsBounded) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = "a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*" + name + ", *" + name +
              ", *" + name + ", *" + name + ", *" + name + ", *" + name + "]\n";
  }
  expect_error(ErrorCode::kCorruptFile, "more than 200000 nodes", [&] { parse(laughs); });
  std::string copies = "a: &a " + std::string(10000, 'x') + "\nb: [";
  for (int i = 0; i < 30; ++i) copies += "*a, ";
  expect_error(ErrorCode::kCorruptFile, "more than 200000 nodes", [&] { parse(copies + "]"); });
  for (const int depth : {70, 400, 5000, 400000}) {
    for (const char* open : {"[", "{a: ", "- "}) {
      std::string deep;
      for (int level = 0; level < depth; ++level) deep += open;
      expect_error(ErrorCode::kCorruptFile, "config.yaml: ", [&] { parse(deep); });
    }
  }
  expect_error(ErrorCode::kCorruptFile, "bytes are too many", [] {
    parse(std::string((std::size_t{1} << 20) + 1, ' '));
  });
}

TEST(Yaml, SpoiledTextThrowsOneKindOfError) {
  const std::string good =
      "model: {a: &x [1, 2.5, 'q'], b: *x}\nlist:\n- \"e\\tsc\"\n- !!str 4\n- >\n  folded\n";
  std::mt19937 draw(7);
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string bad = good;
    const auto edits = 1 + draw() % 4;
    for (unsigned edit = 0; edit < edits; ++edit) {
      bad[draw() % bad.size()] = static_cast<char>(draw() % 256);
    }
    if (draw() % 4 == 0) bad.resize(draw() % bad.size());
    try {
      parse(bad).dump(-1, ' ', false, Json::error_handler_t::replace);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile) << bad;
      ++refused;
    }
  }
  EXPECT_GT(refused, 400);
}

TEST(Yaml, FilesAreNamed) {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "config.yaml";
  write_file_atomically(file, "a: 1\n");
  EXPECT_EQ(read_yaml(file).dump(), R"({"a":1})");
  write_file_atomically(file, "a: [\n");
  expect_error(ErrorCode::kCorruptFile, file.string(), [&] { read_yaml(file); });
  expect_error(
      ErrorCode::kNotFound, "missing.yaml", [&] { read_yaml(folder.path() / "missing.yaml"); });
}

}  // namespace
}  // namespace tessera::io
