#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"

namespace tessera::engine {

/// One experiment of the lab, as a list shows it.
struct LabEntry {
  std::string name{};
  std::string topic{};
  std::string title{};
  std::vector<std::string> shows{};  // the statements that it settles
  struct Setting {
    std::string key{};
    std::string value{};  // the default
    std::string help{};
  };
  std::vector<Setting> settings{};
};
std::vector<LabEntry> lab_experiments();
/// The same as a JSON list.
std::string lab_experiments_json();

struct LabRequest {
  std::string name{};
  std::vector<std::string> settings{};  // "key=value"
  std::filesystem::path out{};          // folder for figure and numbers; "" = none kept
  bool full = false;                    // larger samples, longer training
};

struct LabResult {
  std::string title{};
  std::string table{};                         // quantity, measured, exact, error; a line each
  std::string json{};                          // the same and the tables, one object
  std::vector<std::string> complaints{};       // rows that left their tolerance, a sentence each
  std::vector<std::filesystem::path> files{};  // written
  std::string unwritten{};  // why no figure was drawn: gnuplot is missing; "" = all is there
};

/// Throws kInvalidArgument for an unknown name or setting (with the known ones), kIo, kCancelled.
LabResult run_lab(const LabRequest& request, const ProgressSink& progress, std::stop_token stop);

/// How one experiment fared in a check.
struct LabOutcome {
  std::string name{};
  double seconds = 0.0;
  std::size_t rows = 0;
  bool passed = false;
  std::vector<std::string> complaints{};
};

/// Runs every experiment in its quick form and tells of each as it ends.
std::vector<LabOutcome> check_lab(const std::function<void(const LabOutcome&)>& tell,
                                  std::stop_token stop);

/// Writes the page README.md with all figures into `folder`; returns the names of experiments with
/// a row that does not hold. Throws kNotFound where gnuplot is missing, kIo, kCancelled.
std::vector<std::string> write_lab_gallery(const std::filesystem::path& folder,
                                           const ProgressSink& progress,
                                           std::stop_token stop);

}  // namespace tessera::engine
