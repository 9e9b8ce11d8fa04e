#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/source.h"
#include "train/codec.h"

namespace tessera::train {

/// How a pool is made.
struct CodePoolPlan {
  std::int64_t samples = 0;             // 0 … samples - 1 of the source
  std::int64_t batch = 512;             // samples that are drawn and encoded at once
  std::optional<at::Device> draw_on{};  // none = the codec's device
  /// Captions as padded token ids, [B, L] int64 on the CPU; called from several threads at once.
  std::function<at::Tensor(const std::vector<std::string>&)> ids_of{};
  /// After every batch: how many are done.
  std::function<void(std::int64_t)> on_batch{};
};

/// Codes and token ids of samples 0 … P - 1 on the codec's device, so that a training step takes
/// its batch there and needs nothing of the CPU. Two bytes a number: a million samples of 256 codes
/// and 24 ids take 560 MB.
class CodePool {
 public:
  /// Draws and encodes everything; a CPU that draws does so with all threads, the next batch while
  /// the device encodes the last. Throws kInvalidArgument where numbers do not fit two bytes.
  CodePool(const data::Source& source, const Codec& codec, const CodePoolPlan& plan);

  std::int64_t size() const { return codes_.size(0); }
  /// [B, N] int64 and [B, L] int64 on the device, of the pool's rows `indices`.
  at::Tensor codes(const std::vector<std::int64_t>& indices) const;
  at::Tensor ids(const std::vector<std::int64_t>& indices) const;

 private:
  at::Tensor codes_{};  // [P, N] int16
  at::Tensor ids_{};    // [P, L] int16
};

}  // namespace tessera::train
