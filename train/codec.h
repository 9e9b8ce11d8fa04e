#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include "vqvae/vqvae.h"

namespace tessera::train {

/// A trained VQ-VAE that stays as it is: no gradients, evaluation mode.
struct Codec {
  std::shared_ptr<vqvae::VqVaeImpl> model{};
  std::filesystem::path folder{};  // of the part: config.json and model.safetensors
  std::string fingerprint{};       // of both files; keys the code cache
};

/// `where` is a vqvae part, a model folder or a run folder. Throws kNotFound naming the places that
/// were looked at, and what reading the part throws.
Codec load_codec(const std::filesystem::path& where, c10::Device device);

}  // namespace tessera::train
