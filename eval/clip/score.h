#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "eval/clip/clip_model.h"
#include "io/json_fields.h"
#include "text/tokenizer.h"

namespace tessera::eval {

/// The CLIP-scores that papers and tools report; they differ in the prompt, the factor, and where
/// they clamp, so that a number means nothing without the name.
enum class ClipScore : unsigned char {
  kClipScore2021,  // 2.5 max(cos, 0) of "A photo depicts TEXT" (Hessel et al., EMNLP 2021)
  kTorchmetrics,   // 100 cos of TEXT; the mean, not each pair, is clamped at 0
  kLogitScale,     // exp(logit_scale) cos of TEXT, about 100 cos; never clamped
  kReference,  // harmonic mean of kClipScore2021 and the largest cosine to a reference, at least 0
};
inline constexpr int kClipScoreCount = 4;
inline constexpr std::array<std::string_view, kClipScoreCount> kClipScoreNames{
    "clipscore-2021", "torchmetrics", "clip-score", "refclipscore-2021"};

/// What is in front of every text of the first and the last definition.
inline constexpr std::string_view kClipScorePrefix = "A photo depicts ";
inline constexpr double kClipScoreFactor = 2.5;

/// Throws kInvalidArgument listing the names.
ClipScore clip_score_named(const std::string& name);

/// Of one picture and its text.
struct PairScore {
  double cosine = 0;           // with the bare text
  double prefixed_cosine = 0;  // with the prefix in front of the text
  std::array<std::optional<double>, kClipScoreCount> scores{};  // by ClipScore
};

/// From cosines alone. `reference` is the largest cosine of the prefixed text to a reference.
PairScore pair_score(double cosine,
                     double prefixed_cosine,
                     double scale,
                     std::optional<double> reference);

/// Mean of one definition and its standard error s / sqrt(n), s with n - 1; none for one pair.
struct MeanScore {
  std::int64_t pairs = 0;
  double mean = 0;
  std::optional<double> error{};
};
MeanScore mean_score(std::span<const PairScore> pairs, ClipScore score);

/// A text and what else is known to be true of the picture.
struct ScoredText {
  std::string text{};
  std::vector<std::string> references{};
};

/// The scores of a batch, and how many of its texts were too long for the tower.
struct ScoredBatch {
  std::vector<PairScore> pairs{};
  std::vector<std::string> cut{};  // words that were left out of each text; "" = none
};

/// `pixels` [B, 3, S, S] on the CPU as clip_picture() gives them, one a text. Texts that are too
/// long are cut at a word, the end token kept.
ScoredBatch score_pairs(ClipModelImpl& model,
                        const text::Tokenizer& tokenizer,
                        const at::Tensor& pixels,
                        std::span<const ScoredText> texts);

/// {"clipscore-2021": {"mean": …, "standard_error": …, "pairs": …}, …}; definitions without a
/// single pair are left out.
io::Json mean_scores_json(std::span<const PairScore> pairs);

/// The numbers of one pair by name.
io::Json pair_score_json(const PairScore& pair);

}  // namespace tessera::eval
