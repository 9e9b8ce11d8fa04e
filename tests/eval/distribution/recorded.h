#pragma once

#include <filesystem>
#include <string>

#include <ATen/core/Tensor.h>

namespace tessera::eval::test {

/// Files that tools/golden/distribution.py recorded from published tools.
std::filesystem::path data_file(const std::string& name);

/// A tensor of distribution-KIND.safetensors.
at::Tensor recorded(const std::string& kind, const std::string& name);

/// Largest |a - b|; shapes must be equal.
double largest_difference(const at::Tensor& a, const at::Tensor& b);

/// [rows, dims] float64, normal, of the stream `number`.
at::Tensor normal_points(std::int64_t rows, std::int64_t dims, std::int64_t number);

}  // namespace tessera::eval::test
