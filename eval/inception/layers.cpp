#include "eval/inception/layers.h"

namespace tessera::eval {
namespace {

constexpr Extent kPoint{1, 1};
constexpr Extent kSquare{3, 3};
constexpr Extent kWide{1, 7};
constexpr Extent kHigh{7, 1};

/// Half the kernel on each side: the size stays.
Extent kept(Extent kernel) {
  return {(kernel.height - 1) / 2, (kernel.width - 1) / 2};
}

/// Builds the list of one block's convolutions; each says which it reads.
class Block {
 public:
  /// `side`, in pixels, of what the block reads.
  Block(std::vector<InceptionLayer>& layers,
        std::string name,
        std::string script,
        std::int64_t side)
      : layers_(layers),
        name_(std::move(name) + "."),
        script_(std::move(script) + "."),
        side_(side) {}

  /// Size kept.
  void add(const char* name,
           const char* script,
           std::int64_t in,
           std::int64_t out,
           Extent kernel = kPoint) {
    layers_.push_back({.name = name_ + name,
                       .script = script_ + script,
                       .in = in,
                       .out = out,
                       .side = side_,
                       .kernel = kernel,
                       .padding = kept(kernel)});
  }
  /// 3 x 3, halving the size.
  void add_halving(const char* name, const char* script, std::int64_t in, std::int64_t out) {
    layers_.push_back({.name = name_ + name,
                       .script = script_ + script,
                       .in = in,
                       .out = out,
                       .side = side_,
                       .kernel = kSquare,
                       .stride = 2});
  }

 private:
  std::vector<InceptionLayer>& layers_;
  std::string name_;
  std::string script_;
  std::int64_t side_;
};

void add_35(Block block, std::int64_t in, std::int64_t pooled) {
  block.add("branch1x1", "conv", in, 64);
  block.add("branch5x5_1", "tower.conv", in, 48);
  block.add("branch5x5_2", "tower.conv_1", 48, 64, {5, 5});
  block.add("branch3x3dbl_1", "tower_1.conv", in, 64);
  block.add("branch3x3dbl_2", "tower_1.conv_1", 64, 96, kSquare);
  block.add("branch3x3dbl_3", "tower_1.conv_2", 96, 96, kSquare);
  block.add("branch_pool", "tower_2.conv", in, pooled);
}

void add_35_to_17(Block block, std::int64_t in) {
  block.add_halving("branch3x3", "conv", in, 384);
  block.add("branch3x3dbl_1", "tower.conv", in, 64);
  block.add("branch3x3dbl_2", "tower.conv_1", 64, 96, kSquare);
  block.add_halving("branch3x3dbl_3", "tower.conv_2", 96, 96);
}

void add_17(Block block, std::int64_t inner) {
  constexpr std::int64_t in = 768;
  constexpr std::int64_t out = 192;
  block.add("branch1x1", "conv", in, out);
  block.add("branch7x7_1", "tower.conv", in, inner);
  block.add("branch7x7_2", "tower.conv_1", inner, inner, kWide);
  block.add("branch7x7_3", "tower.conv_2", inner, out, kHigh);
  block.add("branch7x7dbl_1", "tower_1.conv", in, inner);
  block.add("branch7x7dbl_2", "tower_1.conv_1", inner, inner, kHigh);
  block.add("branch7x7dbl_3", "tower_1.conv_2", inner, inner, kWide);
  block.add("branch7x7dbl_4", "tower_1.conv_3", inner, inner, kHigh);
  block.add("branch7x7dbl_5", "tower_1.conv_4", inner, out, kWide);
  block.add("branch_pool", "tower_2.conv", in, out);
}

void add_17_to_8(Block block, std::int64_t in) {
  block.add("branch3x3_1", "tower.conv", in, 192);
  block.add_halving("branch3x3_2", "tower.conv_1", 192, 320);
  block.add("branch7x7x3_1", "tower_1.conv", in, 192);
  block.add("branch7x7x3_2", "tower_1.conv_1", 192, 192, kWide);
  block.add("branch7x7x3_3", "tower_1.conv_2", 192, 192, kHigh);
  block.add_halving("branch7x7x3_4", "tower_1.conv_3", 192, 192);
}

void add_8(Block block, std::int64_t in) {
  block.add("branch1x1", "conv", in, 320);
  block.add("branch3x3_1", "tower_conv", in, 384);
  block.add("branch3x3_2a", "tower_mixed_conv", 384, 384, {1, 3});
  block.add("branch3x3_2b", "tower_mixed_conv_1", 384, 384, {3, 1});
  block.add("branch3x3dbl_1", "tower_1_conv", in, 448);
  block.add("branch3x3dbl_2", "tower_1_conv_1", 448, 384, kSquare);
  block.add("branch3x3dbl_3a", "tower_1_mixed_conv", 384, 384, {1, 3});
  block.add("branch3x3dbl_3b", "tower_1_mixed_conv_1", 384, 384, {3, 1});
  block.add("branch_pool", "tower_2_conv", in, 192);
}

std::vector<InceptionLayer> build() {
  std::vector<InceptionLayer> out = {
      {.name = "Conv2d_1a_3x3",
       .script = "conv",
       .in = 3,
       .out = 32,
       .side = 299,
       .kernel = kSquare,
       .stride = 2},
      {.name = "Conv2d_2a_3x3",
       .script = "conv_1",
       .in = 32,
       .out = 32,
       .side = 149,
       .kernel = kSquare},
      {.name = "Conv2d_2b_3x3",
       .script = "conv_2",
       .in = 32,
       .out = 64,
       .side = 147,
       .kernel = kSquare,
       .padding = kept(kSquare)},
      {.name = "Conv2d_3b_1x1", .script = "conv_3", .in = 64, .out = 80, .side = 73},
      {.name = "Conv2d_4a_3x3",
       .script = "conv_4",
       .in = 80,
       .out = 192,
       .side = 73,
       .kernel = kSquare}};
  add_35({out, "Mixed_5b", "mixed", 35}, 192, 32);
  add_35({out, "Mixed_5c", "mixed_1", 35}, 256, 64);
  add_35({out, "Mixed_5d", "mixed_2", 35}, 288, 64);
  add_35_to_17({out, "Mixed_6a", "mixed_3", 35}, 288);
  add_17({out, "Mixed_6b", "mixed_4", 17}, 128);
  add_17({out, "Mixed_6c", "mixed_5", 17}, 160);
  add_17({out, "Mixed_6d", "mixed_6", 17}, 160);
  add_17({out, "Mixed_6e", "mixed_7", 17}, 192);
  add_17_to_8({out, "Mixed_7a", "mixed_8", 17}, 768);
  add_8({out, "Mixed_7b", "mixed_9", 8}, 1280);
  add_8({out, "Mixed_7c", "mixed_10", 8}, 2048);
  return out;
}

}  // namespace

const std::vector<InceptionLayer>& inception_layers() {
  static const std::vector<InceptionLayer> layers = build();
  return layers;
}

}  // namespace tessera::eval
