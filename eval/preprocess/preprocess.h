#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// How a picture of any size becomes the 299 x 299 input of the Inception network. FIDs of
/// different ways differ by more than models do (Parmar et al., CVPR 2022), so the name is part of
/// every result.
enum class Preprocess : unsigned char {
  kLegacyTensorflow,  // the graph's own bilinear, no antialiasing; (x - 128) / 128
  kLegacyPytorch,     // pytorch-fid: bilinear with half-pixel centres of x / 255; 2x - 1
  kClean,             // clean-fid: antialiased bicubic in float, clamped; (x - 128) / 128
  kTorchFidelity,     // torch-fidelity: the graph's bilinear again; (x - 128) / 128
};

/// "legacy-tensorflow", "legacy-pytorch", "clean", "torch-fidelity"; throws kInvalidArgument
/// listing them.
Preprocess preprocess_named(const std::string& name);
std::string to_string(Preprocess mode);
const std::vector<std::string>& preprocess_names();

/// [H, W, 3] uint8 -> [3, 299, 299] float32, about [-1, 1]. One thread.
at::Tensor inception_input(const at::Tensor& picture, Preprocess mode);

inline constexpr std::int64_t kInceptionSide = 299;

}  // namespace tessera::eval
