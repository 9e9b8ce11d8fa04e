// Full and reduced ids: the shipped bitmaps against their published hashes, maps against loops.

#include "vqvae/code_remap.h"

#include <map>
#include <string>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "io/sha256.h"
#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"
#include "vqvae/quantizer.h"
#include "vqvae/used_codes.h"
#include "vqvae/vqvae.h"

namespace tessera::vqvae {
namespace {

using test::expect_error;

std::string bytes_of(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hexadecimal.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(UsedCodes, AreThePublishedOnes) {
  const std::map<std::int64_t, std::string> hashes{
      {8192, "6a405473cafe294a1d06ea011ae52bfc222879e5c185f4038d1c4ab434b6610f"},
      {16384, "6f65425f80a781babc815bb68ae8e57a632f63cdc070c608c258879c8f453ddf"}};
  ASSERT_EQ(published_used_codes().size(), hashes.size());
  for (const UsedCodes& codes : published_used_codes()) {
    const std::string bytes = bytes_of(codes.bitmap);
    EXPECT_EQ(static_cast<std::int64_t>(bytes.size()) * 8, codes.full);
    EXPECT_EQ(io::sha256(bytes), hashes.at(codes.full));
    const CodeMap map = published_code_map(codes.full, codes.used);
    // Against the rule, bit by bit: the rank among the used codes.
    std::int64_t rank = 0;
    for (std::int64_t i = 0; i < codes.full; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[static_cast<std::size_t>(i / 8)]);
      const bool used = (byte & (0x80 >> (i % 8))) != 0;
      ASSERT_EQ(map.full_to_reduced[i].item<std::int64_t>(), used ? rank : 0) << i;
      if (!used) continue;
      ASSERT_EQ(map.reduced_to_full[rank].item<std::int64_t>(), i);
      ++rank;
    }
    EXPECT_EQ(rank, codes.used);
    EXPECT_EQ(map.reduced_to_full.size(0), codes.used);
    // The map of ids that the authors ship gives the same.
    EXPECT_TRUE(
        code_map_from_index(map.full_to_reduced).reduced_to_full.equal(map.reduced_to_full));
  }
}

TEST(UsedCodes, FirstAndLastAreThoseOfTheAuthors) {
  const at::Tensor f8 = published_code_map(8192, 2887).reduced_to_full;
  EXPECT_TRUE(f8.slice(0, 0, 5).equal(at::tensor({0, 3, 9, 10, 11}, at::kLong)));
  EXPECT_TRUE(f8.slice(0, 2885).equal(at::tensor({8190, 8191}, at::kLong)));
  const at::Tensor f16 = published_code_map(16384, 974).reduced_to_full;
  EXPECT_TRUE(f16.slice(0, 0, 5).equal(at::tensor({0, 23, 66, 81, 91}, at::kLong)));
  EXPECT_TRUE(f16.slice(0, 972).equal(at::tensor({16338, 16374}, at::kLong)));
  expect_error(ErrorCode::kInvalidArgument, "2887 of 8192, 974 of 16384", [] {
    published_code_map(8192, 974);
  });
}

TEST(CodeMap, FromAnIndexInAnyOrder) {
  // Codes 1 and 4 share number 2; 0, 3 and 6 are unused or number 0 itself.
  const at::Tensor index = at::tensor({0, 2, 3, 0, 2, 1, 0}, at::kInt);
  const CodeMap map = code_map_from_index(index);
  EXPECT_TRUE(map.full_to_reduced.equal(index.to(at::kLong)));
  EXPECT_TRUE(map.reduced_to_full.equal(at::tensor({0, 5, 1, 2}, at::kLong)));
  expect_error(ErrorCode::kCorruptFile, "no code the number 1, but one the number 2", [] {
    code_map_from_index(at::tensor({0, 2, 0}, at::kLong));
  });
  expect_error(ErrorCode::kCorruptFile, "[1] is -1", [] {
    code_map_from_index(at::tensor({0, -1}, at::kLong));
  });
  expect_error(ErrorCode::kCorruptFile, "[2] is 3", [] {
    code_map_from_index(at::tensor({0, 1, 3}, at::kLong));
  });
  for (const at::Tensor& wrong :
       {at::zeros({2, 2}, at::kLong), at::zeros({3}), at::zeros({0}, at::kLong)}) {
    expect_error(ErrorCode::kCorruptFile, "[F] integers", [&] { code_map_from_index(wrong); });
  }
}

TEST(CodeMap, RefusesBitmapsThatAreNone) {
  expect_error(ErrorCode::kInvalidArgument, "\"g\"", [] { code_map_from_bitmap("8g"); });
  expect_error(ErrorCode::kInvalidArgument, "code 0", [] { code_map_from_bitmap("7f"); });
  expect_error(ErrorCode::kInvalidArgument, "code 0", [] { code_map_from_bitmap(""); });
}

VqVaeOptions remapped_options(const char* quantizer) {
  VqVaeOptions options = test::tiny_options();
  options.quantizer = quantizer;
  options.full_codebook_size = 16;
  options.codebook_size = 5;
  return options;
}

CodeMap five_of_sixteen() {
  return code_map_from_bitmap("8a41");  // codes 0, 4, 6, 9, 15
}

TEST(CodeRemap, CodecSpeaksReducedIds) {
  const at::NoGradGuard no_grad;
  for (const char* quantizer : {"ema", "straight-through", "gumbel"}) {
    VqVae codec(remapped_options(quantizer));
    codec->initialise(5);
    test::stir(*codec, 100);
    codec->eval();
    codec->set_used_codes(five_of_sixteen());
    const at::Tensor x = test::normal(9, {3, 3, 32, 32}).to(at::kFloat);
    const at::Tensor full = codec->quantizer().indices_of(codec->features(x));
    const at::Tensor reduced = codec->encode(x);
    const std::map<std::int64_t, std::int64_t> ids{{0, 0}, {4, 1}, {6, 2}, {9, 3}, {15, 4}};
    for (std::int64_t i = 0; i < full.numel(); ++i) {
      const auto found = ids.find(full.view(-1)[i].item<std::int64_t>());
      ASSERT_EQ(reduced.view(-1)[i].item<std::int64_t>(), found == ids.end() ? 0 : found->second);
    }
    EXPECT_GT(reduced.max().item<std::int64_t>(), 0) << quantizer;
    const at::Tensor chosen = at::tensor({0, 1, 2, 3, 4, 0}, at::kLong).view({1, 2, 3});
    const at::Tensor rows = at::tensor({0, 4, 6, 9, 15, 0}, at::kLong).view({1, 2, 3});
    EXPECT_TRUE(codec->decode(chosen).equal(codec->render(codec->quantizer().codes(rows))));
  }
}

TEST(CodeRemap, IsPartOfTheWeightsAndStaysWhole) {
  VqVae codec(remapped_options("ema"));
  EXPECT_EQ(codec->named_buffers()["quantizer.embedding"].size(0), 16);
  codec->set_used_codes(five_of_sixteen());
  codec->to(at::kBFloat16);
  codec->to(at::kCPU, at::kDouble);
  const at::Tensor ids = codec->named_buffers()["used_codes.reduced_to_full"];
  EXPECT_EQ(ids.scalar_type(), at::kLong);
  EXPECT_TRUE(ids.equal(at::tensor({0, 4, 6, 9, 15}, at::kLong)));
  EXPECT_EQ(codec->named_buffers()["quantizer.embedding"].scalar_type(), at::kDouble);
  codec->check_used_codes();
  ids[3] = 16;
  expect_error(
      ErrorCode::kCorruptFile, "reduced_to_full[3] is 16", [&] { codec->check_used_codes(); });
}

TEST(CodeRemap, RefusesMapsOfOtherSizes) {
  VqVae codec(remapped_options("ema"));
  expect_error(ErrorCode::kShapeMismatch, "[5] of [16]", [&] {
    codec->set_used_codes(code_map_from_bitmap("8a40"));
  });
  VqVae whole(test::tiny_options());
  expect_error(
      ErrorCode::kInvalidArgument, "all in use", [&] { whole->set_used_codes(five_of_sixteen()); });
  EXPECT_FALSE(whole->named_buffers().contains("used_codes.reduced_to_full"));
}

}  // namespace
}  // namespace tessera::vqvae
