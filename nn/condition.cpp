#include "nn/condition.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>

namespace tessera::nn {
namespace {

at::Tensor mask_or_ones(const Condition& condition) {
  if (condition.mask.defined()) return condition.mask;
  return at::ones({condition.tokens.size(0), condition.tokens.size(1)},
                  condition.tokens.options().dtype(at::kBool));
}

}  // namespace

Condition rows_of(const Condition& condition, std::int64_t first, std::int64_t count) {
  return {
      .tokens = condition.tokens.narrow(0, first, count),
      .mask = condition.mask.defined() ? condition.mask.narrow(0, first, count) : condition.mask};
}

Condition concatenate(const Condition& above, const Condition& below) {
  const bool masked = above.mask.defined() || below.mask.defined();
  return {.tokens = at::cat({above.tokens, below.tokens}),
          .mask = masked ? at::cat({mask_or_ones(above), mask_or_ones(below)}) : at::Tensor()};
}

}  // namespace tessera::nn
