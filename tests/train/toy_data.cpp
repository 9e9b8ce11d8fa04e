#include "tests/train/toy_data.h"

#include <array>

#include <ATen/ATen.h>

#include "text/token_table.h"

namespace tessera::test {
namespace {

constexpr std::array<const char*, 4> kColours = {"red", "green", "blue", "white"};
constexpr std::array<std::array<float, 3>, 4> kValues = {
    {{1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}, {1, 1, 1}}};

}  // namespace

data::Batch ToySource::get(const std::vector<std::int64_t>& indices, at::Device device) const {
  const auto rows = static_cast<std::int64_t>(indices.size());
  at::Tensor images = at::full({rows, 3, 8, 8}, -0.5);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t index = indices[static_cast<std::size_t>(row)];
    const auto& colour = kValues[static_cast<std::size_t>(index % 4)];
    const std::int64_t left = index / 4 % 2 * 4;
    for (std::int64_t c = 0; c < 3; ++c) {
      images[row][c].narrow(1, left, 4).fill_(colour[static_cast<std::size_t>(c)]);
    }
  }
  return {.images = images.to(device), .captions = captions(indices), .indices = indices};
}

std::vector<std::string> ToySource::captions(const std::vector<std::int64_t>& indices) const {
  std::vector<std::string> all;
  for (const std::int64_t index : indices) {
    all.push_back(std::string(kColours[static_cast<std::size_t>(index % 4)]) +
                  (index / 4 % 2 == 0 ? " left" : " right"));
  }
  return all;
}

void write_toy_tokenizer(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::vector<text::PieceEntry> entries = {{"<pad>", 0, text::PieceKind::kControl},
                                           {"<unk>", 0, text::PieceKind::kUnk},
                                           {"<bos>", 0, text::PieceKind::kControl},
                                           {"<eos>", 0, text::PieceKind::kControl}};
  for (const char* word : {"red", "green", "blue", "white", "left", "right"}) {
    entries.push_back({std::string(text::kSpaceMark) + word, -1, text::PieceKind::kNormal});
  }
  text::write_token_table(folder / "tokens.tsv", entries);
}

}  // namespace tessera::test
