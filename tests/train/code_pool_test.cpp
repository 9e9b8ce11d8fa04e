#include "train/code_pool.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/toy_data.h"
#include "train/code_source.h"
#include "train/vqvae_trainer.h"

namespace tessera::train {
namespace {

/// A codec of random weights: codes that differ are all that is needed.
Codec toy_codec() {
  static const test::TemporaryFolder folder;
  static const bool made = [] {
    make_vqvae_trainer({.model = {.resolution = 8,
                                  .unshuffle = 2,
                                  .base_channels = 8,
                                  .channel_multipliers = {1},
                                  .residual_blocks = 1,
                                  .decoder_blocks = 1,
                                  .codebook_size = 12,
                                  .code_dim = 4},
                        .seed = 3})
        ->export_model(folder.path());
    return true;
  }();
  EXPECT_TRUE(made);
  return load_codec(folder.path(), at::kCPU);
}

/// Length of each caption and its first letter, so that rows can be told.
at::Tensor ids_of(const std::vector<std::string>& captions) {
  at::Tensor ids = at::empty({std::ssize(captions), 2}, at::kLong);
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    const std::string& caption = captions[static_cast<std::size_t>(row)];
    ids[row][0] = std::ssize(caption);
    ids[row][1] = static_cast<std::int64_t>(caption.front());
  }
  return ids;
}

TEST(CodePool, HoldsWhatEncodingOneByOneGives) {
  const test::ToySource source(100);
  const Codec codec = toy_codec();
  std::vector<std::int64_t> told;
  const CodePool pool(
      source,
      codec,
      {.samples = 70, .batch = 33, .ids_of = ids_of, .on_batch = [&](std::int64_t done) {
         told.push_back(done);
       }});
  EXPECT_EQ(pool.size(), 70);
  EXPECT_EQ(told, (std::vector<std::int64_t>{33, 66, 70}));
  const std::vector<std::int64_t> rows{69, 0, 33, 5, 5};
  const data::Batch batch = source.get(rows, at::kCPU);
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(pool.codes(rows).equal(codec.model->encode(batch.images).flatten(1)));
  EXPECT_TRUE(pool.ids(rows).equal(ids_of(batch.captions)));
}

TEST(CodePool, BatchesComeFromItAloneWhereItHoldsThem) {
  const auto source = std::make_shared<test::ToySource>(100);
  CodeSource codes(source, toy_codec(), "");
  const std::vector<std::int64_t> inside{3, 9, 1};
  const at::Tensor before = codes.codes(codes.fetch(inside, at::kCPU));
  codes.make_resident({.samples = 10, .ids_of = ids_of});
  const data::Batch batch = codes.fetch(inside, at::kCPU);
  EXPECT_FALSE(batch.images.defined());
  EXPECT_TRUE(batch.captions.empty());
  EXPECT_TRUE(codes.codes(batch).equal(before));
  EXPECT_TRUE(codes.ids(batch).equal(ids_of(source->captions(inside))));
  const data::Batch outside = codes.fetch({3, 10}, at::kCPU);
  EXPECT_TRUE(outside.images.defined());
  EXPECT_FALSE(codes.ids(outside).defined());
}

TEST(CodePool, RefusesMoreThanThereIs) {
  test::expect_error(ErrorCode::kInvalidArgument, "a pool of 11 samples", [] {
    CodePool(test::ToySource(10), toy_codec(), {.samples = 11, .ids_of = ids_of});
  });
}

}  // namespace
}  // namespace tessera::train
