#include "lab/gnuplot_layer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "lab/gnuplot_text.h"

namespace tessera::lab {
namespace {

template <typename... Numbers>
std::string line(Numbers... numbers) {
  std::string text;
  ((text += (text.empty() ? "" : " ") + gnuplot_number(numbers)), ...);
  return text + "\n";
}

/// Of the legend: "title '…'" or "notitle".
std::string legend(const std::string& label) {
  return label.empty() ? " notitle" : " title " + gnuplot_text(label);
}

Colour pick(Colour wanted, int& next) {
  // Neighbours in this order are far apart in brightness too.
  constexpr std::array kOrder = {Colour::kBlue,
                                 Colour::kVermilion,
                                 Colour::kGreen,
                                 Colour::kOrange,
                                 Colour::kPurple,
                                 Colour::kSky,
                                 Colour::kBlack,
                                 Colour::kGrey};
  if (wanted != Colour::kNext) return wanted;
  return kOrder[static_cast<std::size_t>(next++) % kOrder.size()];
}

std::string with(Stroke stroke, const std::string& colour) {
  const std::string lc = " lc rgb '" + colour + "'";
  switch (stroke) {
    case Stroke::kLine:
      return " with lines lw 3" + lc;
    case Stroke::kDashed:
      return " with lines lw 3 dt (12,7)" + lc;
    case Stroke::kDotted:
      return " with lines lw 3 dt (3,5)" + lc;
    case Stroke::kThin:
      return " with lines lw 0.8" + lc;
    case Stroke::kPoints:
      return " with points pt 7 ps 1.3" + lc;
    case Stroke::kDots:
      return " with points pt 7 ps 0.3" + lc;
    case Stroke::kSteps:
      return " with steps lw 3" + lc;
    case Stroke::kMarked:
      return " with linespoints lw 2.5 pt 7 ps 1.3" + lc;
    case Stroke::kStems:
      return " with impulses lw 3" + lc;
  }
  return "";
}

void expect_equal_lengths(const char* what, std::size_t a, std::size_t b) {
  TESSERA_CHECK(
      a == b, kInvalidArgument, what, " has lists of ", a, " and ", b, " numbers; must be equal");
}

/// gnuplot draws no image that is thinner.
void expect_grid(std::int64_t columns, std::int64_t rows) {
  TESSERA_CHECK(columns >= 2 && rows >= 2,
                kInvalidArgument,
                "a picture or heat map must be at least 2 by 2, got ",
                columns,
                " by ",
                rows);
}

struct Translate {
  int& next;

  GnuplotLayer operator()(const Curve& curve) {
    expect_equal_lengths("a curve", curve.x.size(), curve.y.size());
    GnuplotLayer out;
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      out.data += std::isfinite(curve.y[i]) ? line(curve.x[i], curve.y[i]) : "\n";
    }
    const std::string colour = colour_code(pick(curve.colour, next));
    out.elements = "$D using 1:2" + with(curve.stroke, colour) + legend(curve.label);
    if (curve.stroke == Stroke::kStems)
      out.elements += ", $D using 1:2" + with(Stroke::kPoints, colour) + " notitle";
    return out;
  }

  GnuplotLayer operator()(const Band& band) {
    expect_equal_lengths("a band", band.x.size(), band.low.size());
    expect_equal_lengths("a band", band.x.size(), band.high.size());
    GnuplotLayer out;
    for (std::size_t i = 0; i < band.x.size(); ++i)
      out.data += line(band.x[i], band.low[i], band.high[i]);
    out.elements = "$D using 1:2:3 with filledcurves fs transparent solid 0.22 noborder fc rgb '" +
                   colour_code(pick(band.colour, next)) + "'" + legend(band.label);
    return out;
  }

  GnuplotLayer operator()(const Histogram& bars) {
    expect_equal_lengths("a histogram", bars.edges.size(), bars.heights.size() + 1);
    GnuplotLayer out;
    for (std::size_t i = 0; i < bars.heights.size(); ++i) {
      const double width = bars.edges[i + 1] - bars.edges[i];
      out.data += line(bars.edges[i] + 0.5 * width, bars.heights[i], width);
    }
    out.elements = "$D using 1:2:3 with boxes fs transparent solid 0.4 noborder fc rgb '" +
                   colour_code(pick(bars.colour, next)) + "'" + legend(bars.label);
    return out;
  }

  GnuplotLayer operator()(const HeatMap& map) {
    expect_grid(map.columns, map.rows);
    expect_equal_lengths(
        "a heat map", map.values.size(), static_cast<std::size_t>(map.columns * map.rows));
    const auto at = [](double first, double last, std::int64_t i, std::int64_t n) {
      return n < 2 ? first
                   : first + (last - first) * static_cast<double>(i) / static_cast<double>(n - 1);
    };
    GnuplotLayer out;
    double largest = 0.0;
    for (std::int64_t r = 0; r < map.rows; ++r) {
      for (std::int64_t c = 0; c < map.columns; ++c) {
        const double value = map.values[static_cast<std::size_t>(r * map.columns + c)];
        if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
        out.data += line(at(map.x_first, map.x_last, c, map.columns),
                         at(map.y_first, map.y_last, r, map.rows),
                         value);
      }
    }
    out.elements = "$D using 1:2:3 with image notitle";
    out.settings =
        map.diverging
            ? "set palette defined (0 '#2166ac', 1 '#92c5de', 2 '#f7f7f7', 3 '#f4a582', 4 "
              "'#b2182b')\nset cbrange [" +
                  gnuplot_number(-largest) + ":" + gnuplot_number(largest) + "]\n"
            : "set palette defined (0 '#ffffff', 1 '#deebf7', 2 '#9ecae1', 3 '#4292c6', 4 "
              "'#2171b5')\n";
    out.settings += map.label.empty()
                        ? "unset colorbox\n"
                        : "set colorbox\nset cblabel " + gnuplot_text(map.label) + "\n";
    return out;
  }

  GnuplotLayer operator()(const Quiver& arrows) {
    expect_equal_lengths("arrows", arrows.x.size(), arrows.y.size());
    expect_equal_lengths("arrows", arrows.x.size(), arrows.dx.size());
    expect_equal_lengths("arrows", arrows.x.size(), arrows.dy.size());
    GnuplotLayer out;
    for (std::size_t i = 0; i < arrows.x.size(); ++i)
      out.data += line(arrows.x[i], arrows.y[i], arrows.dx[i], arrows.dy[i]);
    out.elements =
        "$D using 1:2:3:4 with vectors filled head size screen 0.006,22 lw 1.6 lc rgb '" +
        colour_code(pick(arrows.colour, next)) + "'" + legend(arrows.label);
    return out;
  }

  GnuplotLayer operator()(const Raster& raster) {
    expect_grid(raster.width, raster.height);
    expect_equal_lengths(
        "a picture", raster.rgb.size(), static_cast<std::size_t>(3 * raster.width * raster.height));
    GnuplotLayer out;
    const double dx = (raster.right - raster.left) / static_cast<double>(raster.width);
    const double dy = (raster.top - raster.bottom) / static_cast<double>(raster.height);
    for (std::int64_t r = 0; r < raster.height; ++r) {
      for (std::int64_t c = 0; c < raster.width; ++c) {
        const std::size_t at = static_cast<std::size_t>(3 * (r * raster.width + c));
        out.data += line(raster.left + (static_cast<double>(c) + 0.5) * dx,
                         raster.top - (static_cast<double>(r) + 0.5) * dy,
                         static_cast<double>(raster.rgb[at]),
                         static_cast<double>(raster.rgb[at + 1]),
                         static_cast<double>(raster.rgb[at + 2]));
      }
    }
    out.elements = "$D using 1:2:3:4:5 with rgbimage notitle";
    return out;
  }

  GnuplotLayer operator()(const Ellipse& ellipse) {
    // Σ = L Lᵀ; the circle is mapped by L.
    const auto [xx, xy, yy] = ellipse.covariance;
    const double a = std::sqrt(xx);
    const double b = xy / a;
    const double c = std::sqrt(yy - b * b);
    Curve outline{.label = ellipse.label, .stroke = ellipse.stroke, .colour = ellipse.colour};
    constexpr int kPoints = 180;
    for (int i = 0; i <= kPoints; ++i) {
      const double angle = 2.0 * std::numbers::pi * i / kPoints;
      const double u = ellipse.deviations * std::cos(angle);
      const double v = ellipse.deviations * std::sin(angle);
      outline.x.push_back(ellipse.centre[0] + a * u);
      outline.y.push_back(ellipse.centre[1] + b * u + c * v);
    }
    return (*this)(outline);
  }

  GnuplotLayer operator()(const Words& words) {
    const char* side = words.anchor == Words::Anchor::kLeft    ? " left"
                       : words.anchor == Words::Anchor::kRight ? " right"
                                                               : " center";
    return {.settings = "set label " + gnuplot_text(words.text) + " at " + gnuplot_number(words.x) +
                        "," + gnuplot_number(words.y) + side + " front\n"};
  }
};

}  // namespace

std::string colour_code(Colour colour) {
  switch (colour) {
    case Colour::kNext:
    case Colour::kBlue:
      return "#0072B2";
    case Colour::kOrange:
      return "#E69F00";
    case Colour::kGreen:
      return "#009E73";
    case Colour::kVermilion:
      return "#D55E00";
    case Colour::kSky:
      return "#56B4E9";
    case Colour::kPurple:
      return "#CC79A7";
    case Colour::kYellow:
      return "#D6C400";
    case Colour::kBlack:
      return "#222222";
    case Colour::kGrey:
      return "#9A9A9A";
  }
  return "#222222";
}

GnuplotLayer gnuplot_layer(const Layer& layer, int& next) {
  return std::visit(Translate{next}, layer);
}

}  // namespace tessera::lab
