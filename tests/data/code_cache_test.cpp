#include "data/code_cache.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::data {
namespace {
namespace fs = std::filesystem;

CodeCacheKey key_of(std::int64_t codes = 512) {
  return {.source = "scenes 64", .quantiser = "abc", .samples = 1000, .tokens = 16, .codes = codes};
}

at::Tensor codes_of(const std::vector<std::int64_t>& indices, std::int64_t codes = 512) {
  const auto rows = at::tensor(indices, at::kLong).unsqueeze(1);
  return (rows * 31 + at::arange(16, at::kLong) * 7).remainder(codes);
}

void expect_rows(const CodeCache& cache, const std::vector<std::int64_t>& indices) {
  const auto found = cache.get(indices);
  EXPECT_TRUE(found.complete);
  EXPECT_TRUE(found.hit.all().item<bool>());
  EXPECT_TRUE(found.codes.equal(codes_of(indices)));
}

TEST(CodeCache, RemembersRowsAcrossOpenings) {
  const test::TemporaryFolder folder;
  {
    const auto cache = CodeCache::open(folder / "cache", key_of());
    EXPECT_FALSE(cache->get({0, 999}).complete);
    cache->put({999, 3}, codes_of({999, 3}));
    expect_rows(*cache, {3, 999, 3});
  }
  const auto cache = CodeCache::open(folder / "cache", key_of());
  expect_rows(*cache, {999, 3});
  const auto found = cache->get({3, 4, 999});
  EXPECT_FALSE(found.complete);
  EXPECT_TRUE(found.hit.equal(at::tensor({1, 0, 1}).to(at::kBool)));
  EXPECT_EQ(found.codes[1].abs().sum().item<std::int64_t>(), 0);
}

TEST(CodeCache, HoldsEveryCodeOfItsRange) {
  const test::TemporaryFolder folder;
  for (const std::int64_t codes :
       {std::int64_t{65536}, std::int64_t{65537}, std::int64_t{1} << 31}) {
    const auto cache = CodeCache::open(folder.path(), key_of(codes));
    const at::Tensor row = at::full({1, 16}, codes - 1, at::kLong);
    cache->put({5}, row);
    EXPECT_TRUE(cache->get({5}).codes.equal(row)) << codes;
    test::expect_error(
        ErrorCode::kInvalidArgument, "codes must be in", [&] { cache->put({5}, row + 1); });
    test::expect_error(
        ErrorCode::kInvalidArgument, "got -1", [&] { cache->put({5}, row * 0 - 1); });
  }
}

TEST(CodeCache, AnotherKeyIsAnotherFile) {
  const test::TemporaryFolder folder;
  const auto base = CodeCache::open(folder.path(), key_of());
  base->put({1}, codes_of({1}));
  for (int field = 0; field < 4; ++field) {
    CodeCacheKey key = key_of();
    if (field == 0) key.source += "x";
    if (field == 1) key.quantiser += "x";
    if (field == 2) key.samples += 1;
    if (field == 3) key.codes += 1;
    EXPECT_FALSE(CodeCache::open(folder.path(), key)->get({1}).complete) << field;
  }
  expect_rows(*base, {1});
}

// A crash can leave any row cut or torn, and a disk can flip any bit: the row is missing, no more.
TEST(CodeCache, DamageCostsTheRowItHits) {
  const test::TemporaryFolder folder;
  fs::path file;
  {
    const auto cache = CodeCache::open(folder.path(), key_of());
    cache->put({0, 1, 2}, codes_of({0, 1, 2}));
    file = cache->file();
  }
  const std::string good = read_file(file);
  constexpr std::size_t kRow = 4 + 2 * 16;
  ASSERT_EQ(good.size(), 4096 + 3 * kRow);
  for (std::size_t byte = 0; byte < kRow; ++byte) {
    std::string bad = good;
    bad[4096 + kRow + byte] = static_cast<char>(bad[4096 + kRow + byte] ^ 4);
    folder.write(file.filename(), bad);
    const auto cache = CodeCache::open(folder.path(), key_of());
    EXPECT_TRUE(cache->get({0, 1, 2}).hit.equal(at::tensor({1, 0, 1}).to(at::kBool))) << byte;
    cache->put({1}, codes_of({1}));
    expect_rows(*cache, {0, 1, 2});
  }
  for (std::size_t size = 4096; size < good.size(); size += 5) {
    folder.write(file.filename(), good.substr(0, size));
    const auto cache = CodeCache::open(folder.path(), key_of());
    const auto whole = static_cast<std::int64_t>((size - 4096) / kRow);
    EXPECT_EQ(cache->get({0, 1, 2}).hit.sum().item<std::int64_t>(), whole);
  }
  std::string moved = good;  // row 0 in the place of row 1
  moved.replace(4096 + kRow, kRow, good.substr(4096, kRow));
  folder.write(file.filename(), moved);
  EXPECT_FALSE(CodeCache::open(folder.path(), key_of())->get({1}).complete);
}

TEST(CodeCache, AFileThatIsNoCacheIsDiscarded) {
  const test::TemporaryFolder folder;
  const fs::path file = CodeCache::open(folder.path(), key_of())->file();
  for (const std::string& bytes : {std::string("short"), std::string(10'000, 'x'), std::string()}) {
    folder.write(file.filename(), bytes);
    const auto cache = CodeCache::open(folder.path(), key_of());
    EXPECT_FALSE(cache->get({0}).complete);
    cache->put({0}, codes_of({0}));
    expect_rows(*cache, {0});
  }
}

TEST(CodeCache, WithoutADiskItFindsNothingAndGoesOn) {
  const auto cache = CodeCache::open("/dev/null/cache", key_of());
  cache->put({0}, codes_of({0}));
  EXPECT_FALSE(cache->get({0}).complete);
}

TEST(CodeCache, RefusesWhatIsOutOfRange) {
  const test::TemporaryFolder folder;
  const auto cache = CodeCache::open(folder.path(), key_of());
  const auto code = ErrorCode::kInvalidArgument;
  test::expect_error(code, "[0, 1000), got 1000", [&] { cache->get({1000}); });
  test::expect_error(code, "got -1", [&] { cache->put({-1}, codes_of({0})); });
  test::expect_error(ErrorCode::kShapeMismatch, "[2, 16]", [&] {
    cache->put({0, 1}, codes_of({0}));
  });
  CodeCacheKey key = key_of();
  key.samples = 0;
  test::expect_error(code, "out of range", [&] { CodeCache::open(folder.path(), key); });
}

}  // namespace
}  // namespace tessera::data
