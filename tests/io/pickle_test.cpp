#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "io/formats/pickle_value.h"
#include "tests/io/torch_fixture.h"

namespace tessera::io {
namespace {

using test::dict;
using test::global;
using test::integer;
using test::little;
using test::ordered_dict;
using test::pickle_of;
using test::real;
using test::Shape;
using test::storage;
using test::tensor;
using test::text;
using test::torch_file;
using ::testing::HasSubstr;

class Pickle : public test::TorchFixture {};

TEST_F(Pickle, NumbersAndTruthValues) {
  const auto whole = [&](const std::string& bytes) { return value(bytes).integer("it"); };
  EXPECT_TRUE(value("N").is_none());
  EXPECT_TRUE(std::get<bool>(value("\x88").data));
  EXPECT_FALSE(std::get<bool>(value("\x89").data));
  EXPECT_EQ(whole("K\xff"), 255);
  EXPECT_EQ(whole("M\x01\x80"), 0x8001);
  EXPECT_EQ(whole("J\xfe\xff\xff\xff"), -2);
  EXPECT_EQ(whole(std::string("\x8a\x00", 2)), 0);
  EXPECT_EQ(whole("\x8a\x01\xff"), -1);
  EXPECT_EQ(whole(std::string("\x8a\x02\xff\x00", 4)), 255);
  EXPECT_EQ(whole(std::string("\x8a\x05\0\0\0\0\x80", 7)), -(std::int64_t{1} << 39));
  EXPECT_EQ(whole(integer(std::numeric_limits<std::int64_t>::min())),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(value(std::string("G\x3f\xf8\0\0\0\0\0\0", 9)).real("it"), 1.5);
  EXPECT_EQ(value(real(-std::numeric_limits<double>::infinity())).real("it"),
            -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(value(real(std::nan(""))).real("it")));
  EXPECT_EQ(value("K\x03").real("it"), 3.0);
}

TEST_F(Pickle, TextAndBytes) {
  const auto words = [&](const std::string& bytes) { return value(bytes, '\4').text("it"); };
  EXPECT_EQ(words(text("grüße\n")), "grüße\n");
  EXPECT_EQ(words(text(std::string("a\0b", 3))), std::string("a\0b", 3));
  EXPECT_EQ(words("\x8c\x02ok"), "ok");
  EXPECT_EQ(words("\x8d" + little(std::uint64_t{2}) + "ok"), "ok");
  EXPECT_EQ(words("C\x02\xff\xfe"), "\xff\xfe");
  EXPECT_EQ(words("B" + little(std::uint32_t{2}) + "ok"), "ok");
  EXPECT_EQ(words("\x8e" + little(std::uint64_t{2}) + "ok"), "ok");
}

TEST_F(Pickle, Containers) {
  EXPECT_TRUE(std::get<PickleTuple>(value(")").data).items.empty());
  EXPECT_TRUE(std::get<PickleList>(value("]").data).items.empty());
  EXPECT_TRUE(value("}").dict("it").entries.empty());
  EXPECT_EQ(value("K\1\x85").items("it").size(), 1U);
  EXPECT_EQ(value("K\1K\2\x86").items("it").at(1).integer("it"), 2);
  EXPECT_EQ(value("K\1K\2K\3\x87").items("it").at(2).integer("it"), 3);
  EXPECT_EQ(value("(K\1K\2K\3K\4t").items("it").at(3).integer("it"), 4);
  const PickleValue list = value("]K\1a(K\2K\3e");
  ASSERT_EQ(std::get<PickleList>(list.data).items.size(), 3U);
  EXPECT_EQ(list.items("it").at(2).integer("it"), 3);
  const PickleValue both = value("}" + text("z") + "K\1s(" + text("a") + "K\2K\7Nu");
  ASSERT_EQ(both.dict("it").entries.size(), 3U);
  EXPECT_EQ(both.dict("it").entries[0].key, "z") << "in the order of the file";
  EXPECT_EQ(both.find("a")->integer("it"), 2);
  EXPECT_TRUE(both.find("7")->is_none());
  EXPECT_EQ(both.find("b"), nullptr);
  EXPECT_EQ(list.find("z"), nullptr);
}

TEST_F(Pickle, TheMemoIsFilledBeforeTheContainerIs) {
  // d = {}; d["list"] = [1]; the same list and the dict's own tuple again.
  const PickleValue both = value("}q\3(" + text("a") + "]q\1K\1a" + text("b") + "h\1u");
  EXPECT_EQ(both.find("a")->items("it").at(0).integer("it"), 1);
  EXPECT_EQ(both.find("b")->items("it").at(0).integer("it"), 1);
  // The list grows after it was put into the dict.
  const PickleValue later = value("]q\1}" + text("a") + "h\1s" + text("b") + "h\1K\5as\x86");
  EXPECT_EQ(later.items("it").at(1).find("a")->items("it").at(0).integer("it"), 5);
  const std::string index = little(std::uint32_t{70000});
  EXPECT_EQ(value("(K\7r" + index + "j" + index + "t").items("it").at(1).integer("it"), 7);
  EXPECT_EQ(
      value("(K\7\x94K\10\x94h\1" + std::string("h\0t", 3), '\4').items("it").at(2).integer("it"),
      8);
}

TEST_F(Pickle, ProtocolsTwoToFive) {
  for (const char protocol : {'\2', '\3', '\4', '\5'}) {
    EXPECT_EQ(value("K\7", protocol).integer("it"), 7);
  }
  const std::string names = text("collections") + text("OrderedDict") + "\x93)R";
  const std::string framed = "\x95" + little(static_cast<std::uint64_t>(names.size())) + names;
  EXPECT_TRUE(value(framed, '\4').is_dict());
}

TEST_F(Pickle, AnOrderedDictMayCarryAttributes) {
  const std::string state =
      ordered_dict() + "(" + text("w") + "K\1u" + dict({{"_metadata", ordered_dict()}}) + "b";
  const PickleValue read_state = value(state);
  ASSERT_EQ(read_state.dict("it").entries.size(), 1U);
  EXPECT_EQ(read_state.find("w")->integer("it"), 1);
}

TEST_F(Pickle, TheNameOfALightningCallbackIsText) {
  const std::string name =
      global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint");
  const PickleValue callbacks = value("}" + name + "K\1s");
  EXPECT_EQ(callbacks.dict("it").entries.at(0).key,
            "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint");
  EXPECT_THAT(value(name).text("it"), HasSubstr("ModelCheckpoint"));
  expect_refused(name + ")R", "is not to be called");
}

TEST_F(Pickle, GettersNameWhatIsWrong) {
  using tessera::test::expect_error;
  const PickleValue number = value("K\1");
  expect_error(ErrorCode::kCorruptFile,
               "x.pth: \"ema\" is a whole number, it should be a dict",
               [&] { number.dict("x.pth: \"ema\""); });
  expect_error(ErrorCode::kCorruptFile, "should be a tensor", [&] { number.tensor("it"); });
  expect_error(ErrorCode::kCorruptFile, "should be text", [&] { number.text("it"); });
  expect_error(ErrorCode::kCorruptFile, "should be a list", [&] { number.items("it"); });
  expect_error(ErrorCode::kCorruptFile, "is None", [&] { value("N").integer("it"); });
  expect_error(ErrorCode::kCorruptFile, "is text, it", [&] { value(text("1")).real("it"); });
}

TEST_F(Pickle, TensorsOfEveryType) {
  const auto check = [&](const char* type, const at::Tensor& wanted) {
    const std::string data(static_cast<const char*>(wanted.const_data_ptr()),
                           static_cast<std::size_t>(wanted.nbytes()));
    const at::Tensor found =
        tensor_over(type, wanted.numel(), data, {.sizes = {2, 3}, .strides = {3, 1}});
    EXPECT_EQ(found.scalar_type(), wanted.scalar_type());
    EXPECT_TRUE(found.equal(wanted.reshape({2, 3}))) << type << found;
  };
  const at::Tensor numbers = at::arange(-3, 3, at::kDouble) * 1.25;
  check("DoubleStorage", numbers);
  check("FloatStorage", numbers.to(at::kFloat));
  check("HalfStorage", numbers.to(at::kHalf));
  check("BFloat16Storage", numbers.to(at::kBFloat16));
  check("LongStorage", numbers.to(at::kLong));
  check("IntStorage", numbers.to(at::kInt));
  check("ShortStorage", numbers.to(at::kShort));
  check("CharStorage", numbers.to(at::kChar));
  check("ByteStorage", numbers.abs().to(at::kByte));
  check("BoolStorage", numbers.gt(0));
}

TEST_F(Pickle, ViewsOfAnyStrideAndOffset) {
  std::string data;
  for (int i = 0; i < 12; ++i) data += little(static_cast<float>(i));
  const auto view = [&](const Shape& shape) {
    return tensor_over("FloatStorage", 12, data, shape).contiguous();
  };
  const at::Tensor all = at::arange(12, at::kFloat);
  EXPECT_TRUE(view({.sizes = {3, 4}, .strides = {4, 1}}).equal(all.reshape({3, 4})));
  EXPECT_TRUE(view({.sizes = {4, 3}, .strides = {1, 4}}).equal(all.reshape({3, 4}).t()));
  EXPECT_TRUE(view({.offset = 5, .sizes = {2, 2}, .strides = {4, 2}})
                  .equal(at::tensor({5, 7, 9, 11}, at::kFloat).reshape({2, 2})));
  EXPECT_TRUE(view({.offset = 11, .sizes = {}, .strides = {}}).equal(at::scalar_tensor(11.0)));
  EXPECT_TRUE(view({.offset = 3, .sizes = {2, 3}, .strides = {1, 0}})
                  .equal(at::tensor({3, 3, 3, 4, 4, 4}, at::kFloat).reshape({2, 3})));
  EXPECT_EQ(view({.offset = 12, .sizes = {0, 5}, .strides = {5, 1}}).sizes(),
            at::IntArrayRef({0, 5}));
  EXPECT_EQ(tensor_over("FloatStorage", 0, "", {.sizes = {0}, .strides = {1}}).numel(), 0);
}

TEST_F(Pickle, TensorsOfOneStorageShareMemoryAndOutliveTheFile) {
  std::string data;
  for (int i = 0; i < 6; ++i) data += little(static_cast<float>(i));
  const std::string over = storage("FloatStorage", "0", 6);
  const std::filesystem::path file = folder_.write(
      "x",
      torch_file(
          pickle_of(dict({{"whole", tensor(over, {.sizes = {6}, .strides = {1}})},
                          {"half", tensor(over, {.offset = 3, .sizes = {3}, .strides = {1}})}})),
          {data}));
  at::Tensor whole;
  at::Tensor half;
  {
    const PickleValue both = read_torch_file(file);
    whole = both.find("whole")->tensor("it");
    half = both.find("half")->tensor("it");
  }
  std::filesystem::remove(file);
  EXPECT_TRUE(whole.is_alias_of(half));
  whole.add_(10);  // changes this process's copy of the page, and both tensors
  EXPECT_TRUE(half.equal(at::tensor({13, 14, 15}, at::kFloat)));
}

TEST_F(Pickle, AParameterIsItsTensor) {
  const std::string inner = tensor(storage("LongStorage", "0", 1), {.sizes = {1}, .strides = {1}});
  const std::string parameter =
      global("torch._utils", "_rebuild_parameter") + "(" + inner + "\x88" + ordered_dict() + "tR";
  const PickleValue found = read(torch_file(pickle_of(parameter), {little(std::int64_t{-7})}));
  EXPECT_EQ(found.tensor("it").item<std::int64_t>(), -7);
  EXPECT_FALSE(found.tensor("it").requires_grad());
}

TEST_F(Pickle, DataThatIsNotAlignedIsCopied) {
  const std::string pickle =
      pickle_of(tensor(storage("DoubleStorage", "0", 1), {.sizes = {1}, .strides = {1}}));
  for (std::size_t padding = 0; padding < 8; ++padding) {
    const PickleValue found =
        read(test::zip_of({{.name = "m/data.pkl", .data = pickle},
                           {.name = "m/data/0", .data = little(2.5), .padding = padding}}));
    const at::Tensor values = found.tensor("it");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values.const_data_ptr()) % 8, 0U);
    EXPECT_EQ(values.item<double>(), 2.5);
  }
}

TEST_F(Pickle, AnyByteIsATruthValue) {
  const at::Tensor found =
      tensor_over("BoolStorage", 3, std::string("\0\1\xff", 3), {.sizes = {3}, .strides = {1}});
  EXPECT_TRUE(found.equal(at::tensor({0, 1, 1}).to(at::kBool)));
}

TEST_F(Pickle, FlattensToDottedNames) {
  const auto one = [](const char* key) {
    return tensor(storage("ByteStorage", key, 1), {.sizes = {1}, .strides = {1}});
  };
  const std::string nested =
      dict({{"epoch", "K\3"},
            {"note", text("words")},
            {"model", dict({{"a.weight", one("0")}, {"b", one("1")}})},
            {"states", "](" + one("2") + "N" + dict({{"c", one("3")}}) + "e"}});
  const PickleValue found = read(torch_file(pickle_of(nested), {"\1", "\2", "\3", "\4"}));
  const StateDict state = tensors_of(found);
  ASSERT_EQ(state.tensors.size(), 4U);
  EXPECT_EQ(state.tensors.at("model.a.weight").item<int>(), 1);
  EXPECT_EQ(state.tensors.at("model.b").item<int>(), 2);
  EXPECT_EQ(state.tensors.at("states.0").item<int>(), 3);
  EXPECT_EQ(state.tensors.at("states.2.c").item<int>(), 4);
  EXPECT_TRUE(state.metadata.empty());
  EXPECT_EQ(tensors_of(*found.find("model"), "x").tensors.count("x.a.weight"), 1U);
  EXPECT_EQ(tensors_of(*found.find("model")->find("b")).tensors.count("tensor"), 1U);
  EXPECT_EQ(tensors_of(*found.find("model")->find("b"), "x").tensors.count("x"), 1U);
  EXPECT_TRUE(tensors_of(*found.find("note")).tensors.empty());
}

TEST_F(Pickle, TwoTensorsOfOneDottedNameAreRefused) {
  const std::string one = tensor(storage("ByteStorage", "0", 1), {.sizes = {1}, .strides = {1}});
  const PickleValue found =
      read(torch_file(pickle_of(dict({{"a.b", one}, {"a", dict({{"b", one}})}})), {"\1"}));
  tessera::test::expect_error(ErrorCode::kCorruptFile,
                              "FILE: two tensors have the name \"a.b\"",
                              [&] { tensors_of(found, "", "FILE"); });
}

}  // namespace
}  // namespace tessera::io
