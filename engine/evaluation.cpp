#include "engine/evaluation.h"

#include "engine/installation.h"
#include "jobs/jobs.h"
#include "jobs/shipped_file.h"

namespace tessera::engine {

std::string evaluate_compositional(const CompositionalEvaluation& request,
                                   const ProgressSink& progress, std::stop_token stop) {
  return jobs::run_compositional({.model = request.model.empty() ? default_model() : request.model,
                                  .atlas = jobs::atlas_file({}),
                                  .count = request.count,
                                  .split = request.split,
                                  .seed = request.seed,
                                  .sampler = request.sampling.sampler,
                                  .steps = request.sampling.steps,
                                  .guidance = request.sampling.guidance,
                                  .truncation = request.sampling.truncation,
                                  .batch = request.batch,
                                  .device = request.device,
                                  .threads = request.threads,
                                  .source = request.source},
                                 progress,
                                 stop);
}

}  // namespace tessera::engine
