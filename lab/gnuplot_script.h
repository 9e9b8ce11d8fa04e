#pragma once

#include <string>

#include "lab/figure.h"

namespace tessera::lab {

enum class PlotFormat : unsigned char { kPng, kSvg };

/// The whole program that makes gnuplot write the figure to its standard output, numbers inside. A
/// function of its arguments: the same figure, the same bytes. `scale` multiplies every length, so
/// that a picture of 0.5 is the same one with half the pixels a side. Throws kInvalidArgument for
/// lists that do not fit each other.
std::string gnuplot_script(const Figure& figure, PlotFormat format, double scale = 1.0);

}  // namespace tessera::lab
