#pragma once

#include <string>

#include "lab/figure.h"
#include "lab/gnuplot_script.h"

namespace tessera::lab {

/// The bytes of a PNG or SVG file of the figure, drawn by the program gnuplot (Debian's package
/// gnuplot-nox). The same figure, the same bytes. Throws as gnuplot_script() and run_gnuplot().
std::string plot(const Figure& figure, PlotFormat format, double scale = 1.0);

}  // namespace tessera::lab
