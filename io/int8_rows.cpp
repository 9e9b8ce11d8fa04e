#include "io/int8_rows.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"

namespace tessera::io {
namespace {

constexpr const char* kKey = "tessera.weights";
constexpr const char* kValue = "int8-rows";
constexpr std::string_view kSuffix = ".int8_scale";
constexpr std::int64_t kFewest = 4096;  // numbers of a tensor that is worth it

bool is_large(const at::Tensor& tensor) {
  return tensor.is_floating_point() && tensor.dim() >= 2 && tensor.numel() >= kFewest;
}

/// `scale` [rows], so that it multiplies the rows of `like`.
at::Tensor over_rows(const at::Tensor& scale, const at::Tensor& like) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(like.dim()), 1);
  shape.front() = -1;
  return scale.view(shape);
}

}  // namespace

StateDict to_int8_rows(const StateDict& state) {
  const at::NoGradGuard no_grad;
  StateDict out{.tensors = {}, .metadata = state.metadata};
  out.metadata[kKey] = kValue;
  for (const auto& [name, tensor] : state.tensors) {
    if (!is_large(tensor)) {
      out.tensors.emplace(name, tensor.is_floating_point() ? tensor.to(at::kBFloat16) : tensor);
      continue;
    }
    const at::Tensor values = tensor.to(at::kFloat);
    const at::Tensor largest = std::get<0>(values.flatten(1).abs().max(1));
    const at::Tensor scale = at::where(largest > 0, largest / 127, at::ones_like(largest));
    out.tensors.emplace(name,
                        (values / over_rows(scale, values)).round().clamp(-127, 127).to(at::kChar));
    out.tensors.emplace(name + std::string(kSuffix), scale);
  }
  return out;
}

bool has_int8_rows(const StateDict& state) {
  const auto found = state.metadata.find(kKey);
  return found != state.metadata.end() && found->second == kValue;
}

StateDict from_int8_rows(const StateDict& state, const std::string& what) {
  const at::NoGradGuard no_grad;
  StateDict out{.tensors = {}, .metadata = state.metadata};
  out.metadata.erase(kKey);
  for (const auto& [name, tensor] : state.tensors) {
    if (name.ends_with(kSuffix)) {
      const std::string of = name.substr(0, name.size() - kSuffix.size());
      TESSERA_CHECK(
          state.tensors.count(of) == 1, kCorruptFile, what, ": ", name, " scales nothing");
      continue;
    }
    if (tensor.scalar_type() != at::kChar) {
      out.tensors.emplace(name, tensor);
      continue;
    }
    const auto scale = state.tensors.find(name + std::string(kSuffix));
    TESSERA_CHECK(scale != state.tensors.end() && tensor.dim() >= 1 &&
                      scale->second.scalar_type() == at::kFloat && scale->second.dim() == 1 &&
                      scale->second.size(0) == tensor.size(0),
                  kCorruptFile,
                  what,
                  ": ",
                  name,
                  " is stored in int8 and needs a float32 scale for each of its rows");
    out.tensors.emplace(name, tensor.to(at::kFloat) * over_rows(scale->second, tensor));
  }
  return out;
}

}  // namespace tessera::io
