// Tensors over a mapped file: pages that were given back are read again.

#include "io/mapped_tensor.h"

#include <numeric>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "io/state_dict.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

constexpr std::int64_t kCount = 64 * 1024;  // many pages

struct Mapped {
  Mapped() {
    std::vector<float> values(kCount);
    std::iota(values.begin(), values.end(), 0.f);
    write_file_atomically(
        folder.path() / "values",
        std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
    tensor = mapped_tensor(MappedFile::open(folder.path() / "values"), 0, {kCount}, at::kFloat);
  }
  test::TemporaryFolder folder;
  at::Tensor tensor;
};

TEST(MappedTensor, OutlivesTheHandleOfTheFile) {
  const Mapped mapped;
  EXPECT_TRUE(at::equal(mapped.tensor, at::arange(kCount, at::kFloat)));
}

TEST(MappedTensor, ReleasedPagesAreReadAgain) {
  const Mapped mapped;
  mapped.tensor.fill_(7.f);  // in this process's own copies of the pages
  release_pages(mapped.tensor);
  EXPECT_TRUE(at::equal(mapped.tensor, at::arange(kCount, at::kFloat))) << "as the file has them";
}

/// A page that is shared with a neighbour stays: what was written to the neighbour is not lost.
TEST(MappedTensor, ReleaseKeepsToItsOwnPages) {
  const Mapped mapped;
  mapped.tensor.fill_(7.f);
  release_pages(mapped.tensor.slice(0, 10, kCount - 10));
  EXPECT_EQ(mapped.tensor[9].item<float>(), 7.f);
  EXPECT_EQ(mapped.tensor[kCount - 10].item<float>(), 7.f);
  EXPECT_EQ(mapped.tensor[kCount / 2].item<float>(), static_cast<float>(kCount / 2));
}

TEST(MappedTensor, OtherTensorsAreLeftAlone) {
  const at::Tensor own = at::full({kCount}, 7.f);
  release_pages(own);
  EXPECT_TRUE(own.eq(7.f).all().item<bool>());
  release_pages({});
  const Mapped mapped;
  mapped.tensor.fill_(7.f);
  release_pages(mapped.tensor.view({256, 256}).t());
  EXPECT_TRUE(mapped.tensor.eq(7.f).all().item<bool>()) << "not contiguous";
}

TEST(MappedTensor, SafetensorsAreMapped) {
  const test::TemporaryFolder folder;
  write_safetensors(folder.path() / "file", {.tensors = {{"x", at::arange(kCount, at::kFloat)}}});
  const at::Tensor x = read_state_dict(folder.path() / "file").tensors.at("x");
  x.fill_(7.f);
  release_pages(x);
  EXPECT_EQ(x[kCount / 2].item<float>(), static_cast<float>(kCount / 2));
}

}  // namespace
}  // namespace tessera::io
