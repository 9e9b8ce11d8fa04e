#include "lab/plot.h"

#include "lab/gnuplot.h"

namespace tessera::lab {

std::string plot(const Figure& figure, PlotFormat format, double scale) {
  return run_gnuplot(gnuplot_script(figure, format, scale));
}

}  // namespace tessera::lab
