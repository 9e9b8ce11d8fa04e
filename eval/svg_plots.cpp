#include "eval/svg_plots.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "eval/html_text.h"
#include "eval/metric_text.h"

namespace tessera::eval {
namespace {

std::string number(double value) {
  char text[48];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

/// As short as a tick can be written.
std::string tick_text(double value, double step) {
  const int digits = std::clamp(-static_cast<int>(std::floor(std::log10(step) + 1e-9)), 0, 6);
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, std::abs(value) < step * 1e-6 ? 0.0 : value);
  return value < -step * 1e-6 ? "−" + std::string(text + 1) : text;
}

/// Values of a stretch onto pixels of another.
struct Scale {
  double low = 0, high = 1, from = 0, to = 1;
  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" " + style + "/>";
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& words) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         escaped(words) + "</text>";
}

std::string opened(double width, double height, const std::string& title) {
  return "<svg class=\"plot\" viewBox=\"0 0 " + number(width) + " " + number(height) +
         "\" width=\"" + number(width) + "\" height=\"" + number(height) +
         "\" role=\"img\" aria-label=\"" + escaped(title) + "\">";
}

constexpr const char* kGrid = "stroke=\"var(--grid)\"";
constexpr const char* kZero = "stroke=\"var(--muted)\" stroke-dasharray=\"3 3\"";

/// Grid lines with numbers below them.
std::string bottom_axis(const Scale& x, double top, double bottom) {
  std::string out;
  const std::vector<double> ticks = plot_ticks(x.low, x.high, 6);
  for (const double tick : ticks) {
    out += line(x(tick), top, x(tick), bottom, kGrid) +
           text_at(x(tick), bottom + 16, "middle", tick_text(tick, ticks[1] - ticks[0]));
  }
  return out;
}

/// A stretch a little longer than the values and never empty, on ticks.
Scale around(double low, double high, double from, double to) {
  if (!(high > low)) {
    low -= 0.5 * std::max(1e-6, std::abs(low));
    high += 0.5 * std::max(1e-6, std::abs(high));
  }
  const std::vector<double> ticks = plot_ticks(low, high, 6);
  return {.low = ticks.front(), .high = ticks.back(), .from = from, .to = to};
}

}  // namespace

std::vector<double> plot_ticks(double low, double high, int most) {
  const double rough = std::max((high - low) / most, 1e-12);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::max(std::ceil(high / step - 1e-9), first + 1);
  for (double k = first; k <= last; ++k) ticks.push_back(k * step);
  return ticks;
}

std::string shares_plot(const Comparison& comparison) {
  std::vector<const MetricComparison*> shares;
  double low = 0;
  double high = 0;
  for (const MetricComparison& metric : comparison.metrics) {
    if (!metric.share) continue;
    shares.push_back(&metric);
    low = std::min(low, 100 * metric.difference.bca.low);
    high = std::max(high, 100 * metric.difference.bca.high);
  }
  if (shares.empty()) return "";
  constexpr double kRow = 30;
  constexpr double kTop = 10;
  const double bottom = kTop + kRow * static_cast<double>(shares.size());
  const Scale x = around(std::min(low, -1.0), std::max(high, 1.0), 130, 660);
  std::string out = opened(680, bottom + 46, "differences of the shares, B − A");
  out += bottom_axis(x, kTop, bottom) + line(x(0), kTop, x(0), bottom, kZero);
  for (std::size_t k = 0; k < shares.size(); ++k) {
    const MetricComparison& m = *shares[k];
    const double y = kTop + kRow * (static_cast<double>(k) + 0.5);
    const PairedDifference& d = m.difference;
    const char* colour = d.bca.low > 0 ? "var(--b)" : d.bca.high < 0 ? "var(--a)" : "var(--muted)";
    std::string name = m.metric;
    std::replace(name.begin(), name.end(), '_', ' ');
    out += text_at(118, y + 4, "end", name);
    out += line(x(100 * d.bca.low),
                y,
                x(100 * d.bca.high),
                y,
                (std::string("stroke=\"") + colour + "\" stroke-width=\"3\"").c_str());
    out += "<circle cx=\"" + number(x(100 * d.mean)) + "\" cy=\"" + number(y) +
           "\" r=\"5\" fill=\"" + colour + "\"/>";
  }
  out += text_at(395, bottom + 36, "middle", "B − A, points of a per cent");
  return out + "</svg>";
}

std::string difference_plot(const MetricComparison& metric) {
  std::vector<double> differences;
  for (std::size_t k = 0; k < metric.values_a.size(); ++k) {
    differences.push_back(metric.values_b[k] - metric.values_a[k]);
  }
  const auto [least, most] = std::minmax_element(differences.begin(), differences.end());
  const Scale x = around(std::min(*least, 0.0), std::max(*most, 0.0), 20, 340);
  constexpr int kBins = 32;
  std::vector<double> bins(kBins, 0);
  for (const double d : differences) {
    const auto bin = static_cast<int>((d - x.low) / (x.high - x.low) * kBins);
    ++bins[static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))];
  }
  const double tallest = *std::max_element(bins.begin(), bins.end());
  constexpr double kBottom = 170;
  std::string out = opened(360, 216, "differences of " + metric.metric + ", B − A");
  out += bottom_axis(x, 20, kBottom);
  const double wide = (x.to - x.from) / kBins;
  for (int k = 0; k < kBins; ++k) {
    const double height = 140 * bins[static_cast<std::size_t>(k)] / tallest;
    out += "<rect x=\"" + number(x.from + wide * k + 0.5) + "\" y=\"" + number(kBottom - height) +
           "\" width=\"" + number(wide - 1) + "\" height=\"" + number(height) +
           "\" fill=\"var(--muted)\" opacity=\"0.55\"/>";
  }
  const PairedDifference& d = metric.difference;
  out += line(x(0), 20, x(0), kBottom, kZero);
  out += line(x(d.bca.low), 14, x(d.bca.high), 14, "stroke=\"var(--ink)\" stroke-width=\"3\"");
  out += "<circle cx=\"" + number(x(d.mean)) + "\" cy=\"14\" r=\"4.5\" fill=\"var(--ink)\"/>";
  out += text_at(180, 208, "middle", metric.metric + ": B − A; above: mean and interval");
  return out + "</svg>";
}

std::string scatter_plot(const MetricComparison& metric) {
  double low = metric.values_a.front();
  double high = low;
  for (const std::vector<double>* values : {&metric.values_a, &metric.values_b}) {
    const auto [least, most] = std::minmax_element(values->begin(), values->end());
    low = std::min(low, *least);
    high = std::max(high, *most);
  }
  const Scale x = around(low, high, 50, 300);
  const Scale y{.low = x.low, .high = x.high, .from = 190, .to = 10};
  std::string out = opened(320, 236, metric.metric + " of every pair");
  out += bottom_axis(x, 10, 190);
  const std::vector<double> ticks = plot_ticks(y.low, y.high, 6);
  for (const double tick : ticks) {
    out += line(50, y(tick), 300, y(tick), kGrid) +
           text_at(44, y(tick) + 4, "end", tick_text(tick, ticks[1] - ticks[0]));
  }
  out += line(x(x.low), y(x.low), x(x.high), y(x.high), kZero);
  const std::size_t every = metric.values_a.size() / 3000 + 1;  // more dots hide one another
  for (std::size_t k = 0; k < metric.values_a.size(); k += every) {
    const double of_a = metric.values_a[k];
    const double of_b = metric.values_b[k];
    const bool up = of_b > of_a;
    const char* colour = of_a == of_b                   ? "var(--muted)"
                         : up != metric.lower_is_better ? "var(--b)"
                                                        : "var(--a)";
    out += "<circle cx=\"" + number(x(of_a)) + "\" cy=\"" + number(y(of_b)) +
           "\" r=\"2.5\" fill=\"" + colour + "\" opacity=\"0.6\"/>";
  }
  out += text_at(175, 228, "middle", metric.metric + ": A to the right, B upwards");
  return out + "</svg>";
}

}  // namespace tessera::eval
