#include "io/state_dict.h"

#include <fstream>
#include <sstream>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "core/error.h"
#include "io/finite.h"
#include "io/formats/safetensors.h"
#include "io/formats/torch_file.h"
#include "io/int8_rows.h"
#include "io/mapped_tensor.h"

namespace tessera::io {
namespace {

/// " a, b, c" after `title`, or nothing; every name, since a mapping is mended from the whole list.
std::string listed(const char* title, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::ostringstream out;
  out << "; " << title << " (" << names.size() << "): ";
  for (std::size_t i = 0; i < names.size(); ++i) out << (i > 0 ? ", " : "") << names[i];
  return out.str();
}

}  // namespace

bool is_state_dict(std::string_view head) {
  return (head.size() > 8 && head[8] == '{') || is_torch_file(head);
}

StateDict read_state_dict(const std::filesystem::path& file) {
  std::string head(16, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  // A file that cannot be opened, or is of no known kind, gets its message from the commonest one.
  if (!is_torch_file(head)) {
    StateDict state = read_safetensors(file);
    return has_int8_rows(state) ? from_int8_rows(state, file.string()) : state;
  }
  return tensors_of(read_torch_file(file), "", file.string());
}

StateDict state_of(const torch::nn::Module& module) {
  StateDict state;
  for (const auto& item : module.named_parameters()) {
    if (item.value().defined()) state.tensors.emplace(item.key(), item.value().detach());
  }
  for (const auto& item : module.named_buffers()) {
    if (item.value().defined()) state.tensors.emplace(item.key(), item.value().detach());
  }
  return state;
}

StateDict cast(const StateDict& state, at::ScalarType type) {
  if (type == at::kChar) return to_int8_rows(state);
  StateDict out;
  out.metadata = state.metadata;
  for (const auto& [name, tensor] : state.tensors) {
    out.tensors.emplace(name, tensor.is_floating_point() ? tensor.to(type) : tensor);
  }
  return out;
}

void load_strictly(torch::nn::Module& module, const StateDict& state, const std::string& what) {
  const StateDict own = state_of(module);
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<std::string> misshaped;
  for (const auto& [name, tensor] : own.tensors) {
    const auto found = state.tensors.find(name);
    if (found == state.tensors.end()) {
      missing.push_back(name);
    } else if (found->second.sizes() != tensor.sizes()) {
      misshaped.push_back(concat(name, " ", found->second.sizes(), " for ", tensor.sizes()));
    }
  }
  for (const auto& item : state.tensors) {
    if (own.tensors.count(item.first) == 0) unexpected.push_back(item.first);
  }
  TESSERA_CHECK(missing.empty() && unexpected.empty() && misshaped.empty(),
                kShapeMismatch,
                what,
                " does not fit the network",
                listed("missing", missing),
                listed("unexpected", unexpected),
                listed("of another shape", misshaped));
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own.tensors) {
    at::Tensor target = tensor;
    const at::Tensor& source = state.tensors.at(name);
    target.copy_(source);
    check_finite(target, name, what);
    release_pages(source);
  }
}

}  // namespace tessera::io
