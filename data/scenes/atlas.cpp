#include "data/scenes/atlas.h"

#include <array>
#include <cstdio>

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/scenes/contrast.h"
#include "data/scenes/recolour.h"
#include "data/scenes/stable_hash.h"
#include "io/state_dict.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kPixels = std::int64_t{kSpriteSide} * kSpriteSide;

std::string noun_list() {
  std::string out;
  for (const Noun& noun : nouns()) {
    if (!out.empty()) out += ',';
    out += noun.name;
  }
  return out;
}

at::Tensor bytes(const io::StateDict& state,
                 const std::string& name,
                 at::IntArrayRef shape,
                 const std::filesystem::path& file) {
  const auto found = state.tensors.find(name);
  TESSERA_CHECK(found != state.tensors.end() && found->second.scalar_type() == at::kByte &&
                    found->second.sizes() == shape,
                kCorruptFile,
                file.string(),
                ": not a sprite atlas: tensor \"",
                name,
                "\" must be uint8 ",
                shape);
  return found->second.contiguous();
}

Box visible_box(const std::uint8_t* pixels, const Palette& palette) {
  Box box{kSpriteSide, kSpriteSide, 0, 0};
  for (int y = 0; y < kSpriteSide; ++y) {
    for (int x = 0; x < kSpriteSide; ++x) {
      if (palette[pixels[y * kSpriteSide + x]][3] == 0) continue;
      box = {std::min(box.top, y),
             std::min(box.left, x),
             std::max(box.bottom, y + 1),
             std::max(box.right, x + 1)};
    }
  }
  return box;
}

void premultiply(const Palette& palette, float* out) {
  for (const auto& colour : palette) {
    const float alpha = static_cast<float>(colour[3]) / 255;
    for (std::size_t c = 0; c < 3; ++c) *out++ = static_cast<float>(colour[c]) / 255 * alpha;
    *out++ = alpha;
  }
}

std::string hash_of(const at::Tensor& index, const at::Tensor& palette) {
  std::uint64_t hash = kStableHashStart;
  for (const at::Tensor& t : {index, palette}) {
    hash = stable_hash_more(hash,
                            {reinterpret_cast<const char*>(t.const_data_ptr<std::uint8_t>()),
                             static_cast<std::size_t>(t.numel())});
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

}  // namespace

int sprite_row(int noun, int colour) {
  if (colour < 0) return noun;
  const int rank = nouns()[static_cast<std::size_t>(noun)].recolour_rank;
  return kNounCount + rank * kObjectColourCount + colour;
}

at::Tensor Atlas::sprites(const at::Tensor& rows) const {
  const at::Tensor at_rows = rows.to(palette.device(), at::kLong);
  const at::Tensor pixels =
      index.index_select(0, plane.index_select(0, at_rows)).to(at::kLong).reshape({-1, kPixels, 1});
  return palette.index_select(0, at_rows)
      .gather(1, pixels.expand({-1, -1, 4}))
      .transpose(1, 2)
      .reshape({-1, 4, kSpriteSide, kSpriteSide});
}

std::shared_ptr<const Atlas> read_atlas(const std::filesystem::path& file) {
  const io::StateDict state = io::read_state_dict(file);
  auto atlas = std::make_shared<Atlas>();
  atlas->index = bytes(state, "index", {kNounCount, kSpriteSide, kSpriteSide}, file);
  const at::Tensor straight = bytes(state, "palette", {kNounCount, 256, 4}, file);
  const auto listed = state.metadata.find("nouns");
  TESSERA_CHECK(listed != state.metadata.end() && listed->second == noun_list(),
                kCorruptFile,
                file.string(),
                ": the atlas lists other nouns than this program; make it anew with "
                "tools/make_atlas.py");
  atlas->hash = hash_of(atlas->index, straight);
  atlas->palette = at::zeros({kSpriteCount + 1, 256, 4}, at::kFloat);
  atlas->plane = at::full({kSpriteCount + 1}, -1, at::kInt);
  atlas->box = at::zeros({kNounCount, 4}, at::kInt);
  atlas->contrast.resize(kSpriteCount);
  auto* premultiplied = atlas->palette.mutable_data_ptr<float>();
  auto* plane = atlas->plane.mutable_data_ptr<std::int32_t>();
  auto* box = atlas->box.mutable_data_ptr<std::int32_t>();
  for (int noun = 0; noun < kNounCount; ++noun) {
    const std::uint8_t* pixels = atlas->index.const_data_ptr<std::uint8_t>() + noun * kPixels;
    const std::uint8_t* colours = straight.const_data_ptr<std::uint8_t>() + noun * 1024;
    Palette own;
    for (std::size_t k = 0; k < 256; ++k) std::copy_n(colours + 4 * k, 4, own[k].begin());
    std::array<std::int64_t, 256> counts{};
    for (std::int64_t i = 0; i < kPixels; ++i) ++counts[pixels[i]];
    const Box seen = visible_box(pixels, own);
    TESSERA_CHECK(seen.height() > 0,
                  kCorruptFile,
                  file.string(),
                  ": the sprite of \"",
                  nouns()[static_cast<std::size_t>(noun)].name,
                  "\" is empty");
    atlas->boxes.push_back(seen);
    box = std::copy_n(std::array{seen.top, seen.left, seen.bottom, seen.right}.begin(), 4, box);
    const std::array<std::int64_t, 256> edge = edge_counts(pixels, own);
    const bool recolourable = nouns()[static_cast<std::size_t>(noun)].recolour_rank >= 0;
    for (int colour = -1; colour < (recolourable ? kObjectColourCount : 0); ++colour) {
      const Palette palette =
          colour < 0 ? own
                     : recolour(own, counts, kObjectColours[static_cast<std::size_t>(colour)]);
      const int row = sprite_row(noun, colour);
      plane[row] = noun;
      premultiply(palette, premultiplied + row * 1024);
      atlas->contrast[static_cast<std::size_t>(row)] = stands_out(palette, edge);
    }
  }
  return atlas;
}

}  // namespace tessera::data
