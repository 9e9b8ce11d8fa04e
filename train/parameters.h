#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace torch::nn {
class Module;
}

namespace tessera::train {

/// A trainable tensor and its dotted name.
struct Parameter {
  std::string name{};
  at::Tensor value{};
};
using Parameters = std::vector<Parameter>;
using TensorMap = std::map<std::string, at::Tensor>;

/// The trainable parameters of a module in their registered order, names prefixed ("transformer.").
Parameters parameters_of(const torch::nn::Module& module, const std::string& prefix = "");

/// Those of two modules, one behind the other.
Parameters joined(Parameters all, const Parameters& more);

/// Parameters and buffers, names prefixed; the tensors share storage with the module.
TensorMap tensors_of(const torch::nn::Module& module, const std::string& prefix = "");

/// Copies saved tensors over live ones of the same name. Throws kShapeMismatch naming the first
/// name that is missing or of another shape; `what` is the file. Names that nobody asks for are
/// ignored.
void restore(const TensorMap& live, const TensorMap& saved, const std::string& what);

/// The entries whose name begins with `prefix`, the prefix cut off; and the reverse.
TensorMap without_prefix(const TensorMap& all, const std::string& prefix);
void add_with_prefix(TensorMap& all, const TensorMap& part, const std::string& prefix);

/// Takes what backward() left in `.grad` and clears it; zeros where a parameter had no part.
std::vector<at::Tensor> take_gradients(const Parameters& parameters);

/// Scales the gradients in place so that their common norm is at most `max_norm` (0 = leaves them).
/// Returns the norm before, a scalar; never waits for the device.
at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double max_norm);

}  // namespace tessera::train
