#include "eval/clip/score.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "eval/clip/encode.h"
#include "nn/rng.h"
#include "tests/eval/clip/tiny_clip.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

double of(const PairScore& pair, ClipScore score) {
  return pair.scores[static_cast<std::size_t>(score)].value();
}

// By hand: 2.5 * 0.3 = 0.75; 2 * 0.75 * 0.5 / 1.25 = 0.6.
TEST(ClipScore, DefinitionsByHand) {
  const PairScore pair = pair_score(0.25, 0.3, 80.0, 0.5);
  EXPECT_DOUBLE_EQ(of(pair, ClipScore::kClipScore2021), 0.75);
  EXPECT_DOUBLE_EQ(of(pair, ClipScore::kTorchmetrics), 25.0);
  EXPECT_DOUBLE_EQ(of(pair, ClipScore::kLogitScale), 20.0);
  EXPECT_NEAR(of(pair, ClipScore::kReference), 0.6, 1e-15);
}

TEST(ClipScore, WhereEachIsClamped) {
  const PairScore pair = pair_score(-0.2, -0.1, 100.0, -0.4);
  EXPECT_EQ(of(pair, ClipScore::kClipScore2021), 0.0);
  EXPECT_DOUBLE_EQ(of(pair, ClipScore::kTorchmetrics), -20.0);
  EXPECT_DOUBLE_EQ(of(pair, ClipScore::kLogitScale), -20.0);
  EXPECT_EQ(of(pair, ClipScore::kReference), 0.0);
  const std::vector<PairScore> pairs{pair, pair_score(0.1, 0.1, 100.0, {})};
  EXPECT_EQ(mean_score(pairs, ClipScore::kTorchmetrics).mean, 0.0);  // -5 before
  EXPECT_DOUBLE_EQ(mean_score(pairs, ClipScore::kLogitScale).mean, -5.0);
  EXPECT_DOUBLE_EQ(mean_score(pairs, ClipScore::kClipScore2021).mean, 0.125);
  EXPECT_EQ(mean_score(pairs, ClipScore::kReference).pairs, 1);
}

TEST(ClipScore, StandardErrors) {
  std::vector<PairScore> pairs;
  for (const double cosine : {0.1, 0.2, 0.6}) pairs.push_back(pair_score(cosine, 0, 100, {}));
  const MeanScore mean = mean_score(pairs, ClipScore::kLogitScale);
  EXPECT_NEAR(mean.mean, 30.0, 1e-12);
  EXPECT_NEAR(mean.error.value(), std::sqrt((400.0 + 100.0 + 900.0) / 2 / 3), 1e-12);
  EXPECT_FALSE(mean_score({pairs.data(), 1}, ClipScore::kLogitScale).error.has_value());
  EXPECT_FALSE(mean_scores_json(pairs).contains("refclipscore-2021"));
  EXPECT_EQ(mean_scores_json(pairs)["clip-score"]["pairs"], 3);
}

TEST(ClipScore, NamesAreKnown) {
  EXPECT_EQ(clip_score_named("torchmetrics"), ClipScore::kTorchmetrics);
  tessera::test::expect_error(ErrorCode::kInvalidArgument,
                              "known: clipscore-2021, torchmetrics, clip-score, refclipscore-2021",
                              [] { clip_score_named("clip"); });
}

/// A CLIP with the shipped vocabulary.
ClipModel speaking_clip() {
  ClipOptions options = test::tiny_options();
  options.text.vocabulary = test::shipped_tokenizer()->vocabulary_size();
  options.text.length = 12;
  return test::random_clip(options);
}

// Against cosines of features that are made one by one.
TEST(ClipScore, PairsAgainstSingleFeatures) {
  const at::NoGradGuard no_grad;
  ClipModel model = speaking_clip();
  const auto tokenizer = test::shipped_tokenizer();
  const at::Tensor pixels = nn::Rng::of_run(1, 0, 3).normal(Purpose::kExperiment, 0, {3, 16, 16});
  const std::vector<ScoredText> texts{
      {"a red car", {"a car", "a bus"}},
      {"a blue bus", {}},
      {"a red car to the left of a blue bus on a green background", {"a heart"}}};
  const ScoredBatch batch = score_pairs(*model, *tokenizer, pixels, texts);
  const auto feature = [&](const std::string& text) {
    const std::vector<std::string> one{text};
    return encode_texts(*model, *tokenizer, one).features[0].to(at::kDouble);
  };
  const auto cosine = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.dot(b) / (a.norm() * b.norm())).item<double>();
  };
  for (std::size_t k = 0; k < texts.size(); ++k) {
    const auto row = static_cast<std::int64_t>(k);
    const at::Tensor seen = model->image_features(pixels.slice(0, row, row + 1))[0].to(at::kDouble);
    EXPECT_NEAR(batch.pairs[k].cosine, cosine(seen, feature(texts[k].text)), 1e-6);
    const at::Tensor prefixed = feature("A photo depicts " + texts[k].text);
    EXPECT_NEAR(batch.pairs[k].prefixed_cosine, cosine(seen, prefixed), 1e-6);
    double best = -2;
    for (const std::string& reference : texts[k].references) {
      best = std::max(best, cosine(prefixed, feature("A photo depicts " + reference)));
    }
    const auto& score = batch.pairs[k].scores[static_cast<std::size_t>(ClipScore::kReference)];
    ASSERT_EQ(score.has_value(), !texts[k].references.empty());
    if (!score) continue;
    const double a = 2.5 * std::max(batch.pairs[k].prefixed_cosine, 0.0);
    const double b = std::max(best, 0.0);
    EXPECT_NEAR(*score, a + b > 0 ? 2 * a * b / (a + b) : 0.0, 1e-6);
  }
  // Twelve tokens hold the first two texts with the prefix in letters cut, and not the third.
  EXPECT_NE(batch.cut[2].find("background"), std::string::npos);
}

TEST(EncodeTexts, OrderAndGroupsChangeNothing) {
  const at::NoGradGuard no_grad;
  ClipModel model = speaking_clip();
  const auto tokenizer = test::shipped_tokenizer();
  const std::vector<std::string> texts{
      "a red car to the left of a bus", "a", "", "a blue bus", "a heart on a white background"};
  const at::Tensor all = encode_texts(*model, *tokenizer, texts).features;
  const at::Tensor by_two = encode_texts(*model, *tokenizer, texts, 2).features;
  EXPECT_TRUE(all.allclose(by_two, 1e-5, 1e-6));
  const text::Tokens rows = tokenizer->encode(texts, 12);
  const at::Tensor ids = at::tensor(rows.ids, at::kLong).view({rows.rows(), rows.length});
  EXPECT_TRUE(all.allclose(model->text_features(ids), 1e-5, 1e-6));
  EXPECT_EQ(encode_texts(*model, *tokenizer, {}).features.sizes(), at::IntArrayRef({0, 8}));
}

}  // namespace
}  // namespace tessera::eval
