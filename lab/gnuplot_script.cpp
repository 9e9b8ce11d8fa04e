#include "lab/gnuplot_script.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "lab/gnuplot_layer.h"
#include "lab/gnuplot_text.h"

namespace tessera::lab {
namespace {

std::string terminal(const Figure& figure, PlotFormat format, double scale) {
  const auto pixels = [scale](std::int64_t length) {
    return std::to_string(std::max<long>(1, std::lround(static_cast<double>(length) * scale)));
  };
  const std::string size = " size " + pixels(figure.width) + "," + pixels(figure.height);
  const std::string scales = " fontscale " + gnuplot_number(scale) + " linewidth " +
                             gnuplot_number(scale) + " background '#ffffff'\n";
  return format == PlotFormat::kPng
             ? "set terminal pngcairo enhanced font 'DejaVu Sans,17'" + size + " pointscale " +
                   gnuplot_number(scale) + scales
             : "set terminal svg enhanced font 'DejaVu Sans,17'" + size + scales;
}

/// A step of 1, 2 or 5 times a power of ten that parts the axis into about five.
double nice_step(double length) {
  const double wanted = length / 5.0;
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= 0.99 * wanted) return factor * power;
  }
  return 10.0 * power;
}

std::string range(const Axis& axis, const std::string& name) {
  const std::string from = axis.from ? gnuplot_number(*axis.from) : "*";
  const std::string to = axis.to ? gnuplot_number(*axis.to) : "*";
  const std::string set = "set " + name + "range [";
  // The word reverse is for limits that gnuplot chooses; given ones are simply swapped.
  if (axis.reversed && axis.from && axis.to) return set + to + ":" + from + "]\n";
  return set + from + ":" + to + "]" + (axis.reversed ? " reverse" : "") + "\n";
}

std::string axis_settings(const Axis& axis, const std::string& name) {
  std::string out = range(axis, name);
  if (!axis.label.empty()) out += "set " + name + "label " + gnuplot_text(axis.label) + "\n";
  if (axis.logarithmic) {
    out += "set logscale " + name + " 10\nset format " + name + " '10^{%L}'\n";
  }
  if (axis.hidden) {
    out += "unset " + name + "tics\n";
  } else if (!axis.ticks.empty()) {
    std::string list;
    for (const Tick& tick : axis.ticks) {
      list += (list.empty() ? "" : ", ") + gnuplot_text(tick.label) + " " + gnuplot_number(tick.at);
    }
    out += "set " + name + "tics (" + list + ")\n";
  } else if (axis.from && axis.to && !axis.logarithmic && *axis.to > *axis.from) {
    out += "set " + name + "tics " + gnuplot_number(nice_step(*axis.to - *axis.from)) + "\n";
  }
  return out;
}

std::string key_settings(Legend legend) {
  const std::string style = " samplen 1.8 spacing 1.15 font ',15' textcolor rgb '#222222'";
  switch (legend) {
    case Legend::kTopRight:
      return "set key top right Left reverse" + style + "\n";
    case Legend::kTopLeft:
      return "set key top left Left reverse" + style + "\n";
    case Legend::kBottomRight:
      return "set key bottom right Left reverse" + style + "\n";
    case Legend::kBottomLeft:
      return "set key bottom left Left reverse" + style + "\n";
    case Legend::kBelow:
      return "set key below center horizontal Left reverse" + style + "\n";
    case Legend::kNone:
      return "unset key\n";
  }
  return "";
}

/// One panel's commands; its data goes to the front of the program.
std::string panel_commands(const Panel& panel, const std::string& name, std::string& data) {
  std::string out =
      "reset\n"
      "set border 3 lc rgb '#555555' lw 1.2\n"
      "set tics nomirror scale 0.6 font ',15' textcolor rgb '#333333'\n"
      "set grid lc rgb '#e4e4e4' lw 1 dt 1\n"
      "set style fill solid noborder\n";
  if (!panel.title.empty()) out += "set title " + gnuplot_text(panel.title) + " font ',18'\n";
  out += axis_settings(panel.x, "x") + axis_settings(panel.y, "y") + key_settings(panel.legend);
  const bool bars = std::any_of(panel.layers.begin(), panel.layers.end(), [](const Layer& layer) {
    return std::holds_alternative<Histogram>(layer);
  });
  if (bars && !panel.y.from && !panel.y.logarithmic) out += "set yrange [0:]\n";
  if (panel.equal_scales) out += "set size ratio -1\n";
  if (panel.frameless) {
    // Room for words beside the pictures.
    out += "unset border\nunset xtics\nunset ytics\nunset grid\nset lmargin 9\n";
  }
  std::string elements;
  int next = 0;
  for (std::size_t i = 0; i < panel.layers.size(); ++i) {
    GnuplotLayer layer = gnuplot_layer(panel.layers[i], next);
    out += layer.settings;
    if (layer.elements.empty() || layer.data.empty()) continue;
    const std::string block = "$" + name + "_" + std::to_string(i);
    data += block + " << EOD\n" + layer.data + "EOD\n";
    for (std::size_t at = 0; (at = layer.elements.find("$D", at)) != std::string::npos;) {
      layer.elements.replace(at, 2, block);
      at += block.size();
    }
    elements += (elements.empty() ? "" : ", ") + layer.elements;
  }
  return out + "plot " + (elements.empty() ? "NaN notitle" : elements) + "\n";
}

}  // namespace

std::string gnuplot_script(const Figure& figure, PlotFormat format, double scale) {
  const auto panels = static_cast<std::int64_t>(figure.panels.size());
  TESSERA_CHECK(panels > 0, kInvalidArgument, "a figure without panels cannot be drawn");
  TESSERA_CHECK(scale >= 0.1 && scale <= 4.0,
                kInvalidArgument,
                "the scale of a figure must be between 0.1 and 4, got ",
                scale);
  const std::int64_t columns =
      figure.columns > 0 ? std::min(figure.columns, panels) : std::min<std::int64_t>(panels, 3);
  const std::int64_t rows = (panels + columns - 1) / columns;
  std::string data = "set encoding utf8\n" + terminal(figure, format, scale);
  std::string commands;
  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    commands += panel_commands(figure.panels[i], "P" + std::to_string(i), data);
  }
  const std::string title =
      figure.title.empty() ? "" : " title " + gnuplot_text(figure.title) + " font ',22'";
  return data + "set multiplot layout " + std::to_string(rows) + "," + std::to_string(columns) +
         title + "\n" + commands + "unset multiplot\n";
}

}  // namespace tessera::lab
