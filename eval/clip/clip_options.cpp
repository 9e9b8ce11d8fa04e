#include "eval/clip/clip_options.h"

#include <cmath>

#include "core/error.h"
#include "text/clip_layer.h"

namespace tessera::eval {
namespace {

// Files from strangers give these numbers: no size above them is allocated.
constexpr std::int64_t kMostWidth = 1 << 14;
constexpr std::int64_t kMostLayers = 128;
constexpr std::int64_t kMostVocabulary = 1 << 21;
constexpr std::int64_t kMostSide = 1 << 12;
constexpr std::int64_t kMostLength = 1 << 14;

void in_range(const std::string& name, std::int64_t value, std::int64_t most) {
  TESSERA_CHECK(value >= 1 && value <= most,
                kInvalidArgument,
                name,
                " must lie in 1..",
                most,
                ", got ",
                value);
}

void check_tower(const std::string& where, const ClipTowerOptions& o) {
  in_range(where + "width", o.width, kMostWidth);
  in_range(where + "heads", o.heads, o.width);
  in_range(where + "mlp_width", o.mlp_width, 4 * kMostWidth);
  in_range(where + "layers", o.layers, kMostLayers);
  TESSERA_CHECK(o.width % o.heads == 0,
                kInvalidArgument,
                where,
                "width must be a multiple of ",
                where,
                "heads, got ",
                o.width,
                " and ",
                o.heads);
}

}  // namespace

void ClipOptions::validate() const {
  check_tower("vision.", vision.tower);
  check_tower("text.", text.tower);
  in_range("vision.resolution", vision.resolution, kMostSide);
  in_range("vision.patch", vision.patch, vision.resolution);
  TESSERA_CHECK(vision.resolution % vision.patch == 0,
                kInvalidArgument,
                "vision.resolution must be a multiple of vision.patch, got ",
                vision.resolution,
                " and ",
                vision.patch);
  in_range("text.vocabulary", text.vocabulary, kMostVocabulary);
  in_range("text.length", text.length, kMostLength);
  TESSERA_CHECK(text.length >= 2, kInvalidArgument, "text.length must be at least 2, got 1");
  TESSERA_CHECK(text.end_token >= -1 && text.end_token < text.vocabulary,
                kInvalidArgument,
                "text.end_token must be -1 or an id below the vocabulary, got ",
                text.end_token);
  in_range("projection", projection, kMostWidth);
  text::clip_activation_named(activation);
  TESSERA_CHECK(layer_norm_eps > 0 && layer_norm_eps < 1,
                kInvalidArgument,
                "layer_norm_eps must be over 0 and below 1, got ",
                layer_norm_eps);
  TESSERA_CHECK(mean.size() == 3 && deviation.size() == 3,
                kInvalidArgument,
                "mean and deviation must have three numbers, got ",
                mean.size(),
                " and ",
                deviation.size());
  for (std::size_t c = 0; c < 3; ++c) {
    TESSERA_CHECK(std::isfinite(mean[c]) && deviation[c] > 0 && std::isfinite(deviation[c]),
                  kInvalidArgument,
                  "mean must be finite and deviation above 0, got ",
                  mean[c],
                  " and ",
                  deviation[c]);
  }
}

}  // namespace tessera::eval
