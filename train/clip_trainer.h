#pragma once

#include <memory>
#include <string>

#include <c10/core/Device.h>

#include "data/scenes/scenes.h"
#include "train/clip_options.h"
#include "train/held_out.h"
#include "train/options.h"
#include "train/trainer.h"

namespace tessera::train {

struct ClipTraining {
  ClipModelSection model{};
  ClipObjective objective{};
  TrainOptions train{};
  std::string name{};
  std::string description{};
  std::uint64_t seed = 0;
  HeldOut held_out{};
  /// Where batches are scenes: what they and the held-out ones show, to say it wrongly. Both null
  /// for other pictures, which then have no swapped captions.
  std::shared_ptr<const data::SceneSource> scenes{};
  std::shared_ptr<const data::SceneSource> held_out_scenes{};
  c10::Device device = c10::kCPU;
};

/// Trains both towers of a CLIP by the symmetric cross-entropy of a batch's cosines times a learned
/// scale (Radford et al. 2021, figure 3). Every picture is also told from captions that are wrong
/// in one attribute (Yuksekgonul et al. 2023): they are further columns of all pictures, and with
/// `swap_weight` a choice of their own. Captions equal to a picture's own are no negatives of it.
/// A validation ranks held-out captions: "val/swapped", "val/swapped_colour" …, and retrieval
/// among 100, "val/text_top1" ….
std::unique_ptr<Trainer> make_clip_trainer(const ClipTraining& training);

}  // namespace tessera::train
