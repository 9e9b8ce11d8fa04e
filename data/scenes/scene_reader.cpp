#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/error.h"
#include "data/scenes/grammar.h"
#include "data/scenes/place_library.h"
#include "data/scenes/scenes.h"
#include "data/scenes/segmentation.h"
#include "data/scenes/sprite_library.h"
#include "data/scenes/world.h"

namespace tessera::data {
namespace {

constexpr float kDifferent = 22;                                   // levels from a plain background
constexpr std::array<float, 4> kDifferentInPlace{60, 45, 34, 26};  // levels from a fitted place
constexpr int kPlaceSlack = 1;                                     // pixels of a 64 picture
constexpr double kLeastShareInPlace = 0.2;                         // of the largest region's area
constexpr std::array<float, 4> kHigherThresholds{40, 60, 85, 110};
constexpr float kSplitGain = 0.6F;  // parts must be nearer to sprites by this factor
constexpr std::size_t kMostFound = 12;
constexpr double kLeastLarge = 88;  // longest side, in pixels of the 128 canvas
constexpr double kMostSmall = 57;
constexpr double kLeastRatio = 1.5;  // of a large object's side to a small one's

struct Found {
  SpriteLibrary::Match match{};
  double y = 0;  // centre, in pixels of the 128 canvas
  double x = 0;
  double side = 0;  // longest side
};

struct Reading {
  int background = -1;
  int place = -1;
  std::vector<Found> objects{};
};

int nearest_background(const std::array<float, 3>& colour) {
  int best = 0;
  float least = std::numeric_limits<float>::max();
  for (int b = 0; b < kBackgroundCount; ++b) {
    float distance = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const float d = colour[c] - kBackgrounds[static_cast<std::size_t>(b)].rgb[c];
      distance += d * d;
    }
    if (distance < least) {
      least = distance;
      best = b;
    }
  }
  return best;
}

/// Which found object stands for which asked one: -1 where there is none left.
std::array<int, kMaxObjects> assign(const Scene& scene,
                                    const Reading& reading,
                                    const Atlas& atlas) {
  struct Pair {
    double gain = 0;
    int asked = 0;
    int found = 0;
  };
  std::vector<Pair> pairs;
  for (int k = 0; k < scene.count; ++k) {
    const Object& asked = scene.objects[static_cast<std::size_t>(k)];
    const PlacedBox box = placed_box(asked, atlas.boxes[static_cast<std::size_t>(asked.noun)]);
    for (std::size_t j = 0; j < reading.objects.size(); ++j) {
      const Found& found = reading.objects[j];
      const double away = std::hypot(found.y - box.center_y(), found.x - box.center_x());
      const double gain = (found.match.noun == asked.noun ? 4 : 0) +
                          (asked.colour >= 0 && found.match.colour == asked.colour ? 2 : 0) -
                          away / 1000;
      pairs.push_back({gain, k, static_cast<int>(j)});
    }
  }
  std::ranges::stable_sort(pairs, [](const Pair& a, const Pair& b) { return a.gain > b.gain; });
  std::array<int, kMaxObjects> out;
  out.fill(-1);
  std::vector<bool> taken(reading.objects.size());
  for (const Pair& pair : pairs) {
    int& slot = out[static_cast<std::size_t>(pair.asked)];
    if (slot >= 0 || taken[static_cast<std::size_t>(pair.found)]) continue;
    slot = pair.found;
    taken[static_cast<std::size_t>(pair.found)] = true;
  }
  return out;
}

bool stands(Relation relation, const Found& a, const Found& b) {
  const double down = a.y - b.y;
  const double across = a.x - b.x;
  switch (relation) {
    case Relation::kLeft:
      return -across > std::abs(down);
    case Relation::kRight:
      return across > std::abs(down);
    case Relation::kAbove:
      return -down > std::abs(across);
    case Relation::kBelow:
      return down > std::abs(across);
  }
  return false;
}

/// Middle third or an outer one: halfway between the centres 27 %, 50 %, 73 %.
int third(double at) {
  return at < 0.385 * kSpriteSide ? 0 : at > 0.615 * kSpriteSide ? 2 : 1;
}

/// Position, relation or size; -1 for a kind that has none.
int judge_layout(const Scene& scene, const std::vector<const Found*>& found, bool nouns_right) {
  const Found* a = found.empty() ? nullptr : found[0];
  const Found* b = found.size() < 2 ? nullptr : found[1];
  switch (scene.kind) {
    case Kind::kPosition:
      return a && 3 * third(a->y) + third(a->x) == scene.variant ? 1 : 0;
    case Kind::kSize:
      return a && (scene.variant == 0 ? a->side >= kLeastLarge : a->side <= kMostSmall) ? 1 : 0;
    case Kind::kRelation:
    case Kind::kColouredRelation:
      return nouns_right && a && b && stands(relation_of(scene), *a, *b) ? 1 : 0;
    case Kind::kLargeSmall:
      return nouns_right && a && b && a->side >= kLeastRatio * b->side ? 1 : 0;
    default:
      return -1;
  }
}

int judge_count(const Scene& scene, const Reading& reading) {
  const auto number = static_cast<int>(reading.objects.size());
  if (scene.kind == Kind::kCount) return number == scene.count ? 1 : 0;
  if (scene.kind != Kind::kTwoCounts) return -1;
  const auto above = static_cast<int>(std::ranges::count_if(
      reading.objects, [](const Found& f) { return f.y < kSpriteSide / 2.0; }));
  const CountPair counts = kCountPairs[static_cast<std::size_t>(scene.variant)];
  return above == counts.above && number - above == counts.below ? 1 : 0;
}

SceneScore judge(const Scene& scene, const Reading& reading, const Atlas& atlas) {
  SceneScore out{.number = static_cast<int>(reading.objects.size()) == scene.count ? 1 : 0,
                 .object = 1,
                 .count = judge_count(scene, reading)};
  if (names_background(scene)) {
    out.background = scene.place >= 0 ? (reading.place == scene.place ? 1 : 0)
                                      : (reading.background == scene.background ? 1 : 0);
  }
  const std::array<int, kMaxObjects> assigned = assign(scene, reading, atlas);
  std::vector<const Found*> found;
  for (int k = 0; k < scene.count; ++k) {
    const Object& asked = scene.objects[static_cast<std::size_t>(k)];
    const int j = assigned[static_cast<std::size_t>(k)];
    found.push_back(j < 0 ? nullptr : &reading.objects[static_cast<std::size_t>(j)]);
    const bool noun_right = j >= 0 && found.back()->match.noun == asked.noun;
    if (!noun_right) out.object = 0;
    if (asked.colour < 0) continue;
    const bool colour_right =
        j >= 0 &&
        (noun_right ? found.back()->match.colour : found.back()->match.any_colour) == asked.colour;
    out.colour = colour_right && out.colour != 0 ? 1 : 0;
  }
  out.position = judge_layout(scene, found, out.object == 1);
  const bool wrong = out.background == 0 || out.number == 0 || out.object == 0 || out.colour == 0 ||
                     out.position == 0 || out.count == 0;
  out.whole = wrong ? 0 : 1;
  return out;
}

class Reader final : public SceneReader {
 public:
  Reader(std::shared_ptr<const Atlas> atlas, const SceneOptions& options)
      : atlas_(std::move(atlas)),
        world_(make_world(options)),
        side_(static_cast<int>(options.resolution)),
        sprites_(*atlas_, world_.nouns) {
    if (std::ranges::find(world_.kinds, Kind::kPlace) != world_.kinds.end()) {
      places_ = std::make_unique<PlaceLibrary>(side_);
    }
  }

  std::vector<SceneScore> score(const at::Tensor& images,
                                const SceneProgram& scenes) const override {
    TESSERA_CHECK(images.dim() == 4 && images.size(1) == 3 && images.size(2) == side_ &&
                      images.size(3) == side_ && images.size(0) == scenes.kind.size(0),
                  kShapeMismatch,
                  "the reader needs ",
                  scenes.kind.size(0),
                  " pictures [3, ",
                  side_,
                  ", ",
                  side_,
                  "], got ",
                  images.sizes());
    const at::Tensor levels = ((images.to(at::kCPU, at::kFloat).nan_to_num(0) + 1) * 127.5)
                                  .round()
                                  .clamp(0, 255)
                                  .contiguous();
    std::vector<SceneScore> out(static_cast<std::size_t>(images.size(0)));
    at::parallel_for(0, images.size(0), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; ++row) {
        const Picture picture{levels.const_data_ptr<float>() + row * 3 * side_ * side_, side_};
        const Scene scene = unpack(scenes, row);
        out[static_cast<std::size_t>(row)] = judge(scene, read(picture, scene.place >= 0), *atlas_);
      }
    });
    return out;
  }

 private:
  Reading read(const Picture& picture, bool in_place) const {
    return in_place && places_ ? read_in_place(picture) : read_on_colour(picture);
  }

  Reading read_on_colour(const Picture& picture) const {
    const std::array<float, 3> colour = border_colour(picture);
    Reading out{.background = nearest_background(colour)};
    std::vector<float> flat;
    for (const float level : colour) {
      flat.insert(flat.end(), static_cast<std::size_t>(side_ * side_), level);
    }
    const Picture background{flat.data(), side_};
    const std::vector<float> apart = differences(picture, background, 0);
    std::vector<Region> regions =
        find_regions(apart, side_, kDifferent, {0, 0, side_, side_, 0}, false);
    if (regions.size() > kMostFound) regions.resize(kMostFound);
    for (const Region& region : regions) {
      for (const Found& found : look_closer(picture, background, apart, region)) {
        out.objects.push_back(found);
      }
    }
    return out;
  }

  /// A place has no one colour, so no one threshold parts its object from it: of some thresholds
  /// the one whose objects, drawn over the place, leave least of the picture unexplained.
  Reading read_in_place(const Picture& picture) const {
    const PlaceLibrary::Match match = places_->nearest(picture);
    const Picture background{match.background.data(), side_};
    const std::vector<float> apart = differences(picture, background, kPlaceSlack * side_ / 64);
    Reading best{.place = match.place};
    double least = std::numeric_limits<double>::max();
    for (const float threshold : kDifferentInPlace) {
      std::vector<Region> regions =
          find_regions(apart, side_, threshold, {0, 0, side_, side_, 0}, true);
      if (!regions.empty()) {  // stars, waves and dashes are no objects
        const double smallest = kLeastShareInPlace * regions.front().area;
        std::erase_if(regions, [&](const Region& r) { return r.area < smallest; });
      }
      if (regions.size() > kMostFound) regions.resize(kMostFound);
      std::vector<Found> objects;
      for (const Region& region : regions) objects.push_back(identify(picture, background, region));
      const double left = unexplained(apart, regions, objects);
      if (left >= least) continue;
      least = left;
      best.objects = std::move(objects);
    }
    return best;
  }

  /// Squared levels that neither the background nor the objects account for: outside their regions
  /// what is apart from the background, inside what is apart from the sprite.
  double unexplained(const std::vector<float>& apart,
                     const std::vector<Region>& regions,
                     const std::vector<Found>& objects) const {
    double sum = 0;
    for (int y = 0; y < side_; ++y) {
      for (int x = 0; x < side_; ++x) {
        const bool inside = std::ranges::any_of(regions, [&](const Region& r) {
          return y >= r.top && y < r.bottom && x >= r.left && x < r.right;
        });
        const double off = apart[static_cast<std::size_t>(y * side_ + x)];
        if (!inside) sum += off * off / 3;
      }
    }
    for (std::size_t k = 0; k < regions.size(); ++k) {
      sum +=
          static_cast<double>(objects[k].match.distance) * regions[k].height() * regions[k].width();
    }
    return sum;
  }

  Found identify(const Picture& picture, const Picture& background, const Region& r) const {
    const double scale = static_cast<double>(kSpriteSide) / side_;
    return {.match = sprites_.nearest(picture, background, r),
            .y = scale * (r.top + r.bottom) / 2,
            .x = scale * (r.left + r.right) / 2,
            .side = scale * std::max(r.height(), r.width())};
  }

  /// What a region shows: one object, or, where the picture is blurred and objects run together,
  /// the parts into which a higher threshold splits it, if these look more like sprites than the
  /// whole.
  std::vector<Found> look_closer(const Picture& picture,
                                 const Picture& background,
                                 const std::vector<float>& apart,
                                 const Region& region) const {
    std::vector<Found> best{identify(picture, background, region)};
    float least = best.front().match.distance * kSplitGain;
    for (const float threshold : kHigherThresholds) {
      const std::vector<Region> parts = find_regions(apart, side_, threshold, region, false);
      if (parts.size() < 2) continue;
      std::vector<Found> found;
      float sum = 0;
      float area = 0;
      for (const Region& part : parts) {
        found.push_back(identify(picture, background, part));
        sum += found.back().match.distance * static_cast<float>(part.area);
        area += static_cast<float>(part.area);
      }
      if (sum / area >= least) continue;
      least = sum / area;
      best = std::move(found);
    }
    return best;
  }

  std::shared_ptr<const Atlas> atlas_{};
  World world_{};
  int side_ = 64;
  SpriteLibrary sprites_;
  std::unique_ptr<const PlaceLibrary> places_{};
};

}  // namespace

std::unique_ptr<const SceneReader> make_scene_reader(const std::filesystem::path& atlas,
                                                     const SceneOptions& options) {
  options.validate();
  return std::make_unique<Reader>(read_atlas(atlas), options);
}

}  // namespace tessera::data
