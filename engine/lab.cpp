#include "engine/lab.h"

#include "core/error.h"
#include "jobs/shipped_file.h"
#include "lab/check.h"
#include "lab/gallery.h"
#include "lab/registry.h"
#include "lab/report.h"
#include "lab/save.h"

namespace tessera::engine {
namespace {

lab::Run run_of(const ProgressSink& progress, std::stop_token stop) {
  return {.atlas = jobs::atlas_file({}),
          .model = jobs::shipped_file("models/default"),
          .progress = progress,
          .stop = std::move(stop)};
}

LabOutcome outcome_of(const lab::Outcome& outcome) {
  LabOutcome told{.name = outcome.name,
                  .seconds = outcome.seconds,
                  .rows = outcome.rows,
                  .passed = outcome.passed()};
  for (const lab::Row& row : outcome.broken) told.complaints.push_back(lab::complaint(row));
  if (!outcome.error.empty()) told.complaints.push_back(outcome.error);
  return told;
}

}  // namespace

std::vector<LabEntry> lab_experiments() {
  std::vector<LabEntry> entries;
  for (const lab::Experiment& experiment : lab::experiments()) {
    const lab::About& about = experiment.about;
    LabEntry entry{
        .name = about.name, .topic = about.topic, .title = about.title, .shows = about.shows};
    for (const lab::Setting& setting : experiment.settings)
      entry.settings.push_back({setting.key, setting.value, setting.help});
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string lab_experiments_json() {
  io::Json list = io::Json::array();
  for (const LabEntry& entry : lab_experiments()) {
    io::Json settings = io::Json::array();
    for (const auto& setting : entry.settings) {
      settings.push_back(
          {{"key", setting.key}, {"default", setting.value}, {"help", setting.help}});
    }
    list.push_back({{"name", entry.name},
                    {"topic", entry.topic},
                    {"title", entry.title},
                    {"shows", entry.shows},
                    {"settings", settings}});
  }
  return list.dump(2);
}

LabResult run_lab(const LabRequest& request, const ProgressSink& progress, std::stop_token stop) {
  const lab::Experiment& experiment = lab::find_experiment(request.name);
  std::vector<lab::Assignment> assignments;
  for (const std::string& text : request.settings)
    assignments.push_back(lab::parse_assignment(text));
  lab::Run run = run_of(progress, std::move(stop));
  run.effort = request.full ? lab::Effort::kFull : lab::Effort::kQuick;
  const lab::Findings findings = experiment.run(assignments, run);
  LabResult result{.title = experiment.about.title,
                   .table = lab::text_table(findings),
                   .json = lab::findings_json(experiment, assignments, findings).dump(2)};
  for (const lab::Row& row : findings.rows) {
    if (!row.holds()) result.complaints.push_back(lab::complaint(row));
  }
  if (!request.out.empty()) {
    try {
      result.files = lab::save_findings(request.out, experiment, assignments, findings);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound) throw;
      result.unwritten = error.what();
    }
  }
  return result;
}

std::vector<LabOutcome> check_lab(const std::function<void(const LabOutcome&)>& tell,
                                  std::stop_token stop) {
  std::vector<LabOutcome> outcomes;
  lab::check(lab::experiments(), run_of({}, std::move(stop)), [&](const lab::Outcome& outcome) {
    outcomes.push_back(outcome_of(outcome));
    if (tell) tell(outcomes.back());
  });
  return outcomes;
}

std::vector<std::string> write_lab_gallery(const std::filesystem::path& folder,
                                           const ProgressSink& progress,
                                           std::stop_token stop) {
  return lab::write_gallery(folder, lab::experiments(), run_of(progress, std::move(stop)));
}

}  // namespace tessera::engine
