#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/options.h"
#include "nn/rng.h"
#include "pipeline/load_options.h"
#include "pipeline/model_card.h"
#include "text/tokenizer.h"
#include "vqvae/options.h"

namespace tessera::pipeline {

/// A canvas of codes on its way.
struct CodeView {
  at::Tensor codes{};       // [B, N] int64 in [0, K]; K = still masked
  at::Tensor confidence{};  // [B, N] float32 in [0, 1], p(x_0 | x_t) of the likeliest code there
};

/// The state after one step; valid during the call only, and what is not asked for costs nothing.
struct StepView {
  std::int64_t step = 0;  // 1 … total
  std::int64_t total = 0;
  /// The current estimate as images [B, 3, H, W] in [-1, 1]; costs a decode.
  std::function<at::Tensor()> decode{};
  /// The discrete path only; empty on a path without codes.
  std::function<CodeView()> codes{};
};

/// Called after every step.
using StepHook = std::function<void(const StepView&)>;

/// Where to begin, and what must stay. Undefined tensors = from the prior, keep nothing.
struct Start {
  at::Tensor codes{};  // [B, N] int64 in [0, K): the picture begun from
  at::Tensor keep{};   // [B, N] bool, true = keep; re-imposed after every step (inpainting)
  double strength =
      1.0;  // share of the chain that is run, in (0, 1]; below 1 a picture must be given
  at::Tensor images{};  // [B, 3, H, W] in [-1, 1]: the Gaussian path's picture, instead of `codes`
};

struct Sampled {
  at::Tensor codes{};   // [B, N] int64; undefined on the Gaussian path
  at::Tensor images{};  // [B, 3, H, W] in [-1, 1]
};

/// What tells a model which picture is wanted.
enum class ConditionKind { kText, kClass, kNone };

/// Facts of the assembled model that requests are checked against.
struct PipelineFacts {
  vqvae::VqVaeOptions codec{};
  ConditionKind condition = ConditionKind::kText;
  std::int64_t text_length =
      0;                        // L, the padded prompt length; 1 for classes, 0 without a condition
  std::int64_t vocabulary = 0;  // token ids that the text encoder knows
  std::int64_t classes = 0;     // that can be asked for
  std::int64_t chain_steps = 0;      // T
  std::int64_t parameters = 0;       // of all parts
  std::string path = kDiscretePath;  // what draws; kGaussianPath counts latents instead of codes
  bool generates() const { return chain_steps > 0; }
};

/// The parts of one model, assembled: the only code that knows vqvae, diffusion and text at once.
/// A model whose card lists only the codec can encode and decode; sample() then throws kNotFound.
class Pipeline {
 public:
  virtual ~Pipeline() = default;
  virtual const ModelCard& card() const = 0;
  virtual const PipelineFacts& facts() const = 0;
  /// Throws kNotFound where the model has none.
  virtual const text::Tokenizer& table_tokenizer() const = 0;
  /// Fills every field that the caller left to the model, and checks the rest: steps in 1..T, a
  /// known sampler, guidance finite and not negative, a truncation that parses.
  virtual SampleOptions resolve(SampleOptions options) const = 0;
  /// Wanted and unwanted prompts as token ids, [B] rows each of facts().text_length; a row without
  /// a piece means the null condition. A model of classes takes the class as a row's only id, -1
  /// for the null condition; one without a condition takes empty rows. Row r draws from row r of
  /// `noise` alone, so the batch it is in does not matter. Throws kCancelled when `stop` is
  /// requested.
  virtual Sampled sample(const text::Tokens& wanted,
                         const text::Tokens& unwanted,
                         const SampleOptions& resolved,
                         const Start& start,
                         const nn::Noise& noise,
                         const StepHook& on_step,
                         std::stop_token stop) const = 0;
  virtual at::Tensor encode(const at::Tensor& images) const = 0;  // -> [B, H, W]
  virtual at::Tensor decode(const at::Tensor& codes) const = 0;   // [B, H, W] -> [-1, 1]
};

/// A model folder of ours, one of diffusers, or a checkpoint of the original code
/// (pipeline/published/layout.h). Builds each part from its options, loads strictly. Every missing,
/// damaged or misfitting part is one line: kNotFound, kCorruptFile or kShapeMismatch with the
/// file's name.
std::unique_ptr<const Pipeline> load_pipeline(const std::filesystem::path& model,
                                              at::Device device,
                                              const LoadOptions& options = {});

}  // namespace tessera::pipeline
