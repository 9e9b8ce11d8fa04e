#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "core/progress.h"
#include "train/options.h"
#include "train/prefetch.h"
#include "train/trainer.h"

namespace tessera::train {

/// Writes one sample sheet, [H, W, 3] uint8, to `file` (ending in .png). Where nobody gives one,
/// sheets become .safetensors files.
using SheetWriter = std::function<void(const std::filesystem::path& file, const at::Tensor& sheet)>;

struct RunOptions {
  std::filesystem::path folder{};  // exists
  TrainOptions train{};
  bool resume = false;  // go on after the newest whole checkpoint of `folder`
  SheetWriter write_sheet{};
  int drawing_threads = 1;  // that make batches ahead: 1, or 0 = all, where the device is no CPU
};

struct RunResult {
  std::int64_t step = 0;  // last step done
  double seconds = 0;     // of all sessions of the run
  double loss = 0;        // mean of the last logged window
  bool stopped = false;   // by the stop token or the time budget, before the last step
};

/// Runs a trainer to `train.steps`, a stop or an error. The loop holds no model code. Into
/// `folder`: log.jsonl, TensorBoard events, checkpoints/, samples/, model/ (exported parts). A stop
/// finishes the step, saves and returns. Resumed on the same thread count, every logged loss equals
/// that of an uninterrupted run bit for bit. Throws kInternal when the loss is no longer finite
/// (nothing of it is saved), kIo when the disk refuses; the checkpoints that were there stay whole.
RunResult run(Trainer& trainer,
              const BatchOf& batch_of,
              const RunOptions& options,
              const ProgressSink& progress,
              std::stop_token stop);

}  // namespace tessera::train
