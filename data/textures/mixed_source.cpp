#include "data/textures/mixed_source.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/philox.h"
#include "data/textures/dead_leaves.h"

namespace tessera::data {
namespace {

constexpr std::uint64_t kChoice = 0x6C656166;  // keeps the choice off the leaves' own numbers

class MixedSource final : public Source {
 public:
  MixedSource(std::shared_ptr<const Source> source, const TextureMix& mix)
      : source_(std::move(source)), mix_(mix) {}

  std::int64_t size() const override { return source_->size(); }

  Batch get(const std::vector<std::int64_t>& indices, at::Device device) const override {
    const Parts parts = divide(indices);
    if (parts.textures.empty()) return source_->get(indices, device);
    const at::Tensor leaves =
        draw_dead_leaves(mix_.seed, parts.textures, mix_.resolution).to(device);
    Batch out{.captions = std::vector<std::string>(indices.size()), .indices = indices};
    out.images =
        at::empty({std::ssize(indices), 3, mix_.resolution, mix_.resolution}, leaves.options());
    out.images.index_copy_(0, rows(parts.texture_rows, device), leaves);
    if (parts.others.empty()) return out;
    const Batch others = source_->get(parts.others, device);
    TESSERA_CHECK(others.images.sizes().slice(1) == leaves.sizes().slice(1),
                  kShapeMismatch,
                  "textures are ",
                  leaves.sizes().slice(1),
                  ", the other pictures ",
                  others.images.sizes().slice(1));
    out.images.index_copy_(0, rows(parts.other_rows, device), others.images);
    for (std::size_t k = 0; k < parts.other_rows.size(); ++k) {
      out.captions[static_cast<std::size_t>(parts.other_rows[k])] = others.captions[k];
    }
    return out;
  }

  std::vector<std::string> captions(const std::vector<std::int64_t>& indices) const override {
    const Parts parts = divide(indices);
    const std::vector<std::string> others = source_->captions(parts.others);
    std::vector<std::string> out(indices.size());
    for (std::size_t k = 0; k < others.size(); ++k) {
      out[static_cast<std::size_t>(parts.other_rows[k])] = others[k];
    }
    return out;
  }

  std::string fingerprint() const override {
    return concat(source_->fingerprint(),
                  " dead-leaves=",
                  std::hexfloat,
                  mix_.share,
                  std::defaultfloat,
                  "/",
                  mix_.seed);
  }

 private:
  struct Parts {
    std::vector<std::int64_t> textures{}, texture_rows{}, others{}, other_rows{};
  };

  bool is_texture(std::int64_t index) const {
    const RngKey key{.seed = mix_.seed ^ kChoice,
                     .image = static_cast<std::uint32_t>(index),
                     .purpose = Purpose::kExperiment,
                     .step = static_cast<std::uint32_t>(static_cast<std::uint64_t>(index) >> 32)};
    return unit(philox(key, 0).w[0]) < mix_.share;
  }

  Parts divide(const std::vector<std::int64_t>& indices) const {
    Parts parts;
    for (std::size_t row = 0; row < indices.size(); ++row) {
      const bool texture = is_texture(indices[row]);
      (texture ? parts.textures : parts.others).push_back(indices[row]);
      (texture ? parts.texture_rows : parts.other_rows).push_back(static_cast<std::int64_t>(row));
    }
    return parts;
  }

  static at::Tensor rows(const std::vector<std::int64_t>& list, at::Device device) {
    return at::tensor(list, at::kLong).to(device);
  }

  std::shared_ptr<const Source> source_;
  TextureMix mix_;
};

}  // namespace

std::shared_ptr<const Source> mix_with_textures(std::shared_ptr<const Source> source,
                                                const TextureMix& mix) {
  TESSERA_CHECK(mix.share >= 0 && mix.share <= 1,
                kInvalidArgument,
                "the share of textures must lie in [0, 1], got ",
                mix.share);
  return std::make_shared<MixedSource>(std::move(source), mix);
}

}  // namespace tessera::data
