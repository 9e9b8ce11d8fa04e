#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/source.h"

namespace tessera::train {

/// What a trainer writes into the folder of a checkpoint.
inline constexpr const char* kTrainerState = "trainer.safetensors";

/// Noise of the held-out numbers, whatever the run's seed is.
inline constexpr std::uint64_t kValidationSeed = 20;

/// Keeps the first weights of a text encoder off those of the network that listens to it.
inline constexpr std::uint64_t kTextStream = 0x74657874;

/// The numbers of one optimisation step, as tensors so that nothing waits for the device: the run
/// reads them when it logs.
struct StepReport {
  at::Tensor loss{};                                         // scalar
  std::vector<std::pair<std::string, at::Tensor>> values{};  // "rec_loss" …, scalars
  double learning_rate = 0;
};

/// One stage of training: one optimisation step; owns the network, the optimiser, the EMA weights.
/// Random numbers are keyed by (seed, step), so a checkpoint holds no generator state.
class Trainer {
 public:
  virtual ~Trainer() = default;
  /// `step` counts from 1.
  virtual StepReport step(const data::Batch& batch, std::int64_t step) = 0;
  /// Weights, EMA, optimiser into `folder` (exists, empty). Resume is bit-exact on one thread
  /// count.
  virtual void save(const std::filesystem::path& folder) const = 0;
  virtual void resume(const std::filesystem::path& folder) = 0;
  /// Pictures of the current state for the run's samples/ folder: name and [rows, 3, H, W] in [-1,
  /// 1].
  virtual std::vector<std::pair<std::string, at::Tensor>> samples() = 0;
  /// Held-out numbers: "val/loss" ….
  virtual std::vector<std::pair<std::string, double>> validate() = 0;
  /// Writes the finished parts (EMA weights) as model-folder parts under `model`.
  virtual void export_model(const std::filesystem::path& model) const = 0;
};

}  // namespace tessera::train
