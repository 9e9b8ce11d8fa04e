#pragma once

#include <string>

namespace tessera::lab {

/// Runs gnuplot on a program (lab/gnuplot_script.h) and returns what it wrote to its standard
/// output. No shell, no settings of the user's, no file of a guessable name. Throws kNotFound
/// naming the package where gnuplot is not installed, and kInternal with its message where it
/// refuses the program.
std::string run_gnuplot(const std::string& script);

}  // namespace tessera::lab
