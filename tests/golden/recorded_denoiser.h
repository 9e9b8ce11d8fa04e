#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "diffusion/denoiser.h"
#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/transition.h"
#include "io/formats/pickle_value.h"
#include "nn/condition.h"
#include "pipeline/published/name_map.h"

namespace tessera::golden {

/// A published denoiser with recorded weights, and its chain.
struct RecordedDenoiser {
  diffusion::TransformerOptions options{};
  std::shared_ptr<diffusion::DiscreteDenoiser> network{};
  std::unique_ptr<const diffusion::Transition> chain{};  // null for open_diffusers_denoiser
};

/// Of the folder of a whole diffusers model, safetensors or .bin.
RecordedDenoiser open_diffusers_denoiser(const std::filesystem::path& model);

/// Which weights of a training checkpoint.
enum class Weights {
  kEffective,  // what the original samples with
  kRaw,        // what training goes on from
};

/// Of a folder with "checkpoint.pth" and "config.yaml" of the original code.
RecordedDenoiser open_microsoft_denoiser(const std::filesystem::path& folder, Weights weights);

/// Number `index` (of a list; 0 = the first or only one) at the key of this name, wherever it is in
/// a config.yaml of the original code.
double config_number(const std::filesystem::path& folder,
                     const std::string& key,
                     std::size_t index = 0);

/// The text states that were recorded in `folder` for these rows of token ids [B, L], as the
/// condition of the original code. `mask` [B, L]: where the denoiser has a learned null condition,
/// a row whose third token is not real (a text without a word) takes that; undefined = no row.
nn::Condition recorded_text(const std::filesystem::path& folder,
                            const RecordedDenoiser& denoiser,
                            const at::Tensor& ids,
                            const at::Tensor& mask);

/// The rows of text that inference was recorded with, all of them or `batch`.
nn::Condition recorded_text_of_inference(const std::filesystem::path& folder, std::int64_t batch);

}  // namespace tessera::golden
