#include "eval/comparison_page.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "core/listed.h"
#include "eval/html_text.h"
#include "eval/metric_text.h"
#include "eval/page_style.h"
#include "eval/svg_plots.h"

namespace tessera::eval {
namespace {

std::string tag(const std::string& name, const std::string& inside) {
  const std::string word = name.substr(0, name.find(' '));
  return "<" + name + ">" + inside + "</" + word + ">\n";
}

/// The metric that orders the pictures.
const MetricComparison& ordering(const Comparison& c, const std::string& by) {
  const std::string wanted = by.empty() ? "whole_scene" : by;
  for (const MetricComparison& metric : c.metrics) {
    if (metric.metric == wanted) return metric;
  }
  TESSERA_CHECK(by.empty(),
                kInvalidArgument,
                "there is no metric \"",
                by,
                "\" to order the pictures by; known: ",
                listed(c.metrics, &MetricComparison::metric));
  return c.metrics.front();
}

std::string sides(const Comparison& c) {
  const io::Json of_a = c.a.records.header.value("settings", io::Json::object());
  const io::Json of_b = c.b.records.header.value("settings", io::Json::object());
  std::vector<std::string> keys;
  for (const io::Json* settings : {&of_a, &of_b}) {
    for (const auto& [key, value] : settings->items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  const auto cell = [](const io::Json& settings, const std::string& key) {
    if (!settings.contains(key)) return std::string();
    const io::Json& value = settings.at(key);
    return escaped(value.is_string() ? value.get<std::string>() : value.dump());
  };
  std::string rows = "<tr><th></th><th class=\"a\">A</th><th class=\"b\">B</th></tr>";
  rows +=
      "<tr><th>name</th><td>" + escaped(c.a.name) + "</td><td>" + escaped(c.b.name) + "</td></tr>";
  for (const std::string& key : keys) {
    const std::string left = cell(of_a, key);
    const std::string right = cell(of_b, key);
    rows += std::string(left == right ? "<tr>" : "<tr class=\"differs\">") + "<th>" + escaped(key) +
            "</th><td>" + left + "</td><td>" + right + "</td></tr>";
  }
  return tag("div class=\"wide\"", tag("table class=\"sides\"", rows));
}

std::string verdict(const MetricComparison& m) {
  const Interval& d = m.difference.bca;
  if (d.low <= 0 && d.high >= 0) return "<span class=\"even\">no clear difference</span>";
  const bool b = (m.difference.mean > 0) != m.lower_is_better;
  return b ? "<span class=\"b\">B is better</span>" : "<span class=\"a\">A is better</span>";
}

std::string metric_rows(const Comparison& c) {
  char head[64];
  std::snprintf(head, sizeof head, "%g %% interval", 100 * c.options.confidence);
  std::string rows =
      "<tr><th>metric</th><th>A</th><th>B</th><th>B − A</th><th>" + std::string(head) +
      "</th><th>doubt</th><th>A better</th><th>ties</th><th>B better</th><th></th></tr>";
  for (const MetricComparison& m : c.metrics) {
    const PairedDifference& d = m.difference;
    rows += "<tr><th>" + escaped(metric_title(m)) + "</th>";
    for (const std::string& text :
         {metric_number(m, m.a.mean),
          metric_number(m, m.b.mean),
          signed_number(m, d.mean),
          signed_number(m, d.bca.low) + " … " + signed_number(m, d.bca.high),
          escaped(doubt_text(d.doubt)),
          std::to_string(m.a_better()),
          std::to_string(d.ties),
          std::to_string(m.b_better())}) {
      rows += "<td>" + text + "</td>";
    }
    rows += "<td class=\"words\">" + verdict(m) + "</td></tr>";
  }
  return tag("div class=\"wide\"", tag("table class=\"metrics\"", rows));
}

std::string plots(const Comparison& c) {
  std::string out;
  const std::string shares = shares_plot(c);
  if (!shares.empty()) out += tag("div class=\"plots\"", shares);
  for (const MetricComparison& m : c.metrics) {
    if (m.share || m.values_a.size() < 2) continue;
    out += tag("div class=\"plots\"", difference_plot(m) + scatter_plot(m));
  }
  return out;
}

/// Verdicts and numbers of a row in a line.
std::string facts(const Comparison& c, const io::Json& row) {
  std::string out;
  for (const MetricComparison& m : c.metrics) {
    const auto found = row.find(m.metric);
    if (found == row.end() || found->is_null()) continue;
    std::string name = m.metric;
    std::replace(name.begin(), name.end(), '_', ' ');
    if (found->is_boolean()) {
      out += std::string("<span class=\"") + (found->get<bool>() ? "yes\">✓ " : "no\">✗ ") +
             escaped(name) + "</span> ";
    } else if (found->is_number()) {
      out += "<span>" + escaped(name) + " " + metric_number(m, found->get<double>()) + "</span> ";
    }
  }
  return out;
}

std::string shown(const Comparison& c,
                  const ComparedPair& pair,
                  const PictureUri& picture,
                  bool of_b) {
  const io::Json& row = of_b ? pair.b : pair.a;
  const std::string uri = picture(row, of_b ? Side::kB : Side::kA);
  const char* side = of_b ? "b" : "a";
  std::string out =
      std::string("<span class=\"letter ") + side + "\">" + (of_b ? "B" : "A") + "</span>";
  out += uri.empty() ? "<div class=\"none\">no picture</div>"
                     : "<img src=\"" + escaped(uri) + "\" alt=\"" + escaped(pair.what) + "\">";
  return tag("div class=\"one\"", out + "<div class=\"facts\">" + facts(c, row) + "</div>");
}

std::string gallery(const Comparison& c,
                    const std::vector<std::size_t>& chosen,
                    const PictureUri& picture) {
  std::string out;
  for (const std::size_t k : chosen) {
    const ComparedPair& pair = c.pairs[k];
    out += tag(
        "figure",
        tag("div class=\"both\"", shown(c, pair, picture, false) + shown(c, pair, picture, true)) +
            tag("figcaption", "<b>" + std::to_string(pair.index) + "</b> " + escaped(pair.what)));
  }
  return tag("div class=\"gallery\"", out);
}

/// `count` neighbours of a sorted list around its place `middle`.
std::vector<std::size_t> part_of(const std::vector<std::size_t>& sorted,
                                 std::size_t middle,
                                 std::size_t count) {
  const std::size_t wanted = std::min(count, sorted.size());
  const std::size_t before = std::min(middle, wanted / 2);
  const std::size_t first = std::min(middle - before, sorted.size() - wanted);
  return {sorted.begin() + static_cast<std::ptrdiff_t>(first),
          sorted.begin() + static_cast<std::ptrdiff_t>(first + wanted)};
}

/// Pairs in rising order of `key`; equal ones by index.
template <typename Key>
std::vector<std::size_t> sorted_by(const MetricComparison& metric, Key key) {
  std::vector<std::size_t> order = metric.pairs;
  std::stable_sort(
      order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return key(x) < key(y); });
  return order;
}

std::string galleries(const Comparison& c,
                      const MetricComparison& metric,
                      const PictureUri& picture,
                      std::size_t count) {
  std::string out;
  const auto good = [&](std::size_t k, bool of_b) {
    return goodness(of_b ? c.pairs[k].b : c.pairs[k].a, metric);
  };
  const auto apart =
      sorted_by(metric, [&](std::size_t k) { return good(k, true) - good(k, false); });
  out += tag("h3", "Where B is furthest ahead");
  std::vector<std::size_t> ahead = part_of(apart, apart.size() - 1, count);
  std::reverse(ahead.begin(), ahead.end());
  out += gallery(c, ahead, picture) + tag("h3", "Where A is furthest ahead");
  out += gallery(c, part_of(apart, 0, count), picture);
  for (const bool of_b : {false, true}) {
    const auto order = sorted_by(metric, [&](std::size_t k) { return good(k, of_b); });
    const std::string side = of_b ? "B" : "A";
    out += tag("h3", "Worst of " + side) + gallery(c, part_of(order, 0, count), picture);
    out += tag("h3", "Middle of " + side) +
           gallery(c, part_of(order, order.size() / 2, count), picture);
    std::vector<std::size_t> best = part_of(order, order.size() - 1, count);
    std::reverse(best.begin(), best.end());
    out += tag("h3", "Best of " + side) + gallery(c, best, picture);
  }
  return out;
}

std::string summary(const Comparison& c) {
  std::string text = "<b>" + std::to_string(c.pairs.size()) + "</b> pairs";
  if (c.only_a + c.only_b > 0) {
    text += "; without a counterpart: " + std::to_string(c.only_a) + " of A, " +
            std::to_string(c.only_b) + " of B";
  }
  text +=
      ". Differences are means over pairs, their intervals bias-corrected and accelerated "
      "bootstrap intervals of " +
      std::to_string(c.options.resamples) +
      " resamples of the pairs. Doubt is twice the share of resampled means on the far side of "
      "zero: small where the sign is sure.";
  return tag("p", text);
}

}  // namespace

std::string comparison_page(const Comparison& comparison,
                            const PictureUri& picture,
                            const PageOptions& options) {
  TESSERA_CHECK(options.pictures >= 0 && options.pictures <= 100,
                kInvalidArgument,
                "pictures of a row must be in 0..100, got ",
                options.pictures);
  const MetricComparison& metric = ordering(comparison, options.by);
  const std::string title = comparison.a.name + " and " + comparison.b.name;
  std::string body =
      tag("h1",
          "<span class=\"a\">" + escaped(comparison.a.name) + "</span> and <span class=\"b\">" +
              escaped(comparison.b.name) + "</span>");
  body += summary(comparison) + metric_rows(comparison) + plots(comparison);
  if (options.pictures > 0) {
    body += tag("h2", "Pictures, by " + escaped(metric_title(metric)));
    body += galleries(comparison, metric, picture, static_cast<std::size_t>(options.pictures));
  }
  body += tag("h2", "Settings") + sides(comparison);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n" +
         tag("title", escaped(title)) + tag("style", kPageStyle) + "</head>\n" +
         tag("body", tag("main", body)) + "</html>\n";
}

}  // namespace tessera::eval
