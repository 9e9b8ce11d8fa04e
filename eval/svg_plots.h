#pragma once

#include <string>
#include <vector>

#include "eval/comparison.h"

namespace tessera::eval {

// Plots of a comparison as inline SVG for a page that defines the colours --ink, --muted, --grid,
// --a and --b. No scripts, no fonts of their own; every number also stands in the page's table.

/// Differences B − A of all shares in points of a per cent, each with its interval, around zero. ""
/// where no metric is a share.
std::string shares_plot(const Comparison& comparison);

/// Of a metric that is a number: how often which difference B − A occurs; its mean and interval.
std::string difference_plot(const MetricComparison& metric);

/// A dot a pair, A to the right, B upwards, and the line on which both are equal.
std::string scatter_plot(const MetricComparison& metric);

/// Steps of 1, 2 or 5 times a power of ten that cover [low, high] with at most `most` + 1 ticks.
std::vector<double> plot_ticks(double low, double high, int most);

}  // namespace tessera::eval
