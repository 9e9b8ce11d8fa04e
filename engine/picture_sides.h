#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "core/options.h"
#include "core/progress.h"
#include "eval/distribution.h"

namespace tessera::engine {

/// What both sets of a comparison need to be opened.
struct SideRequest {
  std::int64_t count = 0;  // pictures of a set; 0 = all
  std::uint64_t seed = 0;
  SampleOptions sampling{};          // of a model
  std::filesystem::path captions{};  // of a model's pictures
  c10::Device device = c10::kCPU;
};

/// Both sets, each as DistributionEvaluation says; an empty name is an empty side. A model makes
/// its pictures of the captions of the other set, or of SideRequest::captions.
struct Sides {
  eval::DistributionSide judged{};
  eval::DistributionSide reference{};
};
Sides open_sides(const std::string& judged,
                 const std::string& reference,
                 const SideRequest& request,
                 std::stop_token stop);

}  // namespace tessera::engine
