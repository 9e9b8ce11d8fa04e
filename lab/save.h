#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "lab/experiment.h"

namespace tessera::lab {

/// Makes a folder where it is missing. Throws kIo.
void make_folder(const std::filesystem::path& folder);

/// Writes NAME.csv (the rows), NAME.TABLE.csv for each table, NAME.json, and, where there is a
/// figure, NAME.png and NAME.svg into `folder`, which is made where missing. Each file whole or not
/// at all; the numbers first, so that they are there where gnuplot is not. Returns the files.
/// Throws kIo, and kNotFound where gnuplot is missing.
std::vector<std::filesystem::path> save_findings(const std::filesystem::path& folder,
                                                 const Experiment& experiment,
                                                 std::span<const Assignment> assignments,
                                                 const Findings& findings);

}  // namespace tessera::lab
