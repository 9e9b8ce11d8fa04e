#include "engine/pull.h"

#include "hub/pull.h"
#include "io/json_fields.h"

namespace tessera::engine {

PullReport pull_model(const PullRequest& request, const PullWatch& watch, std::stop_token stop) {
  const hub::Settings settings = hub::settings_from_environment();
  const hub::PullRequest wanted{.repository = hub::Repository(request.repository),
                                .revision = request.revision,
                                .variant = request.variant,
                                .all = request.all};
  const hub::PullPlan plan = hub::plan_pull(wanted, settings, stop);
  PullReport report{.repository = request.repository,
                    .revision = request.revision,
                    .commit = plan.commit,
                    .folder = plan.folder,
                    .bytes = plan.bytes(),
                    .missing = plan.missing(),
                    .offline = plan.offline};
  for (const hub::PlannedFile& planned : plan.files) {
    report.files.push_back(
        {.path = planned.file.path, .bytes = planned.file.bytes, .missing = planned.missing});
  }
  if (watch.planned) watch.planned(report);
  if (!request.dry_run) {
    hub::run_pull(
        wanted, plan, settings, settings.progress ? watch.progress : ProgressSink(), stop);
  }
  return report;
}

std::string to_json(const PullReport& report) {
  io::Json json = {{"repository", report.repository},
                   {"revision", report.revision},
                   {"commit", report.commit},
                   {"folder", report.folder.string()},
                   {"bytes", report.bytes},
                   {"missing", report.missing},
                   {"offline", report.offline},
                   {"files", io::Json::array()}};
  for (const PulledFile& file : report.files) {
    json["files"].push_back(
        {{"path", file.path}, {"bytes", file.bytes}, {"missing", file.missing}});
  }
  return json.dump(-1, ' ', false, io::Json::error_handler_t::replace);
}

}  // namespace tessera::engine
