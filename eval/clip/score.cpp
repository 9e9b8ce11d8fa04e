#include "eval/clip/score.h"

#include <algorithm>
#include <cmath>

#include <torch/nn.h>

#include "core/error.h"
#include "eval/clip/encode.h"

namespace tessera::eval {
namespace {

std::size_t slot(ClipScore score) {
  return static_cast<std::size_t>(score);
}

/// Cosine of row r of `a` with row r of `b`, in double.
std::vector<double> cosines(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor sums = (a.to(at::kDouble) * b.to(at::kDouble)).sum(1).contiguous();
  return {sums.const_data_ptr<double>(), sums.const_data_ptr<double>() + sums.numel()};
}

at::Tensor unit(const at::Tensor& features) {
  return unit_rows(features.to(at::kCPU, at::kDouble));
}

/// The largest cosine of each text to one of its references, none where it has none.
std::vector<std::optional<double>> reference_cosines(ClipModelImpl& model,
                                                     const text::Tokenizer& tokenizer,
                                                     const at::Tensor& prefixed,
                                                     std::span<const ScoredText> texts) {
  std::vector<std::string> references;
  std::vector<std::size_t> owner;
  for (std::size_t row = 0; row < texts.size(); ++row) {
    for (const std::string& reference : texts[row].references) {
      references.push_back(std::string(kClipScorePrefix) + reference);
      owner.push_back(row);
    }
  }
  std::vector<std::optional<double>> best(texts.size());
  if (references.empty()) return best;
  const at::Tensor read = unit(encode_texts(model, tokenizer, references).features);
  for (std::size_t k = 0; k < owner.size(); ++k) {
    const double cosine =
        (read[static_cast<std::int64_t>(k)] * prefixed[static_cast<std::int64_t>(owner[k])])
            .sum()
            .item<double>();
    std::optional<double>& mine = best[owner[k]];
    mine = mine ? std::max(*mine, cosine) : cosine;
  }
  return best;
}

}  // namespace

ClipScore clip_score_named(const std::string& name) {
  std::string known;
  for (std::size_t k = 0; k < kClipScoreNames.size(); ++k) {
    if (kClipScoreNames[k] == name) return static_cast<ClipScore>(k);
    known += (k > 0 ? ", " : "") + std::string(kClipScoreNames[k]);
  }
  TESSERA_THROW(kInvalidArgument, "no CLIP-score is named \"", name, "\"; known: ", known);
}

PairScore pair_score(double cosine,
                     double prefixed_cosine,
                     double scale,
                     std::optional<double> reference) {
  PairScore pair{.cosine = cosine, .prefixed_cosine = prefixed_cosine};
  const double clip_score = kClipScoreFactor * std::max(prefixed_cosine, 0.0);
  pair.scores[slot(ClipScore::kClipScore2021)] = clip_score;
  pair.scores[slot(ClipScore::kTorchmetrics)] = 100 * cosine;
  pair.scores[slot(ClipScore::kLogitScale)] = scale * cosine;
  if (reference) {
    const double other = std::max(*reference, 0.0);
    const double sum = clip_score + other;
    pair.scores[slot(ClipScore::kReference)] = sum > 0 ? 2 * clip_score * other / sum : 0.0;
  }
  return pair;
}

MeanScore mean_score(std::span<const PairScore> pairs, ClipScore score) {
  MeanScore out;
  double sum = 0;
  for (const PairScore& pair : pairs) {
    if (!pair.scores[slot(score)]) continue;
    ++out.pairs;
    sum += *pair.scores[slot(score)];
  }
  if (out.pairs == 0) return out;
  const auto n = static_cast<double>(out.pairs);
  out.mean = sum / n;
  if (out.pairs > 1) {
    double squares = 0;
    for (const PairScore& pair : pairs) {
      if (!pair.scores[slot(score)]) continue;
      squares += (*pair.scores[slot(score)] - out.mean) * (*pair.scores[slot(score)] - out.mean);
    }
    out.error = std::sqrt(squares / (n - 1) / n);
  }
  if (score == ClipScore::kTorchmetrics) out.mean = std::max(out.mean, 0.0);
  return out;
}

ScoredBatch score_pairs(ClipModelImpl& model,
                        const text::Tokenizer& tokenizer,
                        const at::Tensor& pixels,
                        std::span<const ScoredText> texts) {
  TESSERA_CHECK(pixels.dim() == 4 && pixels.size(0) == std::ssize(texts),
                kShapeMismatch,
                "there are ",
                texts.size(),
                " texts for pictures ",
                pixels.sizes());
  const at::NoGradGuard no_grad;
  std::vector<std::string> all;
  for (const ScoredText& each : texts) all.push_back(each.text);
  for (const ScoredText& each : texts) all.push_back(std::string(kClipScorePrefix) + each.text);
  const auto rows = static_cast<std::int64_t>(texts.size());
  const at::Device device = model.parameters().front().device();
  EncodedTexts encoded = encode_texts(model, tokenizer, all);
  const at::Tensor read = unit(encoded.features);
  const at::Tensor seen = unit(model.image_features(pixels.to(device)));
  const at::Tensor prefixed = read.slice(0, rows);
  const std::vector<double> plain = cosines(seen, read.slice(0, 0, rows));
  const std::vector<double> hessel = cosines(seen, prefixed);
  const auto references = reference_cosines(model, tokenizer, prefixed, texts);
  const double scale = model.scale().item<double>();
  ScoredBatch out;
  for (std::size_t row = 0; row < texts.size(); ++row) {
    out.pairs.push_back(pair_score(plain[row], hessel[row], scale, references[row]));
    const std::string& cut = encoded.cut[row];
    out.cut.push_back(cut.empty() ? encoded.cut[texts.size() + row] : cut);
  }
  return out;
}

io::Json mean_scores_json(std::span<const PairScore> pairs) {
  io::Json out = io::Json::object();
  for (std::size_t k = 0; k < kClipScoreNames.size(); ++k) {
    const MeanScore mean = mean_score(pairs, static_cast<ClipScore>(k));
    if (mean.pairs == 0) continue;
    io::Json one{{"mean", mean.mean}};
    one["standard_error"] = mean.error ? io::Json(*mean.error) : io::Json(nullptr);
    one["pairs"] = mean.pairs;
    out[std::string(kClipScoreNames[k])] = std::move(one);
  }
  return out;
}

io::Json pair_score_json(const PairScore& pair) {
  io::Json out{{"cosine", pair.cosine}, {"prefixed_cosine", pair.prefixed_cosine}};
  for (std::size_t k = 0; k < kClipScoreNames.size(); ++k) {
    if (pair.scores[k]) out[std::string(kClipScoreNames[k])] = *pair.scores[k];
  }
  return out;
}

}  // namespace tessera::eval
