#pragma once

#include <string>

#include "eval/comparison.h"

namespace tessera::eval {

// How numbers of a comparison are written for people: shares in per cent, other numbers with four
// digits that count.

/// "whole scene, %"; "lpips (lower is better)".
std::string metric_title(const MetricComparison& metric);
std::string metric_number(const MetricComparison& metric, double value);
/// With its sign, "+1.20" or "−0.35".
std::string signed_number(const MetricComparison& metric, double value);
/// "0.012"; "< 0.001".
std::string doubt_text(double doubt);

}  // namespace tessera::eval
