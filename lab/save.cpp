#include "lab/save.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "lab/plot.h"
#include "lab/report.h"

namespace tessera::lab {
namespace fs = std::filesystem;

void make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  TESSERA_CHECK(!problem, kIo, "folder ", folder.string(), " cannot be made: ", problem.message());
}

std::vector<fs::path> save_findings(const fs::path& folder,
                                    const Experiment& experiment,
                                    std::span<const Assignment> assignments,
                                    const Findings& findings) {
  make_folder(folder);
  std::vector<fs::path> files;
  const auto write = [&](const std::string& ending, const std::string& bytes) {
    files.push_back(folder / (experiment.about.name + ending));
    write_file_atomically(files.back(), bytes);
  };
  write(".csv", rows_csv(findings));
  for (const Table& table : findings.tables) write("." + table.name + ".csv", table_csv(table));
  write(".json", findings_json(experiment, assignments, findings).dump(2) + "\n");
  if (!findings.figure.panels.empty()) {
    write(".png", plot(findings.figure, PlotFormat::kPng));
    write(".svg", plot(findings.figure, PlotFormat::kSvg));
  }
  return files;
}

}  // namespace tessera::lab
