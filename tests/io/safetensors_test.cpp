#include "io/formats/safetensors.h"

#include <cstring>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

/// A file from its parts, so that every lie can be told.
std::string file_of(const std::string& header, const std::string& data, std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}
std::string file_of(const std::string& header, const std::string& data) {
  return file_of(header, data, header.size());
}

class Safetensors : public ::testing::Test {
 protected:
  StateDict read(const std::string& bytes) { return read_safetensors(folder_.write("x", bytes)); }
  void expect_corrupt(const std::string& bytes, const std::string& part) {
    const std::filesystem::path file = folder_.write("x", bytes);
    for (const std::string& wanted : {part, file.string(), std::string("(byte ")}) {
      test::expect_error(ErrorCode::kCorruptFile, wanted, [&] { read_safetensors(file); });
    }
  }
  test::TemporaryFolder folder_{};
};

// Written out by hand from the format's description.
TEST_F(Safetensors, ReadsKnownBytes) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("b":{"dtype":"I16","shape":[],"data_offsets":[8,10]}}   )";
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\xc0\xfe\xff", 10);
  const StateDict state = read(file_of(header, data));
  EXPECT_EQ(state.metadata.at("format"), "pt");
  EXPECT_TRUE(state.tensors.at("a").equal(at::tensor({1.0F, -2.0F})));
  EXPECT_EQ(state.tensors.at("b").item<std::int16_t>(), -2);
  EXPECT_EQ(state.tensors.at("b").dim(), 0);
}

TEST_F(Safetensors, WritesKnownBytes) {
  StateDict state;
  state.tensors["z"] = at::tensor({std::int64_t{1}}, at::kLong);
  state.tensors["a"] = at::tensor({std::int64_t{7}}, at::kByte);
  write_safetensors(folder_ / "x", state);
  const std::string header =  // wide types first, padded to a multiple of eight
      R"({"z":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(read_file(folder_ / "x"), file_of(padded, std::string("\1\0\0\0\0\0\0\0\7", 9)));
}

TEST_F(Safetensors, RoundTripsEveryTypeAndShape) {
  StateDict state;
  state.metadata = {{"k", "v"}, {"tessera.text", "grüße \"quoted\"\n"}};
  const at::Tensor numbers = at::arange(-60, 60, at::kFloat);
  for (const auto type : {at::kDouble,
                          at::kFloat,
                          at::kHalf,
                          at::kBFloat16,
                          at::kLong,
                          at::kInt,
                          at::kShort,
                          at::kChar,
                          at::kByte,
                          at::kBool}) {
    const std::string name = c10::toString(type);
    const at::Tensor values = (type == at::kByte ? numbers.abs() : numbers).to(type);
    state.tensors[name] = values;
    state.tensors[name + ".scalar"] = values[3].clone();
    state.tensors[name + ".empty"] = at::empty({3, 0, 2}, type);
    state.tensors[name + ".5d"] = values.reshape({2, 3, 4, 5, 1});
    state.tensors[name + ".strided"] = values.reshape({10, 12}).t().slice(0, 1, 9, 2);
    state.tensors[name + ".one"] = values.slice(0, 0, 1);  // odd sizes, so that nothing aligns
  }
  state.tensors["nan"] = at::tensor(
      {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.0F});
  write_safetensors(folder_ / "x", state);
  const StateDict back = read_state_dict(folder_ / "x");
  EXPECT_EQ(back.metadata, state.metadata);
  ASSERT_EQ(back.tensors.size(), state.tensors.size());
  for (const auto& [name, tensor] : state.tensors) {
    const at::Tensor& found = back.tensors.at(name);
    EXPECT_EQ(found.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(found.sizes(), tensor.sizes()) << name;
    EXPECT_TRUE(at::allclose(found.to(at::kDouble), tensor.to(at::kDouble), 0, 0, true)) << name;
  }
}

TEST_F(Safetensors, TensorsOutliveTheFileAndWritingToThemLeavesItAlone) {
  StateDict state;
  state.tensors["a"] = at::arange(5000, at::kFloat);
  write_safetensors(folder_ / "x", state);
  const std::string before = read_file(folder_ / "x");
  at::Tensor a = read_safetensors(folder_ / "x").tensors.at("a");
  a.add_(1);
  EXPECT_EQ(read_file(folder_ / "x"), before);
  std::filesystem::remove(folder_ / "x");
  EXPECT_TRUE(a.equal(at::arange(5000, at::kFloat) + 1));
}

TEST_F(Safetensors, DataThatIsNotAlignedIsCopied) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  for (std::size_t padding = 0; padding < 8; ++padding) {
    const auto state =
        read(file_of(header + std::string(padding, ' '), std::string("\x00\x00\x80\x3f", 4)));
    const at::Tensor& a = state.tensors.at("a");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.const_data_ptr()) % 4, 0U);
    EXPECT_EQ(a.item<float>(), 1.0F);
  }
}

TEST_F(Safetensors, AnyByteIsATruthValue) {
  const auto state = read(file_of(R"({"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})",
                                  std::string("\0\1\xff", 3)));
  EXPECT_TRUE(state.tensors.at("a").equal(at::tensor({0, 1, 1}).to(at::kBool)));
}

TEST_F(Safetensors, TruncationAtEveryByteIsRefused) {
  StateDict state;
  state.metadata["k"] = "v";
  state.tensors["a"] = at::arange(3, at::kFloat);
  state.tensors["b"] = at::arange(4, at::kByte).reshape({2, 2});
  write_safetensors(folder_ / "whole", state);
  const std::string bytes = read_file(folder_ / "whole");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_corrupt(bytes.substr(0, size), "");
  }
  expect_corrupt(bytes + "x", "belong to no tensor");
}

TEST_F(Safetensors, FlippedBitsNeverCrash) {
  StateDict state;
  state.tensors["a"] = at::arange(3, at::kFloat);
  state.tensors["empty"] = at::empty({0, 2}, at::kHalf);
  write_safetensors(folder_ / "whole", state);
  const std::string bytes = read_file(folder_ / "whole");
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    try {
      for (const auto& item : read(flipped).tensors) item.second.sum().item<double>();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST_F(Safetensors, LyingHeadersAreRefusedBeforeAnythingIsAllocated) {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& span) {
    return R"({"a":{"dtype":")" + dtype + R"(","shape":[)" + shape + R"(],"data_offsets":[)" +
           span + "]}}";
  };
  const std::string four(4, '\0');
  expect_corrupt(file_of("{}", "", std::uint64_t{1} << 63),
                 "claims a header of 9223372036854775808");
  expect_corrupt(file_of("{}", "", 100'000'001), "claims a header");
  expect_corrupt(file_of("", "", 0), "does not begin with {");
  expect_corrupt(file_of("[]", ""), "does not begin with {");
  expect_corrupt(file_of("{]", ""), "not valid JSON");
  expect_corrupt(file_of("{} {}", ""), "not valid JSON");
  expect_corrupt(file_of("{\"\xff\":1}", ""), "not valid JSON");
  expect_corrupt(file_of("{" + std::string(1'000'000, '['), ""), "not valid JSON");
  expect_corrupt(file_of("{\"a\":" + std::string(1'000'000, '['), ""), "unexpected a list");
  expect_corrupt(file_of(R"({"a":3})", ""), "unexpected the number 3");
  expect_corrupt(file_of(one("F32", "9223372036854775808", "0,4"), four), "shape another number");
  expect_corrupt(file_of(one("F32", "4294967296,4294967296", "0,0"), ""), "shape another number");
  expect_corrupt(file_of(one("U8", "4611686018427387904,4611686018427387904,0", "0,0"), ""),
                 "shape another number");
  expect_corrupt(file_of(one("F32", "-1", "0,4"), four), "negative number");
  expect_corrupt(file_of(one("F32", "1.5", "0,4"), four), "unexpected the number 1.5");
  expect_corrupt(file_of(one("F32", "1e999", "0,4"), four), "");
  expect_corrupt(file_of(one("F32", "2", "0,4"), four), "shape another number");
  expect_corrupt(file_of(one("F33", "1", "0,4"), four), "unknown dtype \"F33\"");
  expect_corrupt(file_of(one("F32", "1", "0,9223372036854775812"), four), "claims bytes");
  expect_corrupt(file_of(one("F32", "1", "4,0"), four), "claims bytes");
  expect_corrupt(file_of(one("F32", "1", "0"), four), "two data_offsets");
  expect_corrupt(file_of(one("F32", "1", "0,4,4"), four), "two numbers");
  std::string many = "1";
  for (int i = 0; i < 64; ++i) many += ",1";
  expect_corrupt(file_of(one("F32", many, "0,4"), four), "more than 64 dimensions");
}

TEST_F(Safetensors, HolesOverlapsAndDuplicatesAreRefused) {
  const auto two = [](const std::string& first, const std::string& second, const char* name) {
    return R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[)" + first + R"(]},")" + name +
           R"(":{"dtype":"U8","shape":[2],"data_offsets":[)" + second + "]}}";
  };
  EXPECT_NO_THROW(read(file_of(two("2,4", "0,2", "b"), "abcd")));
  expect_corrupt(file_of(two("0,2", "3,5", "b"), "abcde"), "where 2 comes next");
  expect_corrupt(file_of(two("0,2", "1,3", "b"), "abc"), "where 2 comes next");
  expect_corrupt(file_of(two("1,3", "3,5", "b"), "abcde"), "where 0 comes next");
  expect_corrupt(file_of(two("0,2", "2,4", "b"), "abcde"), "1 bytes belong to no tensor");
  expect_corrupt(file_of(two("0,2", "2,4", "a"), "abcd"), "\"a\" twice");
  expect_corrupt(file_of(R"({"__metadata__":{"k":"v","k":"w"}})", ""), "\"k\" twice");
  expect_corrupt(file_of(R"({"__metadata__":{},"__metadata__":{}})", ""), "twice");
  expect_corrupt(file_of(R"({"__metadata__":{"k":1}})", ""), "unexpected");
  expect_corrupt(file_of(R"({"__metadata__":{"k":["v"]}})", ""), "unexpected a list");
  expect_corrupt(file_of(R"({"__metadata__":[]})", ""), "unexpected a list");
  expect_corrupt(
      file_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}})", "a"),
      "twice");
  expect_corrupt(file_of(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":"y"}})", "a"),
                 "unknown key \"x\"");
  expect_corrupt(file_of(R"({"a":{"shape":[],"data_offsets":[0,1]}})", "a"), "needs dtype");
}

TEST_F(Safetensors, FilesThatCannotBeReadOrWritten) {
  test::expect_error(
      ErrorCode::kNotFound, "no such file", [&] { read_safetensors(folder_ / "none"); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "not a plain file", [&] { read_safetensors(folder_.path()); });
  StateDict state;
  state.tensors["a"] = at::zeros({1});
  test::expect_error(
      ErrorCode::kIo, "cannot write", [&] { write_safetensors(folder_ / "none/x", state); });
  state.tensors["a"] = at::zeros({1}, at::kComplexFloat);
  test::expect_error(
      ErrorCode::kInvalidArgument, "\"a\"", [&] { write_safetensors(folder_ / "x", state); });
}

}  // namespace
}  // namespace tessera::io
