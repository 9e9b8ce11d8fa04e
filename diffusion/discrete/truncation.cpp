#include "diffusion/discrete/truncation.h"

#include <charconv>
#include <optional>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

/// Rounding of a sum of probabilities: a mass this close to the rate has reached it.
constexpr double kMassTolerance = 1e-6;

template <typename Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<Truncation> parse_forms(std::string_view text) {
  if (text.empty()) return Truncation{};
  const bool named = text.substr(0, 3) == "top";
  if (named && text.back() == 'p') {
    const auto count = parse_whole<std::int64_t>(text.substr(3, text.size() - 4));
    if (!count || *count < 1) return std::nullopt;
    return Truncation{.rate = 1.0, .top_k = *count};
  }
  if (named && text.back() != 'r') return std::nullopt;
  const auto rate = parse_whole<double>(named ? text.substr(3, text.size() - 4) : text);
  if (!rate || !(*rate > 0.0 && *rate <= 1.0)) return std::nullopt;
  return Truncation{.rate = *rate, .top_k = 0};
}

}  // namespace

Truncation parse_truncation(std::string_view text) {
  const auto parsed = parse_forms(text);
  TESSERA_CHECK(parsed,
                kInvalidArgument,
                "cannot read the truncation \"",
                text,
                "\"; write 1 (off), a rate in (0, 1] such as 0.86 or top0.86r, or a number of "
                "classes such as top100p");
  return *parsed;
}

at::Tensor truncate(const at::Tensor& log_p, const Truncation& truncation) {
  const bool by_rate = truncation.rate < 1.0;
  const bool by_count = truncation.top_k > 0 && truncation.top_k < log_p.size(-1);
  if (!by_rate && !by_count) return log_p;

  // Stable, so that of equal classes the one with the lower index comes first on every device.
  const auto [sorted, order] = log_p.sort(/*stable=*/true, /*dim=*/-1, /*descending=*/true);
  at::Tensor keep = at::ones_like(sorted, at::kBool);
  if (by_rate) {
    const at::Tensor mass = sorted.exp().cumsum(-1, at::kDouble);
    keep.narrow(-1, 1, keep.size(-1) - 1) =
        mass.narrow(-1, 0, mass.size(-1) - 1) < truncation.rate - kMassTolerance;
  }
  if (by_count) {
    keep.narrow(-1, truncation.top_k, keep.size(-1) - truncation.top_k).fill_(false);
  }
  const at::Tensor dropped = at::zeros_like(keep).scatter(-1, order, ~keep);
  return log_p.masked_fill(dropped, -INFINITY);
}

}  // namespace tessera::diffusion
