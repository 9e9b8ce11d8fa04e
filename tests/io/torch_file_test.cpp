#include "io/formats/torch_file.h"

#include <chrono>
#include <fstream>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "tests/io/torch_fixture.h"

namespace tessera::io {
namespace {

using test::dict;
using test::global;
using test::little;
using test::pickle_of;
using test::storage;
using test::tensor;
using test::text;
using test::torch_file;
using test::zip_descriptor;
using test::zip_end;
using test::zip_entry;
using test::zip_local;
using test::zip_of;

namespace fs = std::filesystem;

class TorchFile : public test::TorchFixture {
 protected:
  /// {"a": float32 [2], "b": int64 []} of 1, -2 and 7.
  std::string small_file() {
    const std::string a = tensor(storage("FloatStorage", "0", 2), {.sizes = {2}, .strides = {1}});
    const std::string b = tensor(storage("LongStorage", "1", 1), {});
    return torch_file(pickle_of(dict({{"a", a}, {"b", b}})),
                      {little(1.0F) + little(-2.0F), little(std::int64_t{7})});
  }
  static void expect_small(const StateDict& state) {
    ASSERT_EQ(state.tensors.size(), 2U);
    EXPECT_TRUE(state.tensors.at("a").equal(at::tensor({1.0F, -2.0F})));
    EXPECT_TRUE(state.tensors.at("b").equal(at::scalar_tensor(7, at::kLong)));
  }
};

TEST_F(TorchFile, RecordedFileEqualsItsSafetensorsTwin) {
  const fs::path golden = fs::path(TESSERA_SOURCE_DIR) / "tests/golden";
  const fs::path part = "learned_classifier_free_sampling_embeddings";
  const StateDict pickled =
      read_state_dict(golden / "diffusers-tiny-bin" / part / "diffusion_pytorch_model.bin");
  const StateDict twin =
      read_state_dict(golden / "diffusers-tiny" / part / "diffusion_pytorch_model.safetensors");
  ASSERT_EQ(pickled.tensors.size(), twin.tensors.size());
  for (const auto& [name, wanted] : twin.tensors) {
    const at::Tensor& found = pickled.tensors.at(name);
    EXPECT_EQ(found.scalar_type(), wanted.scalar_type());
    EXPECT_TRUE(found.equal(wanted)) << name;
  }
}

TEST_F(TorchFile, WeightsAreToldByContent) {
  expect_small(read_state_dict(folder_.write("x.safetensors", small_file())));
  StateDict state;
  state.tensors["a"] = at::ones({2});
  write_safetensors(folder_ / "x.pth", state);
  EXPECT_TRUE(read_state_dict(folder_ / "x.pth").tensors.at("a").equal(at::ones({2})));
  const auto head = [](const std::string& bytes) { return bytes.substr(0, 16); };
  EXPECT_TRUE(is_state_dict(head(small_file())));
  EXPECT_TRUE(is_state_dict(head(read_file(folder_ / "x.pth"))));
  EXPECT_TRUE(is_torch_file(head(small_file())));
  EXPECT_FALSE(is_torch_file(head(read_file(folder_ / "x.pth"))));
  for (const std::string& other :
       {std::string(), std::string("PK"), std::string("\x89PNG\r\n\x1a\n0000")}) {
    EXPECT_FALSE(is_state_dict(other));
  }
  // Headers whose length begins as a zip or a pickle does.
  EXPECT_FALSE(is_torch_file(little(std::uint64_t{0x04034b50}) + "{\"a\":{}"));
  EXPECT_FALSE(is_torch_file(little(std::uint64_t{0x0280}) + "{\"a\":{}"));
  tessera::test::expect_error(
      ErrorCode::kNotFound, "no such file", [&] { read_state_dict(folder_ / "none"); });
}

TEST_F(TorchFile, OldFilesSayWhatToDo) {
  const std::string legacy("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.",
                           20);
  expect_corrupt(legacy, "written by torch < 1.6; save it again with a newer one (byte 0)");
  tessera::test::expect_error(
      ErrorCode::kCorruptFile, "written by torch < 1.6", [&] { read_state_dict(folder_ / "x"); });
  expect_corrupt("\x80\2}q\1X\1\2\3", "a pickle on its own");
}

/// An object of the class NAME of a TorchScript program, with attributes.
std::string script_object(const std::string& name,
                          const std::vector<std::pair<std::string, std::string>>& attributes) {
  return global("__torch__.model", name) + ")\x81" + dict(attributes) + "b";
}

std::string script_file(const std::string& value, const std::string& data) {
  return zip_of({{.name = "m/data.pkl", .data = pickle_of(value)},
                 {.name = "m/data/0", .data = data},
                 {.name = "m/constants.pkl", .data = "not even a pickle"},
                 {.name = "m/code/__torch__/model.py", .data = "import os", .method = 8}});
}

TEST_F(TorchFile, TorchScriptIsReadWithoutItsProgram) {
  const std::string weight = tensor(storage("HalfStorage", "0", 2), {.sizes = {2}, .strides = {1}});
  const std::string layer = script_object("Layer", {{"weight", weight}, {"training", "\x88"}});
  const std::string list = global("torch.jit._pickle", "build_intlist") + "](K\1K\2e\x85R";
  const std::string bytes =
      script_file(script_object("Model", {{"layer", layer}, {"sides", list}}),
                  little(std::uint16_t{0x3C00}) + little(std::uint16_t{0xC000}));
  const PickleValue value = read(bytes);
  const StateDict state = tensors_of(value);
  ASSERT_EQ(state.tensors.size(), 1U);
  EXPECT_EQ(state.tensors.at("layer.weight").scalar_type(), at::kHalf);
  EXPECT_TRUE(state.tensors.at("layer.weight").to(at::kFloat).equal(at::tensor({1.0F, -2.0F})));
  EXPECT_EQ(value.find("sides")->items("sides").at(1).integer("side"), 2);
  // A file of torch.jit.save.
  const StateDict saved = read_state_dict(fs::path(TESSERA_SOURCE_DIR) / "tests/data/script.pt");
  EXPECT_EQ(saved.tensors.at("visual.conv1.weight").sizes(), at::IntArrayRef({2, 3, 2, 2}));
  EXPECT_EQ(saved.tensors.at("visual.conv1.weight").scalar_type(), at::kHalf);
  EXPECT_EQ(saved.tensors.at("logit_scale").item<float>(), 1.5F);
}

TEST_F(TorchFile, TorchScriptHasNothingElse) {
  const auto refused = [&](const std::string& value, const std::string& part) {
    expect_corrupt(script_file(value, ""), part);
  };
  refused(global("os", "system") + ")\x81", "global \"os system\" is not allowed");
  refused(global("__torch__.model", "Model") + "K\1\x85\x81", "made with arguments");
  refused(global("__torch__.model", "Model") + ")R", "is not to be called");
  refused(global("collections", "OrderedDict") + ")\x81", "an object of OrderedDict");
  refused(global("__torch__.model", "Model"), "stands for no value");
  refused(global("__torch__x", "Model") + ")\x81", "global \"__torch__x Model\" is not allowed");
  // A second state is the note on a dict that torch.save writes: dropped.
  EXPECT_EQ(read(script_file(script_object("A", {{"a", "K\1"}}) + dict({{"b", "K\2"}}) + "b", ""))
                .dict("the file")
                .entries.size(),
            1U);
  // Only the program may be compressed.
  expect_corrupt(zip_of({{.name = "m/data.pkl", .data = pickle_of("N"), .method = 8},
                         {.name = "m/constants.pkl", .data = "x"}}),
                 "is compressed");
}

TEST_F(TorchFile, ClassesNeedAProgram) {
  const std::string pickle = pickle_of(global("__torch__.model", "Model") + ")\x81");
  // Without its program it is still no weight file.
  expect_corrupt(zip_of({{.name = "m/data.pkl", .data = pickle}}),
                 "global \"__torch__.model Model\"");
}

TEST_F(TorchFile, ArchivesOfAnotherShapeAreRefused) {
  expect_corrupt(zip_of({{.name = "a.txt", .data = "x"}}), "without a FOLDER/data.pkl");
  expect_corrupt(zip_of({{.name = "data.pkl", .data = "x"}}), "without a FOLDER/data.pkl");
  expect_corrupt(zip_of({{.name = "a/b/data.pkl", .data = "x"}}), "without a FOLDER/data.pkl");
  expect_corrupt(zip_of({{.name = "a/data.pkl"}, {.name = "b/data.pkl"}}), "a second pickle");
  expect_corrupt(zip_of({{.name = "m/data.pkl", .data = pickle_of("N")},
                         {.name = "m/byteorder", .data = "big"}}),
                 "the byte order is \"big\"");
  expect_corrupt(zip_of({{.name = "m/data.pkl", .data = pickle_of("N"), .method = 8}}),
                 "is compressed");
  expect_corrupt(zip_of({{.name = "m/data.pkl", .data = pickle_of("N"), .crc = 1}}), "checksum");
  EXPECT_TRUE(read(zip_of({{.name = "m/data.pkl", .data = pickle_of("N")}})).is_none());
  expect_corrupt("just words", "not a zip archive");
}

TEST_F(TorchFile, TruncationAtEveryByteIsRefused) {
  const std::string bytes = small_file();
  expect_small(tensors_of(read(bytes)));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_corrupt(bytes.substr(0, size), "");
  }
  // The pickle alone cut at every byte, in a sound archive.
  const std::string pickle = pickle_of(dict({{"a", "K\1"}, {"b", test::real(1.5)}}));
  for (std::size_t size = 0; size < pickle.size(); ++size) {
    expect_corrupt(torch_file(pickle.substr(0, size)), "");
  }
}

TEST_F(TorchFile, AFlippedBitIsRefusedOrChangesNothingButData) {
  const std::string bytes = small_file();
  const std::size_t floats = bytes.find(little(1.0F) + little(-2.0F));
  const std::size_t integer = bytes.find(little(std::int64_t{7}));
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::size_t byte = bit / 8;
    if ((byte >= floats && byte < floats + 8) || (byte >= integer && byte < integer + 8)) continue;
    std::string flipped = bytes;
    flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << (bit % 8)));
    try {
      expect_small(tensors_of(read(flipped)));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 2000);
}

// The same without the help of the checksum.
TEST_F(TorchFile, FlippedBitsOfThePickleNeverCrash) {
  const std::string a =
      tensor(storage("HalfStorage", "0", 6), {.sizes = {3, 2}, .strides = {1, 3}});
  const std::string pickle =
      pickle_of(dict({{"a", a}, {"b", "](K\1NX\2\0\0\0ab\x88" + test::real(2) + "e"}}));
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * pickle.size(); ++bit) {
    std::string flipped = pickle;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    try {
      for (const auto& item :
           tensors_of(read(torch_file(flipped, {std::string(12, '\1')}))).tensors) {
        item.second.sum().item<double>();
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

/// Kilobytes of this process in memory, without what is only mapped.
std::int64_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      std::int64_t value = 0;
      status >> value;
      return value;
    }
  }
  return 0;
}

// A hole of 5 GiB between the pickle and the second storage: sizes and offsets need zip64.
TEST_F(TorchFile, FiveGigabytesOpenWithoutBeingRead) {
  constexpr std::uint64_t kLarge = (std::uint64_t{5} << 30);
  const auto values = static_cast<std::int64_t>(kLarge / 4);
  const std::string large = tensor(storage("FloatStorage", "0", values),
                                   {.sizes = {values / 1024, 1024}, .strides = {1024, 1}});
  const std::string last = tensor(storage("IntStorage", "1", 1), {.sizes = {1}, .strides = {1}});
  const test::ZipPart pickle{.name = "m/data.pkl",
                             .data = pickle_of(dict({{"large", large}, {"last", last}}))};
  test::ZipPart first{
      .name = "m/data/0", .crc = 0, .size = 0xFFFFFFFFu, .packed_size = 0xFFFFFFFFu};
  first.extra = test::zip64_field({kLarge, kLarge});
  test::ZipPart second{.name = "m/data/1", .data = little(std::int32_t{42}), .begin = 0xFFFFFFFFu};

  const std::string before_first = zip_local(pickle) + pickle.data + zip_descriptor(pickle);
  first.padding = 64 - (before_first.size() + zip_local(first).size()) % 64;
  const std::string head = before_first + zip_local(first);
  const std::string sizes = "PK\7\x08" + little(std::uint32_t{0}) + little(kLarge) + little(kLarge);
  const std::uint64_t second_at = head.size() + kLarge + sizes.size();
  second.extra = test::zip64_field({second_at});
  const std::string tail = sizes + zip_local(second) + second.data + zip_descriptor(second);
  const std::string directory =
      zip_entry(pickle, 0) + zip_entry(first, before_first.size()) + zip_entry(second, 0);
  const fs::path file = folder_.write("large.bin", head);
  fs::resize_file(file, head.size() + kLarge);
  std::ofstream(file, std::ios::binary | std::ios::app)
      << tail << zip_end(directory, 3, head.size() + kLarge + tail.size(), {.zip64 = true});
  ASSERT_GT(fs::file_size(file), kLarge);

  const std::int64_t before = resident_kilobytes();
  const auto start = std::chrono::steady_clock::now();
  const StateDict state = read_state_dict(file);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  EXPECT_LT(resident_kilobytes() - before, 32 * 1024);
  EXPECT_LT(took.count(), 2.0);
  EXPECT_EQ(state.tensors.at("last").item<std::int32_t>(), 42);
  EXPECT_EQ(state.tensors.at("large").size(0), values / 1024);
  EXPECT_EQ(state.tensors.at("large")[values / 1024 - 1].sum().item<float>(), 0.0F);
}

}  // namespace
}  // namespace tessera::io
