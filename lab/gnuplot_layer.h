#pragma once

#include <string>

#include "lab/figure.h"

namespace tessera::lab {

/// What a layer becomes in gnuplot's language.
struct GnuplotLayer {
  std::string data{};      // lines of numbers; "" = none
  std::string elements{};  // of the plot command, "$D" where the name of the data stands
  std::string settings{};  // commands before the plot
};

/// `next` is the place in the order of colours and is moved on where the layer takes one.
GnuplotLayer gnuplot_layer(const Layer& layer, int& next);

/// "#0072B2".
std::string colour_code(Colour colour);

}  // namespace tessera::lab
