#include "vqvae/options.h"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "vqvae/loss.h"

namespace tessera::vqvae {
namespace {

TEST(VqVaeOptions, DefaultsAreValid) {
  const VqVaeOptions options;
  options.validate();
  EXPECT_EQ(options.downsample(), 8);
  EXPECT_EQ(options.grid(), 8);
}

TEST(VqVaeOptions, NamesTheBadFieldAndItsValue) {
  struct Case {
    const char* field;
    const char* value;
    std::function<void(VqVaeOptions&)> spoil;
  };
  const Case cases[] = {
      {"image_channels", "got 0", [](auto& o) { o.image_channels = 0; }},
      {"resolution", "got 60", [](auto& o) { o.resolution = 60; }},
      {"resolution", "got 4", [](auto& o) { o.resolution = 4; }},
      {"unshuffle", "got 3", [](auto& o) { o.unshuffle = 3; }},
      {"base_channels", "got -1", [](auto& o) { o.base_channels = -1; }},
      {"channel_multipliers", "got 0", [](auto& o) { o.channel_multipliers = {}; }},
      {"channel_multipliers",
       "got 0",
       [](auto& o) {
         o.channel_multipliers = {1, 0};
       }},
      {"residual_blocks", "got -1", [](auto& o) { o.residual_blocks = -1; }},
      {"decoder_blocks", "got 65", [](auto& o) { o.decoder_blocks = 65; }},
      {"attention_blocks", "got -2", [](auto& o) { o.attention_blocks = -2; }},
      {"architecture", "\"unet\"", [](auto& o) { o.architecture = "unet"; }},
      {"full_codebook_size", "got 1023", [](auto& o) { o.full_codebook_size = 1023; }},
      {"full_codebook_size", "got -1", [](auto& o) { o.full_codebook_size = -1; }},
      {"codebook_size", "got 1", [](auto& o) { o.codebook_size = 1; }},
      {"code_dim", "got 0", [](auto& o) { o.code_dim = 0; }},
      {"quantizer", "\"lookup\"", [](auto& o) { o.quantizer = "lookup"; }},
      {"commitment_weight", "got -1", [](auto& o) { o.commitment_weight = -1; }},
      {"ema_decay", "got 1", [](auto& o) { o.ema_decay = 1; }},
      {"ema_decay",
       "got nan",
       [](auto& o) { o.ema_decay = std::numeric_limits<double>::quiet_NaN(); }},
      {"gumbel_temperature", "got 0", [](auto& o) { o.gumbel_temperature = 0; }},
      {"gumbel_kl_weight", "got -3", [](auto& o) { o.gumbel_kl_weight = -3; }},
  };
  for (const Case& wrong : cases) {
    VqVaeOptions options;
    wrong.spoil(options);
    test::expect_error(ErrorCode::kInvalidArgument, wrong.field, [&] { options.validate(); });
    test::expect_error(ErrorCode::kInvalidArgument, wrong.value, [&] { options.validate(); });
  }
}

TEST(VqVaeOptions, NamesTheBadFieldOfAPublishedNetwork) {
  struct Case {
    const char* field;
    const char* value;
    std::function<void(VqVaeOptions&)> spoil;
  };
  const Case cases[] = {
      {"unshuffle", "got 2", [](auto& o) { o.unshuffle = 2; }},
      {"attention_blocks", "got 1", [](auto& o) { o.attention_blocks = 1; }},
      {"residual_blocks", "got 0", [](auto& o) { o.residual_blocks = 0; }},
      {"decoder_blocks", "got 0", [](auto& o) { o.decoder_blocks = 0; }},
      {"norm_groups", "got 0", [](auto& o) { o.norm_groups = 0; }},
      {"norm_groups (24)", "got 32", [](auto& o) { o.norm_groups = 24; }},
      {"z_channels", "got 0", [](auto& o) { o.z_channels = 0; }},
      {"stem_channels", "got 33", [](auto& o) { o.stem_channels = 33; }},
      {"attention_levels", "got 3", [](auto& o) { o.attention_levels = {3}; }},
      {"attention_levels",
       "got -1",
       [](auto& o) {
         o.attention_levels = {0, -1};
       }},
  };
  const VqVaeOptions right{.architecture = "vqgan", .unshuffle = 1, .attention_levels = {2}};
  right.validate();
  EXPECT_TRUE(right.has_attention(2));
  EXPECT_FALSE(right.has_attention(1));
  EXPECT_EQ(right.level_channels(2), 128);
  for (const Case& wrong : cases) {
    VqVaeOptions options = right;
    wrong.spoil(options);
    test::expect_error(ErrorCode::kInvalidArgument, wrong.field, [&] { options.validate(); });
    test::expect_error(ErrorCode::kInvalidArgument, wrong.value, [&] { options.validate(); });
  }
}

TEST(VqVaeLossOptions, NamesTheBadField) {
  const auto check = [](const char* field, VqVaeLossOptions options) {
    test::expect_error(ErrorCode::kInvalidArgument, field, [&] { options.validate(); });
  };
  check("l1", {.l1 = -1});
  check("l2", {.l2 = -1});
  check("edge", {.edge = -1});
  check("structure", {.structure = -1});
  check("l1 and l2", {.l1 = 0, .l2 = 0});
  VqVaeLossOptions{}.validate();
}

}  // namespace
}  // namespace tessera::vqvae
