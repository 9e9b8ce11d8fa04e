#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tessera::lab {

// A figure as plain numbers; lab/plot.h draws it. All text is UTF-8 and may hold TeX's subscripts
// and superscripts, "x_t" or "x_{t-1}" or "σ^2"; nothing else in it is special.

/// Colours are places in one palette that colour-blind readers can tell apart (Okabe and Ito 2008):
/// blue, orange, green, vermilion, sky, purple, yellow, and black as 7.
enum class Colour : std::int8_t {
  kNext = -1,  // the next of the panel
  kBlue,
  kOrange,
  kGreen,
  kVermilion,
  kSky,
  kPurple,
  kYellow,
  kBlack,
  kGrey,
};

enum class Stroke : std::uint8_t {
  kLine,
  kDashed,
  kDotted,
  kThin,    // a hair line, for many trajectories
  kPoints,  // filled circles
  kDots,    // the smallest points, for clouds of thousands
  kSteps,
  kMarked,  // a line with a circle at every point
  kStems,   // a vertical line from the axis to every point
};

/// y over x as a line or as points. A NaN in y breaks the line.
struct Curve {
  std::string label{};  // "" = not in the legend
  std::vector<double> x{};
  std::vector<double> y{};
  Stroke stroke = Stroke::kLine;
  Colour colour = Colour::kNext;
};

/// The area between two curves, shaded lightly.
struct Band {
  std::string label{};
  std::vector<double> x{};
  std::vector<double> low{};
  std::vector<double> high{};
  Colour colour = Colour::kNext;
};

/// Bars; edges has one entry more than heights.
struct Histogram {
  std::string label{};
  std::vector<double> edges{};
  std::vector<double> heights{};
  Colour colour = Colour::kNext;
};

/// values[row * columns + column]; the rectangle's first row is at y_first.
struct HeatMap {
  std::string label{};  // of the colour box; "" = no box
  std::int64_t columns = 0;
  std::int64_t rows = 0;
  std::vector<double> values{};
  double x_first = 0.0, x_last = 1.0;  // centres of the outer cells
  double y_first = 0.0, y_last = 1.0;
  bool diverging = false;  // blue, white, red around 0 instead of a scale of one direction
};

/// Arrows from (x, y) to (x + dx, y + dy).
struct Quiver {
  std::string label{};
  std::vector<double> x{};
  std::vector<double> y{};
  std::vector<double> dx{};
  std::vector<double> dy{};
  Colour colour = Colour::kNext;
};

/// 8-bit RGB pixels, row-major from the top left, laid over a rectangle of the axes.
struct Raster {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> rgb{};
  double left = 0.0, right = 1.0;
  double bottom = 0.0, top = 1.0;
};

/// {x : (x - centre)ᵀ covariance⁻¹ (x - centre) = deviations²}.
struct Ellipse {
  std::string label{};
  std::array<double, 2> centre{};
  std::array<double, 3> covariance{};  // xx, xy, yy
  double deviations = 1.0;
  Stroke stroke = Stroke::kLine;
  Colour colour = Colour::kNext;
};

/// Words at a point of the axes.
struct Words {
  std::string text{};
  double x = 0.0;
  double y = 0.0;
  enum class Anchor : std::uint8_t { kLeft, kCentre, kRight } anchor = Anchor::kCentre;
};

using Layer = std::variant<Curve, Band, Histogram, HeatMap, Quiver, Raster, Ellipse, Words>;

struct Tick {
  double at = 0.0;
  std::string label{};
};

struct Axis {
  std::string label{};
  bool logarithmic = false;
  bool reversed = false;
  bool hidden = false;  // no numbers, no ticks
  std::optional<double> from{};
  std::optional<double> to{};
  std::vector<Tick> ticks{};  // empty = chosen by the plotter
};

enum class Legend : std::uint8_t {
  kTopRight,
  kTopLeft,
  kBottomRight,
  kBottomLeft,
  kBelow,
  kNone,
};

struct Panel {
  std::string title{};
  Axis x{};
  Axis y{};
  std::vector<Layer> layers{};  // drawn in this order
  Legend legend = Legend::kTopRight;
  bool equal_scales = false;  // one unit is as long on both axes
  bool frameless = false;     // no border: pictures
};

/// Panels in rows from the top left. A slide is 1600 by 900.
struct Figure {
  std::string title{};
  std::vector<Panel> panels{};
  std::int64_t columns = 0;  // 0 = all side by side up to three
  std::int64_t width = 1600;
  std::int64_t height = 900;
};

}  // namespace tessera::lab
