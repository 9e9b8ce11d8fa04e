#include "lab/gallery.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "lab/plot.h"
#include "lab/report.h"
#include "lab/save.h"

namespace tessera::lab {
namespace fs = std::filesystem;
namespace {

constexpr double kPageScale = 0.55;  // 880 by 495 of a slide's 1600 by 900

std::string contents(std::span<const Experiment> experiments) {
  std::string out;
  std::string topic;
  for (const Experiment& experiment : experiments) {
    if (experiment.about.topic != topic) {
      topic = experiment.about.topic;
      out += "\n**" + topic + "**\n\n";
    }
    const std::string& name = experiment.about.name;
    out += "- [" + name + "](#" + name + "): " + experiment.about.title + "\n";
  }
  return out;
}

std::string section(const Experiment& experiment, const Findings& findings) {
  const About& about = experiment.about;
  std::string out = "\n### " + about.name + "\n\n" + about.title + "\n\n" + about.text + "\n\n";
  if (!about.shows.empty()) {
    out += "Shown:\n\n";
    for (const std::string& statement : about.shows) out += "- " + statement + "\n";
    out += "\n";
  }
  if (!findings.figure.panels.empty()) {
    out += "![" + about.title + "](" + about.name + ".png)\n\n";
  }
  out += "```\ntessera lab run " + about.name + " --out " + about.name + "\n```\n\n";
  out += markdown_table(findings);
  for (const std::string& note : findings.notes) out += "\n" + note + "\n";
  return out;
}

/// A failing experiment costs its own section alone: its error becomes the note of it.
Findings run_or_say_why(const Experiment& experiment, const Run& run) {
  try {
    return experiment.run({}, run);
  } catch (const std::exception& error) {
    const auto* ours = dynamic_cast<const Error*>(&error);
    if (ours != nullptr && ours->code() == ErrorCode::kCancelled) throw;
    Findings findings;
    findings.notes.push_back(concat("It did not run: ", error.what()));
    return findings;
  }
}

const char* kIntroduction =
    "# The lab: diffusion as runnable experiments\n\n"
    "Each section is one program of `tessera lab`. It uses the library that the application "
    "uses, measures, and compares with a number that was found another way: a closed form, a "
    "sum over all cases, an integral on a grid. A row that leaves its tolerance makes the "
    "command fail. This page and its figures are written by\n\n"
    "```\ntessera lab gallery --out docs/lab\n```\n\n"
    "`tessera lab list` names the experiments with their settings, `tessera lab run NAME` runs "
    "one (`--set key=value` changes a setting, `--out DIR` keeps figure and numbers, `--full` "
    "takes larger samples), and `tessera lab check` runs all of them. Figures need gnuplot "
    "(package `gnuplot-nox`). Time 0 is data and time T noise; β is a variance; logarithms are "
    "natural unless bits are named.\n";

}  // namespace

std::vector<std::string> write_gallery(const fs::path& folder,
                                       std::span<const Experiment> experiments,
                                       const Run& run) {
  make_folder(folder);
  std::string page = kIntroduction + contents(experiments);
  std::string topic;
  std::vector<std::string> broken;
  std::int64_t done = 0;
  for (const Experiment& experiment : experiments) {
    run.report("gallery", ++done, static_cast<std::int64_t>(experiments.size()));
    const Findings findings = run_or_say_why(experiment, run);
    if (!findings.hold()) broken.push_back(experiment.about.name);
    if (!findings.figure.panels.empty()) {
      write_file_atomically(folder / (experiment.about.name + ".png"),
                            plot(findings.figure, PlotFormat::kPng, kPageScale));
    }
    if (experiment.about.topic != topic) {
      topic = experiment.about.topic;
      page += "\n## " + topic + "\n";
    }
    page += section(experiment, findings);
  }
  write_file_atomically(folder / "README.md", page);
  return broken;
}

}  // namespace tessera::lab
