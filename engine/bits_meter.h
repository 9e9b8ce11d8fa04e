#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/engine.h"
#include "engine/prompt_text.h"
#include "io/json_fields.h"
#include "pipeline/model_card.h"

namespace tessera::engine {

/// One path of a model, measuring how many bits it gives to pictures.
class BitsMeter {
 public:
  virtual ~BitsMeter() = default;
  virtual const pipeline::ModelCard& card() const = 0;
  virtual std::string path() const = 0;  // discrete, gaussian
  virtual std::int64_t resolution() const = 0;
  /// Pictures [B, 3, H, W] in [-1, 1] with their captions ("" = none); the first is picture `first`
  /// of the run.
  virtual void add(const at::Tensor& images,
                   const std::vector<std::string>& captions,
                   std::int64_t first) = 0;
  virtual io::Json report() const = 0;
  virtual std::string table(const io::Json& report) const = 0;
};

struct BitsModel {
  std::filesystem::path folder{};
  at::Device device = at::kCPU;
  EngineOptions options{};
  std::int64_t times = 0;
  std::uint64_t seed = 0;
  std::string path{};
};

/// Token ids of many captions, a row each.
text::Tokens prompt_rows(const PromptText& text, const std::vector<std::string>& captions);

/// Throws kNotFound where the model does not have the path.
std::unique_ptr<BitsMeter> open_bits_meter(const BitsModel& model);
std::unique_ptr<BitsMeter> open_discrete_bits(const BitsModel& model);
std::unique_ptr<BitsMeter> open_gaussian_bits(const BitsModel& model);

}  // namespace tessera::engine
