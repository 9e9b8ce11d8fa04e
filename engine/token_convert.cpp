#include "engine/token_convert.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::engine {

TokenGrid to_token_grid(const at::Tensor& codes, std::int64_t codebook) {
  const at::Tensor flat = codes.to(at::kCPU, at::kLong).contiguous();
  TokenGrid grid{.width = static_cast<std::int32_t>(flat.size(1)),
                 .height = static_cast<std::int32_t>(flat.size(0)),
                 .codes = static_cast<std::int32_t>(codebook)};
  const auto* first = flat.const_data_ptr<std::int64_t>();
  grid.cells.reserve(static_cast<std::size_t>(flat.numel()));
  std::transform(first, first + flat.numel(), std::back_inserter(grid.cells), [&](auto code) {
    return code < codebook ? static_cast<std::int32_t>(code) : TokenGrid::kMasked;
  });
  return grid;
}

at::Tensor to_codes(const TokenGrid& grid, std::int64_t codebook) {
  TESSERA_CHECK(grid.width > 0 && grid.height > 0 &&
                    grid.cells.size() == static_cast<std::size_t>(grid.width) *
                                             static_cast<std::size_t>(grid.height),
                kInvalidArgument,
                "a grid of ",
                grid.width,
                "x",
                grid.height,
                " cells cannot hold ",
                grid.cells.size(),
                " codes");
  at::Tensor codes = at::empty({1, grid.height, grid.width}, at::kLong);
  auto* to = codes.mutable_data_ptr<std::int64_t>();
  for (std::size_t cell = 0; cell < grid.cells.size(); ++cell) {
    const std::int32_t code = grid.cells[cell];
    TESSERA_CHECK(
        code >= 0 && code < codebook,
        kInvalidArgument,
        "cell ",
        cell,
        code == TokenGrid::kMasked ? " is masked; it" : concat(" has code ", code, "; it"),
        " must be a code in 0..",
        codebook - 1);
    to[cell] = code;
  }
  return codes;
}

}  // namespace tessera::engine
