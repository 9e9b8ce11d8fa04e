#pragma once

#include <string>
#include <string_view>

namespace tessera::lab {

/// A text of a figure (lab/figure.h) as a quoted string of gnuplot: subscripts and superscripts are
/// kept, every other character stands for itself, but an apostrophe becomes ’ and control
/// characters spaces. Whatever the text holds, it stays inside the quotes.
std::string gnuplot_text(std::string_view text);

/// A number as gnuplot reads it, nine digits; NaN and infinities as "NaN".
std::string gnuplot_number(double value);

}  // namespace tessera::lab
