#pragma once

#include <filesystem>
#include <memory>

#include "data/source.h"
#include "tests/support/temporary_folder.h"

namespace tessera::test {

/// Pictures of 8x8 pixels that hold one of four colours in their left or right half, captions such
/// as "red left"; sample i is made of i alone.
class ToySource final : public data::Source {
 public:
  explicit ToySource(std::int64_t size) : size_(size) {}
  std::int64_t size() const override { return size_; }
  data::Batch get(const std::vector<std::int64_t>& indices, at::Device device) const override;
  std::vector<std::string> captions(const std::vector<std::int64_t>& indices) const override;
  std::string fingerprint() const override { return "toy"; }

 private:
  std::int64_t size_;
};

/// tokens.tsv with a piece for each of the toy captions' words, in `folder`.
void write_toy_tokenizer(const std::filesystem::path& folder);

}  // namespace tessera::test
