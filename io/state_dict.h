#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace torch::nn {
class Module;
}

namespace tessera::io {

/// Dotted name ("encoder.0.weight") -> tensor, and string metadata.
struct StateDict {
  std::map<std::string, at::Tensor> tensors{};
  std::map<std::string, std::string> metadata{};
};

/// Whether a file that begins with `head` (16 bytes are enough) is one for read_state_dict.
bool is_state_dict(std::string_view head);

/// Reads any known weight format, told by content and not by extension: safetensors, and the files
/// of torch.save, of which the tensors are taken by their dotted names (tensors_of) and numbers and
/// text beside them left out. Tensors are views of the mapped file where the format allows it; the
/// mapping lives as long as any of them; weights stored in int8 (int8_rows.h) come back as float32.
/// Throws kNotFound, or kCorruptFile naming the byte offset.
StateDict read_state_dict(const std::filesystem::path& file);

/// safetensors, written atomically; tensors are brought to the CPU and made contiguous.
void write_safetensors(const std::filesystem::path& file, const StateDict& state);

/// Parameters and buffers of a module by their dotted names (detached, not copied).
StateDict state_of(const torch::nn::Module& module);

/// A copy with floating-point tensors in `type` (e.g. at::kBFloat16 for shipping); at::kChar is
/// to_int8_rows().
StateDict cast(const StateDict& state, at::ScalarType type);

/// Copies values into the module, casting to its own types; a mapped file's pages leave memory as
/// their tensors are done. Every name must fit, both ways: throws kShapeMismatch listing all that
/// are missing, unexpected or of another shape.
void load_strictly(torch::nn::Module& module, const StateDict& state, const std::string& what);

}  // namespace tessera::io
