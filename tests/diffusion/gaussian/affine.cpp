#include "tests/diffusion/gaussian/affine.h"

#include <ATen/ATen.h>

namespace tessera::diffusion::test {
namespace {

std::vector<std::int64_t> with_rows(std::int64_t rows, at::IntArrayRef shape) {
  std::vector<std::int64_t> sizes{rows};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  return sizes;
}

/// Rows: none, x_T's numbers (`width` rows), then `width` rows a stride. `pattern` [width, D].
at::Tensor outputs(const GaussianChain& chain,
                   at::IntArrayRef shape,
                   ChainOptions options,
                   const at::Tensor& pattern) {
  if (options.plan.empty()) {
    options.plan =
        chain.sampler.plan({.trained = chain.process.steps(),
                            .wanted = options.steps == 0 ? chain.process.steps() : options.steps});
  }
  const std::int64_t width = pattern.size(0);
  const std::int64_t rows = 1 + (1 + static_cast<std::int64_t>(options.plan.size())) * width;
  const auto only = [&](std::int64_t first) {
    const at::Tensor numbers = at::zeros({rows, pattern.size(1)}, at::kDouble);
    numbers.narrow(0, first, width).copy_(pattern);
    return numbers.view(with_rows(rows, shape));
  };
  options.normals = [&](const at::Tensor&, const TimeStep& time) {
    return only(1 + (1 + time.index) * width);
  };
  return run_gaussian_chain(chain, only(1), options, {}).flatten(1);
}

}  // namespace

AffineLaw affine_law(const GaussianChain& chain, at::IntArrayRef shape, ChainOptions options) {
  const std::int64_t numbers = c10::multiply_integers(shape);
  const at::Tensor out = outputs(chain, shape, std::move(options), at::eye(numbers, at::kDouble));
  const at::Tensor moved = out.narrow(0, 1, out.size(0) - 1) - out[0];
  return {.mean = out[0],
          .covariance = moved.t().matmul(moved),
          .slope = moved.narrow(0, 0, numbers).t()};
}

SeparateLaw separate_law(const GaussianChain& chain, at::IntArrayRef shape, ChainOptions options) {
  const std::int64_t numbers = c10::multiply_integers(shape);
  const at::Tensor out =
      outputs(chain, shape, std::move(options), at::ones({1, numbers}, at::kDouble));
  const at::Tensor moved = out.narrow(0, 1, out.size(0) - 1) - out[0];
  return {.mean = out[0], .variance = moved.square().sum(0), .slope = moved[0]};
}

}  // namespace tessera::diffusion::test
