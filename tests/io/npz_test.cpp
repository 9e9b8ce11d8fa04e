#include "io/formats/npz.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "io/formats/npy_header.h"
#include "tests/io/zip_bytes.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

using ::testing::UnorderedElementsAre;

std::filesystem::path numpy_file(const char* name) {
  return std::filesystem::path(TESSERA_SOURCE_DIR "/tests/eval/data") / name;
}

/// A .npy file: format 1.0 with this dict and these numbers.
std::string npy(const std::string& dict, const std::string& numbers) {
  return "\x93NUMPY" + std::string("\1\0", 2) +
         test::little(static_cast<std::uint16_t>(dict.size())) + dict + numbers;
}

class Npz : public ::testing::Test {
 protected:
  NpzFile open(const std::string& array) {
    const test::ZipPart part{.name = "a.npy", .data = array};
    return NpzFile::open(folder_.write("x.npz", test::zip_of({part})));
  }
  void refused(const std::string& array, const std::string& part) {
    tessera::test::expect_error(ErrorCode::kCorruptFile, part, [&] { open(array).read("a"); });
    tessera::test::expect_error(
        ErrorCode::kCorruptFile, "x.npz: array \"a\"", [&] { open(array).read("a"); });
  }
  tessera::test::TemporaryFolder folder_{};
};

TEST_F(Npz, ReadsWhatNumpyWroteStoredAndCompressed) {
  const NpzFile file = NpzFile::open(numpy_file("deflated.npz"));
  EXPECT_THAT(file.names(),
              UnorderedElementsAre("mu", "sigma", "mu_s", "sigma_s", "many", "flags"));
  EXPECT_TRUE(at::equal(file.read("many"), at::arange(20000).remainder(251)));
  EXPECT_TRUE(at::equal(file.read("flags"), at::tensor({1, 0}).to(at::kBool)));
  EXPECT_EQ(file.read("mu_s").scalar_type(), at::kFloat);
  // The same matrix in the other axis order.
  EXPECT_TRUE(at::equal(file.read("sigma"), NpzFile::open(numpy_file("stored.npz")).read("sigma")));
}

TEST_F(Npz, WritesWhatItReads) {
  const std::map<std::string, at::Tensor> arrays = {
      {"f8", at::arange(6, at::kDouble).view({2, 3})},
      {"f4", at::ones({0, 4})},
      {"u1", at::tensor({1, 255}).to(at::kByte)},
      {"number", at::scalar_tensor(7, at::kLong)},
      {"line", at::arange(3, at::kInt)},
      {"turned", at::arange(6, at::kDouble).view({2, 3}).t()}};
  write_npz(folder_ / "a.npz", arrays);
  const NpzFile file = NpzFile::open(folder_ / "a.npz");
  for (const auto& [name, array] : arrays) {
    EXPECT_TRUE(at::equal(file.read(name), array)) << name;
    EXPECT_EQ(file.read(name).scalar_type(), array.scalar_type()) << name;
  }
  tessera::test::expect_error(
      ErrorCode::kNotFound, "no array \"mu\"; it has: f4, f8,", [&] { file.read("mu"); });
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "BFloat16", [&] {
    write_npz(folder_ / "b.npz", {{"a", at::ones({2}, at::kBFloat16)}});
  });
}

TEST_F(Npz, AHeaderBeginsTheNumbersAtAMultipleOf64) {
  for (const std::vector<std::int64_t>& shape :
       std::vector<std::vector<std::int64_t>>{{}, {1}, {2, 3}, {2048, 2048}}) {
    const std::string text = npy_header_text({.shape = shape});
    EXPECT_EQ(text.size() % 64, 0u);
    EXPECT_EQ(text.back(), '\n');
  }
  EXPECT_THAT(npy_header_text({.shape = {5}}), ::testing::HasSubstr("'shape': (5,), }"));
}

TEST_F(Npz, RefusesHeadersThatLie) {
  const std::string two(16, '\0');
  const auto dict = [](const std::string& type, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  };
  EXPECT_EQ(open(npy(dict("<f8", "(2,)"), two)).read("a").numel(), 2);
  refused("no array at all", "not a NumPy array");
  refused(npy(dict("<f8", "(3,)"), two), "announces 24 bytes of numbers, 16 follow");
  refused(npy(dict("<f8", "(1,)"), two), "announces 8 bytes of numbers, 16 follow");
  refused(npy(dict("|O", "(2,)"), two), "type \"|O\"");
  refused(npy(dict(">f8", "(2,)"), two), "little-endian");
  refused(npy(dict("<f8", "(-2,)"), two), "not a NumPy array header");
  refused(npy(dict("<f8", "(4611686018427387904, 4611686018427387904)"), two), "larger than any");
  refused(npy("{'descr': '<f8', 'shape': (2,), }\n", two), "not a NumPy array header");
  refused(npy(dict("<f8", "(2,)") + "x", two), "not a NumPy array header");
  const std::string whole = npy(dict("<f8", "(2,)"), two);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    tessera::test::expect_error(
        ErrorCode::kCorruptFile, "array \"a\"", [&] { open(whole.substr(0, length)).read("a"); });
  }
}

TEST_F(Npz, FlippedBitsOfAnArchiveAreReadOrRefused) {
  const std::string whole = read_file(numpy_file("deflated.npz"));
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 5) {
    std::string wrong = whole;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
    try {
      const NpzFile file = NpzFile::open(folder_.write("x.npz", wrong));
      for (const std::string& name : file.names()) file.read(name);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile) << error.what();
    }
  }
}

TEST_F(Npz, ADeflatedMemberThatDoesNotFitItsChecksumIsRefused) {
  std::string whole = read_file(numpy_file("deflated.npz"));
  const std::size_t at = whole.find("PK\1\2") + 16;  // the checksum in the directory
  whole[at] = static_cast<char>(whole[at] ^ 1);
  const NpzFile file = NpzFile::open(folder_.write("x.npz", whole));
  tessera::test::expect_error(
      ErrorCode::kCorruptFile, "does not fit its checksum", [&] { file.read("mu"); });
}

}  // namespace
}  // namespace tessera::io
