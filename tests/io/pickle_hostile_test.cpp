// Pickles that want what a weight file has no business with, or that lie.
#include <limits>

#include <ATen/ATen.h>

#include "tests/io/torch_fixture.h"

namespace tessera::io {
namespace {

using test::dict;
using test::global;
using test::integer;
using test::little;
using test::ordered_dict;
using test::pickle_of;
using test::Shape;
using test::storage;
using test::tensor;
using test::text;
using test::torch_file;

class HostilePickle : public test::TorchFixture {
 protected:
  std::string over_four(const Shape& shape) {
    return tensor(storage("FloatStorage", "0", 4), shape);
  }
  void expect_tensor_refused(const Shape& shape, const std::string& part) {
    expect_refused(over_four(shape), part, {std::string(16, '\0')});
  }
};

TEST_F(HostilePickle, NamesThatAreNotInTheListAreRefusedBeforeTheyAreUsed) {
  const std::string wanted = "global \"os system\" is not allowed in a weight file";
  expect_refused(global("os", "system") + "(" + text("true") + "tR", wanted);
  expect_refused(global("os", "system") + "0", wanted);
  expect_refused(text("os") + text("system") + "\x93" + "(" + text("true") + "tR", wanted);
  expect_refused("](K\1" + global("os", "system"), wanted);
  for (const auto& [module, name] : {std::pair{"builtins", "eval"},
                                     std::pair{"__builtin__", "getattr"},
                                     std::pair{"torch", "load"},
                                     std::pair{"torch", "FloatStorage "},
                                     std::pair{"torch.storage", "_load_from_bytes"},
                                     std::pair{"torch._utils", "_rebuild_tensor"},
                                     std::pair{"torch._utils", "_rebuild_tensor_v3"},
                                     std::pair{"collections", "OrderedDict.__init__"},
                                     std::pair{"numpy.core.multiarray", "scalar"},
                                     std::pair{"__torch__.multimodal.model", "Multimodal"},
                                     std::pair{"", ""}}) {
    expect_refused(global(module, name),
                   concat("global \"", module, " ", name, "\" is not allowed"));
  }
  expect_refused(global("a\x1b[31m", "b"), "global \"a\\x1b[31m b\"");
  expect_refused(global(std::string(1'000'000, 'a'), "b"), "aaa…\" is not allowed");
  expect_refused("cos\nsystem", "a name without an end");
}

TEST_F(HostilePickle, EveryOtherOpcodeIsRefusedByNumber) {
  const std::string read_ones =
      "(.GJKMNQRXabcehjqrstu)]}BC\x85\x86\x87\x88\x89\x8a\x8c\x8d\x8e\x93\x94\x95";
  int refused = 0;
  for (int op = 0; op < 256; ++op) {
    if (read_ones.find(static_cast<char>(op)) != std::string::npos) continue;
    constexpr const char* kDigits = "0123456789abcdef";
    const std::string number = {'0', 'x', kDigits[op >> 4], kDigits[op & 15]};
    expect_refused("N" + std::string(1, static_cast<char>(op)), number);
    expect_refused("N" + std::string(1, static_cast<char>(op)), "is not allowed in a weight file");
    ++refused;
  }
  EXPECT_EQ(refused, 256 - 38);
  expect_refused("(ios\nsystem\n", "opcode INST (0x69) is not allowed");
  expect_refused("N\x81", "opcode NEWOBJ (0x81) is not allowed");
  expect_refused("\x82\1", "opcode EXT1 (0x82)");
  expect_refused("\x80\2N", "opcode PROTO (0x80)");
}

TEST_F(HostilePickle, ErrorsNameTheByteInTheFile) {
  const std::string bytes = torch_file(pickle_of("NNN\x81"));
  const std::size_t at = bytes.find("NNN\x81") + 3;
  expect_corrupt(bytes, concat("(byte ", at, ")"));
}

TEST_F(HostilePickle, OnlyCallsThatMakeTensorsAreMade) {
  expect_refused(global("torch", "FloatStorage") + ")R",
                 "\"torch FloatStorage\" is not to be called");
  expect_refused("N)R", "what is called cannot be None");
  expect_refused(ordered_dict() + ")R", "what is called cannot be a dict");
  expect_refused(global("collections", "OrderedDict") + "K\1R",
                 "arguments cannot be a whole number");
  expect_refused(global("collections", "OrderedDict") + "K\1\x85R", "made with arguments");
  expect_refused(global("torch._utils", "_rebuild_tensor_v2") + ")R", "a tensor of 0 arguments");
  expect_refused(global("torch._utils", "_rebuild_parameter") + ")R", "a parameter of 0 arguments");
  expect_refused(global("torch._utils", "_rebuild_parameter") + "N\x88N\x87R", "cannot be None");
  expect_refused(ordered_dict() + "Nb", "the state of an object cannot be None");
  expect_refused("N}b", "an object with a state cannot be None");
  expect_refused(storage("FloatStorage", "0", 0), "a storage that is no tensor", {""});
  expect_refused(global("torch", "FloatStorage"), "stands for no value");
  expect_refused("NQ", "a persistent id cannot be None");
  expect_refused(")Q", "a persistent id that is no storage");
  expect_refused("(" + text("module") + "NNNNtQ", "a persistent id that is no storage");
  expect_refused("(" + text("storage") + global("collections", "OrderedDict") + text("0") +
                     text("cpu") + "K\1tQ",
                 "a storage of the type OrderedDict");
}

TEST_F(HostilePickle, TensorsThatLieAreRefused) {
  const std::int64_t huge = std::int64_t{1} << 62;
  EXPECT_NO_THROW(read(
      torch_file(pickle_of(over_four({.sizes = {4}, .strides = {1}})), {std::string(16, '\0')})));
  expect_tensor_refused({.sizes = {5}, .strides = {1}}, "reaches beyond its storage of 4 values");
  expect_tensor_refused({.offset = 1, .sizes = {4}, .strides = {1}}, "reaches beyond");
  expect_tensor_refused({.offset = 4, .sizes = {}, .strides = {}}, "reaches beyond");
  expect_tensor_refused({.offset = 5, .sizes = {0}, .strides = {1}}, "reaches beyond");
  expect_tensor_refused({.sizes = {2, 2}, .strides = {3, 1}}, "reaches beyond");
  expect_tensor_refused({.offset = -1, .sizes = {1}, .strides = {1}}, "the offset -1");
  expect_tensor_refused({.sizes = {-1}, .strides = {1}}, "the size -1");
  expect_tensor_refused({.offset = 3, .sizes = {4}, .strides = {-1}}, "the stride -1");
  expect_tensor_refused({.sizes = {4}, .strides = {1, 1}}, "1 sizes but 2 strides");
  expect_tensor_refused({.sizes = {huge, huge}, .strides = {0, 0}}, "reaches beyond");
  expect_tensor_refused({.sizes = {huge, huge, 0}, .strides = {0, 0, 0}}, "reaches beyond");
  expect_tensor_refused({.sizes = {huge, 4}, .strides = {huge, huge}}, "reaches beyond");
  expect_tensor_refused(
      {.offset = std::numeric_limits<std::int64_t>::max(), .sizes = {2}, .strides = {1}},
      "reaches beyond");
  expect_tensor_refused({.sizes = {huge}, .strides = {0}}, "reaches beyond");  // 2^64 bytes
  expect_tensor_refused({.sizes = {1 << 30}, .strides = {0}}, "shows 1073741824 values");
  const std::vector<std::int64_t> many(65, 1);
  expect_tensor_refused({.sizes = many, .strides = many}, "more than 64");
}

TEST_F(HostilePickle, StoragesThatLieAreRefused) {
  const auto claim = [](const char* type, std::int64_t values) {
    return tensor(storage(type, "0", values), {.sizes = {1}, .strides = {1}});
  };
  const std::vector<std::string> data = {std::string(16, '\0')};
  for (const std::int64_t lie : {std::int64_t{5},
                                 std::int64_t{3},
                                 std::int64_t{0},
                                 std::int64_t{-4},
                                 std::int64_t{1} << 62,
                                 std::numeric_limits<std::int64_t>::min()}) {
    expect_refused(
        claim("FloatStorage", lie), concat("storage \"0\" claims ", lie, " values"), data);
  }
  expect_refused(claim("DoubleStorage", 4), "of 8 bytes, its member has 16 bytes", data);
  expect_refused(claim("FloatStorage", 4), "storage \"0\" is not in the archive");
  expect_refused(
      tensor(storage("FloatStorage", "../byteorder", 1), {}), "is not in the archive", data);
  expect_refused("(" + claim("FloatStorage", 4) + claim("IntStorage", 4) + "t",
                 "storage \"0\" is claimed twice",
                 data);
}

TEST_F(HostilePickle, TensorsWithStrangeArgumentsAreRefused) {
  const std::string make = global("torch._utils", "_rebuild_tensor_v2") + "(";
  const std::string over = storage("FloatStorage", "0", 4);
  const std::vector<std::string> data = {std::string(16, '\0')};
  EXPECT_NO_THROW(read(
      torch_file(pickle_of(make + over + integer(0) + "))\x89" + ordered_dict() + "tR"), data)));
  expect_refused(make + "N" + integer(0) + "))\x89" + ordered_dict() + "tR",
                 "a tensor's storage cannot be None",
                 data);
  expect_refused(
      make + over + "N))\x89" + ordered_dict() + "tR", "a tensor's offset cannot be", data);
  expect_refused(make + over + integer(0) + "])\x89" + ordered_dict() + "tR",
                 "a tensor's sizes cannot be",
                 data);
  expect_refused(make + over + integer(0) + ")N\x89" + ordered_dict() + "tR",
                 "a tensor's strides cannot",
                 data);
  expect_refused(make + over + integer(0) + "\x88\x85)\x89" + ordered_dict() + "tR",
                 "sizes cannot be a truth",
                 data);
  expect_refused(make + over + integer(0) + "))N" + ordered_dict() + "tR",
                 "requires_grad cannot be None",
                 data);
  expect_refused(make + over + integer(0) + "))\x89NtR", "a tensor's hooks cannot be None", data);
  expect_refused(
      make + over + integer(0) + "))\x89" + dict({{"0", "N"}}) + "tR", "a tensor with hooks", data);
}

TEST_F(HostilePickle, StackAndMemoAreNotReadBeyondTheirEnds) {
  for (const char* bytes : {"",
                            "a",
                            "s",
                            "R",
                            "b",
                            "\x85",
                            "N\x86",
                            "NN\x87",
                            "q\1",
                            "\x94",
                            "Q",
                            "\x93",
                            "]a",
                            "}Ns",
                            "(N\x86",
                            "N(\x85",
                            "]N(a"}) {
    expect_refused(bytes,
                   std::string(bytes).empty() ? "more than one value" : "where there is none");
  }
  expect_refused("t", "goes back to a mark where there is none");
  expect_refused("]e", "goes back to a mark");
  expect_refused("}u", "goes back to a mark");
  expect_refused("N(e", "puts an item into None");
  expect_refused("](NNu", "puts an item into a list");
  expect_refused("}(NNe", "puts an item into a dict");
  expect_refused("}(Nu", "a key without a value");
  expect_refused("NN", "more than one value");
  expect_refused("N(", "more than one value");
  expect_refused("h\1", "memo 1 was never set");
  expect_refused("Nr" + little(std::uint32_t{9}) + "h\3", "memo 3 was never set");
  expect_refused("j\xff\xff\xff\xff", "memo 4294967295 was never set");
  expect_refused("Nr\xff\xff\xff\xff", "memo 4294967295; 2097152 is the limit");
}

TEST_F(HostilePickle, NumbersAndTextThatLieAreRefused) {
  expect_refused("X" + little(std::uint32_t{1000}) + "abc", "too early");
  expect_refused("X\xff\xff\xff\xff", "too early");
  expect_refused("\x8d" + little(~std::uint64_t{0}), "too early");
  expect_refused("\x8e" + little(std::uint64_t{1} << 63), "too early");
  expect_refused("B\xff\xff\xff\xff", "too early");
  expect_refused("C\xff", "too early");
  expect_refused("\x8a\xff", "too early");
  expect_refused("\x8a\x09" + std::string(9, '\1'), "a whole number of 9 bytes");
  expect_refused("\x95" + little(~std::uint64_t{0}), "a frame that is cut");
  expect_refused("X" + little(std::uint32_t{1}) + "\xff", "text that is not UTF-8");
  expect_corrupt(torch_file(""), "too early");
  expect_corrupt(torch_file("N."), "not a pickle of protocol 2 to 5");
  expect_corrupt(torch_file(std::string("\x80\0N.", 4)), "pickle protocol 0");
  expect_corrupt(torch_file("\x80\6N."), "pickle protocol 6");
  expect_corrupt(torch_file("\x80\2N"), "too early");
  expect_corrupt(torch_file("\x80\2N.N"), "bytes behind the end");
}

TEST_F(HostilePickle, KeysAreTextOrWholeNumbers) {
  expect_refused("}NNs", "None as a key");
  expect_refused("})Ns", "a tuple as a key");
  expect_refused("}C\1aNs", "bytes as a key");
  expect_refused("}" + global("torch", "FloatStorage") + "Ns", "as a key");
  expect_refused("}(" + text("a") + "N" + text("a") + "Nu", "the key \"a\" twice");
  expect_refused("}(" + text("1") + "NK\1Nu", "the key \"1\" twice");
}

TEST_F(HostilePickle, NestingsAreBounded) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), ']') +
           std::string(static_cast<std::size_t>(depth - 1), 'a');
  };
  EXPECT_NO_THROW(value(nested(100)));
  expect_refused(nested(101), "nested more than 100 levels deep");
  expect_refused(nested(1'000'000), "nested more than 100 levels deep");
  std::string tuples = ")";
  for (int i = 0; i < 1'000'000; ++i) tuples += '\x85';
  expect_refused(tuples, "nested more than 100 levels deep");
  expect_refused(std::string(1'000'000, '('), "marks deep");
  expect_refused("]q\1h\1a", "nested more than 100 levels deep");  // a list in itself
  expect_refused("}q\1" + text("a") + "h\1s",
                 "nested more than 100 levels deep");  // a dict in itself
}

TEST_F(HostilePickle, BombsAreBounded) {
  // 2^90 empty tuples in 90 steps.
  std::string doubling = ")q\1";
  for (int i = 0; i < 90; ++i) doubling += "h\1h\1\x86q\1";
  expect_refused("(" + doubling + "t", "unfolds to more than 2097152 values");
  // A megabyte of text, a thousand times.
  std::string repeated = "(" + text(std::string(1'000'000, 'a')) + "q\1";
  for (int i = 0; i < 1000; ++i) repeated += "h\1";
  expect_refused(repeated + "t", "bytes of text");
  expect_refused("(" + std::string(3'000'000, 'N') + "t", "more than 2097152 values");
  std::string steps = "(Nq\1";
  for (int i = 0; i < 9'000'000; ++i) steps += "h\1";
  expect_refused(steps + "t", "more than 8388608 steps");
  // Tensors are dearer than other values.
  std::string tensors = "(" + global("torch._utils", "_rebuild_tensor_v2") + "q\1(" +
                        storage("FloatStorage", "0", 0) + integer(0) + integer(0) + "\x85" +
                        integer(0) + "\x85\x89" + ordered_dict() + "tq\2R";
  for (int i = 0; i < 300'000; ++i) tensors += "h\1h\2R";
  expect_refused(tensors + "t", "more than 262144 tensors", {""});
}

}  // namespace
}  // namespace tessera::io
