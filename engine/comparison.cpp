#include "engine/comparison.h"

#include "core/atomic_file.h"
#include "core/error.h"
#include "engine/comparison_pictures.h"
#include "engine/models.h"
#include "engine/output_names.h"
#include "eval/comparison.h"
#include "eval/comparison_page.h"
#include "jobs/compositional_run.h"
#include "jobs/shipped_file.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

bool is_records(const fs::path& given) {
  const std::string extension = given.extension().string();
  return extension == ".jsonl" || extension == ".ndjson" || extension == ".json";
}

/// One side with the pictures that its rows name or that were drawn for it.
struct Side {
  eval::ComparedSide compared{};
  ComparisonPictures pictures{};
};

std::string name_of(const std::string& given, const std::string& name) {
  if (!name.empty()) return name;
  if (given.empty()) return "default model";
  const fs::path path(given);
  if (is_records(path)) return path.stem().string();
  return path.filename().empty() ? path.parent_path().filename().string()
                                 : path.filename().string();
}

Side from_records(const fs::path& file, const std::string& name) {
  return {.compared = {.name = name, .records = eval::read_records(file)},
          .pictures = ComparisonPictures(file)};
}

Side from_model(const ComparisonRequest& request,
                const std::string& given,
                const std::string& name,
                const ProgressSink& progress,
                const std::stop_token& stop) {
  Side side{.compared = {.name = name}};
  jobs::CompositionalRun run{.request = {.model = resolve_model(given),
                                         .atlas = jobs::atlas_file({}),
                                         .count = request.count,
                                         .split = request.split,
                                         .seed = request.seed,
                                         .sampling = request.sampling,
                                         .batch = request.batch,
                                         .device = request.device,
                                         .threads = request.threads}};
  if (!request.page.empty() && request.shown > 0) {
    run.request.on_picture = [&](const jobs::ScoredPicture& picture) {
      const auto pixels = static_cast<std::int32_t>(picture.side);
      side.pictures.keep(
          picture.index,
          {.width = pixels, .height = pixels, .pixels = {picture.rgb.begin(), picture.rgb.end()}});
    };
  }
  const jobs::CompositionalAnswer answer = jobs::run_compositional(run, progress, stop);
  side.compared.records = eval::parse_records(answer.records, name);
  return side;
}

Side open_side(const ComparisonRequest& request,
               const std::string& given,
               const std::string& name,
               const ProgressSink& progress,
               const std::stop_token& stop) {
  const std::string called = name_of(given, name);
  if (is_records(given)) return from_records(given, called);
  return from_model(request, given, called, progress, stop);
}

void check_free(const fs::path& file, const ComparisonRequest& request) {
  if (file.empty()) return;
  prepare_folders({file});
  TESSERA_CHECK(request.overwrite || !fs::exists(file),
                kInvalidArgument,
                file.string(),
                ": is there already; --overwrite replaces it");
}

}  // namespace

ComparisonReport compare(const ComparisonRequest& request,
                         const ProgressSink& progress,
                         std::stop_token stop) {
  const eval::BootstrapOptions options{
      .resamples = request.resamples, .seed = request.seed, .confidence = request.confidence};
  options.validate();
  check_free(request.page, request);
  check_free(request.table, request);
  Side a = open_side(request, request.a, request.name_a, progress, stop);
  Side b = open_side(request, request.b, request.name_b, progress, stop);
  const eval::Comparison done =
      eval::compare_records(std::move(a.compared), std::move(b.compared), options);
  ComparisonReport report;
  if (!request.page.empty()) {
    const auto picture = [&](const io::Json& row, eval::Side side) {
      return (side == eval::Side::kA ? a : b).pictures.uri(row);
    };
    write_file_atomically(
        request.page,
        eval::comparison_page(done, picture, {.by = request.by, .pictures = request.shown}));
    report.missing_pictures = a.pictures.missing() + b.pictures.missing();
  }
  if (!request.table.empty()) {
    write_file_atomically(request.table, eval::comparison_csv(done));
  }
  report.json = eval::comparison_json(done).dump(2, ' ', false, io::Json::error_handler_t::replace);
  report.table = eval::comparison_table(done);
  return report;
}

}  // namespace tessera::engine
