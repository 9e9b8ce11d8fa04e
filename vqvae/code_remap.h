#pragma once

#include <string_view>

#include <torch/nn/module.h>

namespace tessera::vqvae {

/// Full ids (rows of a codebook, F of them) and reduced ids (the codes that a denoiser knows, K).
/// A full code that is not used has reduced id 0; reduced_to_full[r] is the first full id with
/// full_to_reduced r.
struct CodeMap {
  at::Tensor full_to_reduced{};  // [F] int64 in [0, K)
  at::Tensor reduced_to_full{};  // [K] int64 in [0, F)
};

/// From the table that the published denoisers come with, [F] of an integer type. Throws
/// kCorruptFile naming the first id that is negative, too large, or that no code has.
CodeMap code_map_from_index(const at::Tensor& full_to_reduced);
/// From a bitmap (vqvae/used_codes.h): the reduced id is the rank among the used codes. Throws
/// kInvalidArgument where it is no hexadecimal text or code 0 is not used.
CodeMap code_map_from_bitmap(std::string_view hexadecimal);

/// The bitmap of a published codebook with these numbers (vqvae/used_codes.h); throws
/// kInvalidArgument naming the known ones.
CodeMap published_code_map(std::int64_t full, std::int64_t used);

/// Translates ids of any shape, int64 in their range. Two buffers, which move between devices and
/// stay int64 whatever number type the codec is given.
class CodeRemap : public torch::nn::Module {
 public:
  /// Until set() or a checkpoint: the first `reduced` of `full` codes are used.
  CodeRemap(std::int64_t full, std::int64_t reduced);
  /// Throws kShapeMismatch where the map has other sizes.
  void set(const CodeMap& map);
  /// Throws kCorruptFile where an id is out of range: a checkpoint's map is untrusted.
  void check() const;

  at::Tensor to_reduced(const at::Tensor& full) const;
  at::Tensor to_full(const at::Tensor& reduced) const;

  using torch::nn::Module::to;
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;

 private:
  at::Tensor full_to_reduced_;
  at::Tensor reduced_to_full_;
};

}  // namespace tessera::vqvae
