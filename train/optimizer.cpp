#include "train/optimizer.h"

#include "core/error.h"
#include "train/optimizers/adamw.h"
#include "train/optimizers/muon.h"

namespace tessera::train {

std::unique_ptr<Optimizer> make_optimizer(const Parameters& parameters,
                                          const OptimizerOptions& options) {
  if (options.kind == "adamw") return std::make_unique<AdamW>(parameters, options);
  if (options.kind == "muon") return std::make_unique<Muon>(parameters, options);
  TESSERA_THROW(kInvalidArgument, "optimizer must be adamw or muon, got \"", options.kind, "\"");
}

}  // namespace tessera::train
