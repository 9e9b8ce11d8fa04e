#include "engine/bits_evaluation.h"

#include <algorithm>
#include <chrono>

#include <ATen/ATen.h>

#include "core/error.h"
#include "engine/bits_meter.h"
#include "engine/evaluation_pictures.h"
#include "engine/models.h"
#include "io/json_fields.h"
#include "nn/device.h"
#include "pipeline/paths.h"

namespace tessera::engine {
namespace {

void check(const BitsEvaluation& request) {
  TESSERA_CHECK(
      request.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", request.batch);
  TESSERA_CHECK(
      request.count >= 0, kInvalidArgument, "count must not be negative, got ", request.count);
  TESSERA_CHECK(request.captions == "given" || request.captions == "none",
                kInvalidArgument,
                "captions is \"",
                request.captions,
                "\"; known: given, none");
}

io::Json settings_of(const BitsEvaluation& request,
                     const pipeline::ModelCard& card,
                     const std::string& path) {
  io::Json out = {{"model", card.name},
                  {"path", path},
                  {"input", request.input.empty() ? "scenes" : request.input.string()}};
  if (request.input.empty()) out["split"] = request.split;
  out.update({{"seed", request.seed}, {"times", request.times}, {"captions", request.captions}});
  return out;
}

}  // namespace

EvaluationReport evaluate_bits(const BitsEvaluation& request,
                               const ProgressSink& progress,
                               std::stop_token stop) {
  check(request);
  const auto begun = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  nn::set_threads(request.model.threads);
  const BitsModel model = {.folder = resolve_model(request.model.model),
                           .device = nn::resolve_device(request.model.device),
                           .options = request.model,
                           .times = request.times,
                           .seed = request.seed,
                           .path = request.path};
  const std::unique_ptr<BitsMeter> meter = open_bits_meter(model);
  const auto source = open_captioned(
      {.path = request.input, .split = request.split, .seed = request.seed, .count = request.count},
      meter->card(),
      meter->resolution());
  const std::int64_t total =
      request.count == 0 ? source->size() : std::min(request.count, source->size());
  for (std::int64_t first = 0; first < total; first += request.batch) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", first, " pictures");
    std::vector<std::int64_t> indices;
    for (std::int64_t k = first; k < std::min(total, first + request.batch); ++k) {
      indices.push_back(k);
    }
    data::Batch batch = source->get(indices, at::kCPU);
    if (request.captions == "none") batch.captions.assign(batch.captions.size(), "");
    meter->add(batch.images, batch.captions, first);
    if (progress) {
      progress({.stage = "bits", .step = indices.back() + 1, .total = total, .seconds = seconds()});
    }
  }
  io::Json report = meter->report();
  report["settings"] = settings_of(request, meter->card(), meter->path());
  report["seconds"] = seconds();
  return {.judged = total,
          .json = report.dump(2, ' ', false, io::Json::error_handler_t::replace),
          .table = meter->table(report)};
}

}  // namespace tessera::engine
