#include "eval/inception_score.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::eval {

InceptionScore inception_score(const at::Tensor& logits, std::int64_t splits) {
  TESSERA_CHECK(logits.dim() == 2 && logits.size(1) > 0,
                kShapeMismatch,
                "class scores must be [N, classes], got ",
                logits.sizes());
  const std::int64_t rows = logits.size(0);
  TESSERA_CHECK(splits >= 1 && splits <= rows,
                kInvalidArgument,
                "splits must be in 1..",
                rows,
                ", the number of pictures, got ",
                splits);
  const at::Tensor log_p = at::log_softmax(logits.to(at::kDouble), 1);
  const at::Tensor p = log_p.exp();
  std::vector<double> scores;
  for (std::int64_t i = 0; i < splits; ++i) {
    const std::int64_t first = i * rows / splits;
    const std::int64_t end = (i + 1) * rows / splits;
    const at::Tensor part = p.slice(0, first, end);
    // A class that no picture has is 0 log 0 = 0, not NaN.
    const at::Tensor marginal = part.mean(0).clamp_min(1e-300).log();
    const at::Tensor kl = (part * (log_p.slice(0, first, end) - marginal)).nan_to_num(0).sum(1);
    scores.push_back(std::exp(kl.mean().item<double>()));
  }
  InceptionScore out{.splits = splits};
  const auto n = static_cast<double>(scores.size());
  for (const double score : scores) out.mean += score / n;
  double square = 0;
  for (const double score : scores) square += (score - out.mean) * (score - out.mean) / n;
  out.deviation = std::sqrt(square);
  return out;
}

}  // namespace tessera::eval
