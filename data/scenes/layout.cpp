#include "data/scenes/layout.h"

namespace tessera::data {
namespace {

constexpr double kMiddle = 64;
constexpr double kLeastGap = 4;
constexpr double kRelationStep = 31;    // from the middle, along the relation's axis
constexpr double kRelationJitter = 14;  // across it
constexpr std::array<double, 3> kThirds{0.27 * 128, 0.50 * 128, 0.73 * 128};

struct Point {
  double y = kMiddle;
  double x = kMiddle;
};

struct Range {
  double low = 0;
  double high = 0;
};

/// Where one object goes: the range of its visible side, its centre and its jitter either way.
struct Spot {
  Range side{};
  Point center{};
  double jitter_y = 0;
  double jitter_x = 0;
};

/// Dice-like grids of two to six.
struct Grid {
  Range side{};
  double jitter = 0;
  std::array<Point, 6> centers{};
};
constexpr std::array<Grid, 5> kGrids{{
    {{50, 56}, 3, {{{64, 32}, {64, 96}}}},
    {{45, 50}, 3, {{{34, 64}, {94, 34}, {94, 94}}}},
    {{43, 48}, 3, {{{34, 34}, {34, 94}, {94, 34}, {94, 94}}}},
    {{35, 40}, 1, {{{22, 22}, {22, 106}, {64, 64}, {106, 22}, {106, 106}}}},
    {{33, 38}, 1.5, {{{36, 21.5}, {36, 64}, {36, 106.5}, {92, 21.5}, {92, 64}, {92, 106.5}}}},
}};

/// Rows of one to three for two counts.
constexpr std::array<Range, 4> kRowSides{{{}, {44, 50}, {42, 46}, {33, 38}}};
constexpr std::array<std::array<double, 3>, 4> kRowCenters{{{}, {64}, {34, 94}, {21.5, 64, 106.5}}};

class Layout {
 public:
  Layout(Scene& scene, const Atlas& atlas, const Draws& draws)
      : scene_(scene), atlas_(atlas), draws_(draws), mirror_(draws.word(Slot::kMirror)) {}

  bool large_on_the_right() const { return ((mirror_ >> 6) & 1U) != 0; }

  /// `side_of`: the object whose slot draws the side; copies of one noun share it.
  void place(int k, const Spot& spot, int side_of) {
    Object& object = scene_.objects[static_cast<std::size_t>(k)];
    const double side = draws_.between(spot.side.low, spot.side.high, Slot::kObject, 3 * side_of);
    const double dy = draws_.between(-spot.jitter_y, spot.jitter_y, Slot::kObject, 3 * k + 1);
    const double dx = draws_.between(-spot.jitter_x, spot.jitter_x, Slot::kObject, 3 * k + 2);
    object = place_object(object.noun,
                          object.colour,
                          atlas_.boxes[static_cast<std::size_t>(object.noun)],
                          side,
                          spot.center.y + dy,
                          spot.center.x + dx,
                          ((mirror_ >> k) & 1U) != 0);
  }
  void place(int k, const Spot& spot) { place(k, spot, k); }

 private:
  Scene& scene_;
  const Atlas& atlas_;
  const Draws& draws_;
  std::uint32_t mirror_;
};

void lay_out_relation(Layout& layout, Relation relation) {
  const bool across = relation == Relation::kLeft || relation == Relation::kRight;
  const bool first_low = relation == Relation::kLeft || relation == Relation::kAbove;
  for (int k = 0; k < 2; ++k) {
    const double along = kMiddle + ((k == 0) == first_low ? -kRelationStep : kRelationStep);
    if (across) {
      layout.place(k, {{50, 58}, {kMiddle, along}, kRelationJitter, 0});
    } else {
      layout.place(k, {{50, 58}, {along, kMiddle}, 0, kRelationJitter});
    }
  }
}

void lay_out_counts(Layout& layout, CountPair counts) {
  for (int k = 0; k < counts.above + counts.below; ++k) {
    const bool above = k < counts.above;
    const auto row = static_cast<std::size_t>(above ? counts.above : counts.below);
    const auto column = static_cast<std::size_t>(above ? k : k - counts.above);
    const Point center{above ? 34.0 : 94.0, kRowCenters[row][column]};
    layout.place(k, {kRowSides[row], center, 2, 1.5}, above ? 0 : counts.above);
  }
}

}  // namespace

void lay_out(Scene& scene, const Atlas& atlas, const Draws& draws) {
  Layout layout(scene, atlas, draws);
  switch (scene.kind) {
    case Kind::kSingle:
    case Kind::kColour:
      layout.place(0, {{72, 100}, {}, 8, 8});
      break;
    case Kind::kSize:
      if (scene.variant == 0) {
        layout.place(0, {{104, 120}, {}, 3, 3});
      } else {
        layout.place(0, {{32, 42}, {}, 8, 8});
      }
      break;
    case Kind::kPosition: {
      const auto cell = static_cast<std::size_t>(scene.variant);
      layout.place(0, {{46, 56}, {kThirds[cell / 3], kThirds[cell % 3]}, 5, 5});
      break;
    }
    case Kind::kCount: {
      const Grid& grid = kGrids[static_cast<std::size_t>(scene.variant)];
      for (int k = 0; k < scene.count; ++k) {
        const Point center = grid.centers[static_cast<std::size_t>(k)];
        layout.place(k, {grid.side, center, grid.jitter, grid.jitter}, 0);
      }
      break;
    }
    case Kind::kRelation:
    case Kind::kColouredRelation:
      lay_out_relation(layout, relation_of(scene));
      break;
    case Kind::kLargeSmall: {
      const bool right = layout.large_on_the_right();
      layout.place(0, {{72, 80}, {kMiddle, right ? 84.0 : 44.0}, 8, 2});
      layout.place(1, {{30, 36}, {kMiddle, right ? 22.0 : 106.0}, 24, 2});
      break;
    }
    case Kind::kThree: {
      constexpr std::array<Point, 3> kTriangle{{{34, 64}, {94, 34}, {94, 94}}};
      for (int k = 0; k < 3; ++k) {
        layout.place(k, {{44, 50}, kTriangle[static_cast<std::size_t>(k)], 3, 3});
      }
      break;
    }
    case Kind::kTwoCounts:
      lay_out_counts(layout, kCountPairs[static_cast<std::size_t>(scene.variant)]);
      break;
    case Kind::kPlace:
      layout.place(0, {{52, 72}, {74, kMiddle}, 10, 22});
      break;
  }
}

bool has_gaps(const Scene& scene, const Atlas& atlas) {
  std::array<PlacedBox, kMaxObjects> boxes{};
  for (int k = 0; k < scene.count; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const Object& object = scene.objects[i];
    boxes[i] = placed_box(object, atlas.boxes[static_cast<std::size_t>(object.noun)]);
    for (std::size_t j = 0; j < i; ++j) {
      const PlacedBox& a = boxes[i];
      const PlacedBox& b = boxes[j];
      const double down = std::max(a.top - b.top - b.height, b.top - a.top - a.height);
      const double across = std::max(a.left - b.left - b.width, b.left - a.left - a.width);
      if (std::max(down, across) < kLeastGap) return false;
    }
  }
  return true;
}

}  // namespace tessera::data
