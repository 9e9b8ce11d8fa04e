#include "eval/token_bits.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/rng.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kCodes = 3;
constexpr std::int64_t kSteps = 6;

/// Answers from a table: what it says of a token depends on t and on that token alone, so that
/// every expectation can be written down. A label shifts the answer.
class TableDenoiser final : public diffusion::DiscreteDenoiser {
 public:
  TableDenoiser()
      : table_(nn::Rng::of_run(3, 0, 1)
                   .normal(Purpose::kInit, 0, {2, kSteps + 1, kCodes + 1, kCodes})
                   .squeeze(0)) {}
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& t,
                     const nn::Condition& condition) override {
    ++calls;
    const at::Tensor label = condition.labels.defined() ? condition.labels : at::zeros_like(t);
    return table_.index({label.unsqueeze(1), t.unsqueeze(1), x_t});
  }
  std::unique_ptr<diffusion::PreparedDenoiser> make_prepared() override { return nullptr; }
  nn::Condition null_condition(std::int64_t) override { return {}; }

  double log_p(std::int64_t label, std::int64_t t, std::int64_t x_t, std::int64_t k) const {
    const at::Tensor row = table_[label][t][x_t].to(at::kDouble).log_softmax(0);
    return row[k].item<double>();
  }
  int calls = 0;

 private:
  at::Tensor table_;  // [2, T + 1, C, K]
};

std::unique_ptr<const diffusion::Transition> chain(const std::string& kind = "mask-and-replace") {
  return diffusion::make_transition({.kind = kind,
                                     .schedule = kind == "absorbing" ? "linear-mask" : "alpha1",
                                     .steps = kSteps,
                                     .keep_start = 0.9,
                                     .keep_end = 0.05,
                                     .mask_start = 0.05,
                                     .mask_end = 0.85},
                                    kCodes);
}

/// The bound of one token of code `x0`, by Bayes' rule on the chain's matrices, in nats.
struct Enumerated {
  double prior = 0, denoising = 0, decoding = 0;
};
Enumerated enumerate(const diffusion::Transition& q,
                     const TableDenoiser& p,
                     std::int64_t label,
                     std::int64_t x0) {
  const std::int64_t states = q.states();
  const auto at = [](const at::Tensor& m, std::int64_t i, std::int64_t j) {
    return m[i][j].item<double>();
  };
  Enumerated out;
  const at::Tensor prior = q.log_prior().exp();
  const at::Tensor whole = q.dense({.early = 0, .late = kSteps});
  for (std::int64_t c = 0; c < states; ++c) {
    out.prior += at(whole, x0, c) * std::log(at(whole, x0, c) / prior[c].item<double>());
  }
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    const at::Tensor to_t = q.dense({.early = 0, .late = t});
    const at::Tensor to_s = q.dense({.early = 0, .late = t - 1});
    const at::Tensor step = q.dense({.early = t - 1, .late = t});
    const auto posterior = [&](std::int64_t k, std::int64_t x_t, std::int64_t x_s) {
      return at(to_s, k, x_s) * at(step, x_s, x_t) / at(to_t, k, x_t);
    };
    for (std::int64_t x_t = 0; x_t < states; ++x_t) {
      if (t == 1) {
        out.decoding -= at(to_t, x0, x_t) * p.log_p(label, t, x_t, x0);
        continue;
      }
      for (std::int64_t x_s = 0; x_s < states; ++x_s) {
        const double truth = posterior(x0, x_t, x_s);
        if (truth <= 0) continue;
        double model = 0;
        for (std::int64_t k = 0; k < kCodes; ++k) {
          model += std::exp(p.log_p(label, t, x_t, k)) * posterior(k, x_t, x_s);
        }
        out.denoising += at(to_t, x0, x_t) * truth * std::log(truth / model);
      }
    }
  }
  return out;
}

/// Many pictures of the same two tokens.
TokenBits measured(TableDenoiser& denoiser,
                   const diffusion::Transition& transition,
                   std::int64_t times,
                   std::int64_t pictures) {
  TokenBits bits(denoiser, transition, {.times = times, .seed = 11});
  const at::Tensor x0 = at::cat({at::full({pictures, 1}, 0), at::full({pictures, 1}, 2)}, 1);
  bits.add(x0, {.labels = at::ones({pictures}, at::kLong)}, 0);
  return bits;
}

class TokenBitsTest : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(TokenBitsTest, MeansAreTheEnumeratedBound) {
  TableDenoiser denoiser;
  const auto transition = chain();
  const Enumerated a = enumerate(*transition, denoiser, 1, 0);
  const Enumerated b = enumerate(*transition, denoiser, 1, 2);
  const TokenBits bits = measured(denoiser, *transition, GetParam(), 4000);
  EXPECT_EQ(denoiser.calls, GetParam() == 0 ? kSteps : GetParam());
  std::vector<double> denoising;
  std::vector<double> decoding;
  for (const TokenTerms& terms : bits.pictures()) {
    EXPECT_NEAR(terms.prior, a.prior + b.prior, 1e-12);
    denoising.push_back(terms.denoising);
    decoding.push_back(terms.decoding);
  }
  const Mean kl = mean_of(denoising);
  EXPECT_NEAR(kl.value, a.denoising + b.denoising, 4.5 * kl.error);
  EXPECT_LT(kl.error, 0.05 * kl.value);
  const Mean last = mean_of(decoding);
  EXPECT_NEAR(last.value, a.decoding + b.decoding, 4.5 * last.error);
  EXPECT_LT(last.error, 0.05 * last.value);

  const io::Json report = token_bits_report(bits, kCodes, 12);
  const double nats = bits.pictures().front().prior + kl.value + last.value;
  EXPECT_NEAR(report["bits_per_picture"]["mean"].get<double>(), nats / std::numbers::ln2, 1e-9);
  EXPECT_NEAR(report["bits_per_token"]["mean"].get<double>(), nats / std::numbers::ln2 / 2, 1e-9);
  EXPECT_NEAR(
      report["bits_per_dimension"]["mean"].get<double>(), nats / std::numbers::ln2 / 12, 1e-9);
  EXPECT_NEAR(report["uniform_bits_per_token"].get<double>(), std::log2(3.0), 1e-12);
  EXPECT_NE(token_bits_table(report).find("a dimension"), std::string::npos);
}

// Every time; as many as there are; and fewer, which are drawn.
INSTANTIATE_TEST_SUITE_P(Times, TokenBitsTest, ::testing::Values(0, kSteps, 4, 2));

TEST(TokenBits, DoNotDependOnTheBatch) {
  TableDenoiser denoiser;
  const auto transition = chain();
  const at::Tensor x0 = (at::arange(14).view({7, 2}) % kCodes);
  TokenBits together(denoiser, *transition, {.times = 3, .seed = 2});
  together.add(x0, {}, 0);
  TokenBits apart(denoiser, *transition, {.times = 3, .seed = 2});
  apart.add(x0.slice(0, 0, 3), {}, 0);
  apart.add(x0.slice(0, 3, 7), {}, 3);
  for (std::size_t k = 0; k < 7; ++k) {
    EXPECT_DOUBLE_EQ(together.pictures()[k].total(), apart.pictures()[k].total());
  }
}

// A chain that never masks everything, and a prior that is all mask: the bound is infinite there.
TEST(TokenBits, AnInfinitePriorIsSaid) {
  TableDenoiser denoiser;
  const auto transition = chain("absorbing");
  const TokenBits bits = measured(denoiser, *transition, 0, 8);
  const bool infinite = !std::isfinite(bits.pictures().front().prior);
  const double masked = transition->dense({.early = 0, .late = kSteps})[0][kCodes].item<double>();
  EXPECT_EQ(infinite, masked < 1.0);
  const io::Json report = token_bits_report(bits, kCodes, 12);
  EXPECT_EQ(report["terms_per_token"]["prior"].is_null(), infinite);
  EXPECT_TRUE(report["bits_per_token"]["mean"].is_number());
}

TEST(TokenBits, RefuseWhatCannotBe) {
  TableDenoiser denoiser;
  const auto transition = chain();
  for (const std::int64_t times : {-1, 1, 7}) {
    test::expect_error(ErrorCode::kInvalidArgument, "times must be in 2..6", [&] {
      TokenBits(denoiser, *transition, {.times = times});
    });
  }
  TokenBits bits(denoiser, *transition, {});
  bits.add(at::zeros({1, 2}, at::kLong), {}, 0);
  test::expect_error(ErrorCode::kShapeMismatch, "of 2 tokens", [&] {
    bits.add(at::zeros({1, 3}, at::kLong), {}, 1);
  });
}

}  // namespace
}  // namespace tessera::eval
