#include "nn/condition.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>

#include "core/error.h"

namespace tessera::nn {
namespace {

at::Tensor mask_or_ones(const Condition& condition) {
  if (condition.mask.defined()) return condition.mask;
  return at::ones({condition.tokens.size(0), condition.tokens.size(1)},
                  condition.tokens.options().dtype(at::kBool));
}

}  // namespace

Condition rows_of(const Condition& condition, std::int64_t first, std::int64_t count) {
  const auto rows = [&](const at::Tensor& x) {
    return x.defined() ? x.narrow(0, first, count) : x;
  };
  return {.tokens = rows(condition.tokens),
          .mask = rows(condition.mask),
          .labels = rows(condition.labels)};
}

Condition concatenate(const Condition& above, const Condition& below) {
  TESSERA_CHECK(above.tokens.defined() == below.tokens.defined() &&
                    above.labels.defined() == below.labels.defined(),
                kShapeMismatch,
                "two conditions of one batch must both be texts or both be classes");
  const auto join = [](const at::Tensor& a, const at::Tensor& b) {
    return a.defined() ? at::cat({a, b}) : a;
  };
  const bool masked = above.mask.defined() || below.mask.defined();
  return {.tokens = join(above.tokens, below.tokens),
          .mask = masked ? at::cat({mask_or_ones(above), mask_or_ones(below)}) : at::Tensor(),
          .labels = join(above.labels, below.labels)};
}

}  // namespace tessera::nn
