#include "io/json_fields.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

struct Options {
  std::int64_t steps = 3;
  std::uint64_t seed = 1;
  double rate = 0.5;
  bool on = true;
  std::string name = "n";
  std::vector<std::string> list{};
};
template <typename Visitor>
void visit_fields(Visitor& v, Options& o) {
  v("steps", o.steps, "");
  v("seed", o.seed, "");
  v("rate", o.rate, "");
  v("on", o.on, "");
  v("name", o.name, "");
  v("list", o.list, "");
}

TEST(JsonFields, WritesInOrderAndReadsBack) {
  Options options{
      .steps = -7, .seed = ~0ULL, .rate = 0.1, .on = false, .name = "ü", .list = {"a", ""}};
  const Json json = to_json_fields(options);
  EXPECT_EQ(json.dump(),
            R"({"steps":-7,"seed":18446744073709551615,"rate":0.1,"on":false,"name":"ü",)"
            R"("list":["a",""]})");
  Options back;
  from_json_fields(json, back, "x");
  EXPECT_EQ(to_json_fields(back).dump(), json.dump());
}

TEST(JsonFields, AbsentKeysKeepTheirDefaults) {
  Options options;
  from_json_fields(parse_json(R"({"rate": 2})", "x"), options, "x");
  EXPECT_EQ(options.rate, 2.0);
  EXPECT_EQ(options.steps, 3);
}

TEST(JsonFields, EachErrorNamesTheKey) {
  const auto read = [](const char* text) {
    return [text] {
      Options options;
      from_json_fields(parse_json(text, "t"), options, "config.train");
    };
  };
  const auto code = ErrorCode::kInvalidArgument;
  test::expect_error(
      code, "config.train.step is not a known key; known: list, ", read(R"({"step":1})"));
  test::expect_error(
      code, "config.train.steps must be a whole number, got 1.5", read(R"({"steps":1.5})"));
  test::expect_error(
      code, "config.train.seed must be a whole number, 0 or more", read(R"({"seed":-1})"));
  test::expect_error(code, "config.train.on must be true or false, got 1", read(R"({"on":1})"));
  test::expect_error(
      code, "config.train.name must be a string, got null", read(R"({"name":null})"));
  test::expect_error(code, "config.train.list must be a list, got [1]", read(R"({"list":[1]})"));
  test::expect_error(code, "config.train must be an object", read("[]"));
}

TEST(JsonFiles, NameLineAndColumnOfWhatIsWrong) {
  const auto code = ErrorCode::kCorruptFile;
  const auto parse = [](const std::string& text) { return [text] { parse_json(text, "f.json"); }; };
  test::expect_error(
      code, "f.json: not valid JSON at line 3, column 5", parse("{\n \"a\": 1,\n    b\n}"));
  test::expect_error(code, "line 1, column 1", parse(""));
  test::expect_error(code, "line 1, column 1", parse("x"));
  test::expect_error(code, "nested deeper", parse(std::string(100'000, '[')));
  test::expect_error(code, "f.json: not valid JSON", parse("[1e999]"));
  test::expect_error(ErrorCode::kNotFound, "no such file", [] { read_json("/nonexistent.json"); });
}

TEST(JsonFiles, AreWrittenWithTwoSpacesAndRepairedText) {
  const test::TemporaryFolder folder;
  write_json(folder / "x", {{"b", 1}, {"a", "\xff"}});
  EXPECT_EQ(read_file(folder / "x"), "{\n  \"b\": 1,\n  \"a\": \"\xEF\xBF\xBD\"\n}\n");
  EXPECT_EQ(read_json(folder / "x").at("b"), 1);
}

}  // namespace
}  // namespace tessera::io
