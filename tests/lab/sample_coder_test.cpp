#include "lab/sample_coder.h"

#include <array>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

const Ball kTarget{.mean = {0.5}, .variance = 0.2};
const Ball kProposal{.mean = {0.0}, .variance = 1.0};

TEST(SampleCoder, TheReceiverRepeatsTheDrawFromItsNumber) {
  const Ball target{.mean = {0.4, -0.2, 0.1}, .variance = 0.3};
  const Ball proposal{.mean = {0.1, 0.0, 0.0}, .variance = 0.8};
  for (std::uint32_t message = 0; message < 50; ++message) {
    const SharedNoise noise{.seed = 3, .message = message, .step = 2};
    const CodedSample sent = send_sample(target, proposal, noise);
    EXPECT_EQ(receive_sample(sent.index, proposal, noise), sent.value);
  }
}

/// P(N(mean, variance) < x).
double below(double x, const Ball& ball) {
  return 0.5 * std::erfc((ball.mean[0] - x) / std::sqrt(2 * ball.variance));
}

TEST(SampleCoder, SamplesAreDistributedAsTheTarget) {
  constexpr int kDraws = 8000;
  std::array<int, 10> counts{};
  for (std::uint32_t message = 0; message < kDraws; ++message) {
    const CodedSample sent = send_sample(kTarget, kProposal, {.seed = 4, .message = message});
    const double place = below(sent.value[0], kTarget);
    ++counts[std::min<std::size_t>(9, static_cast<std::size_t>(10 * place))];
  }
  double chi_square = 0;  // 9 degrees of freedom: above 27.9 once in a thousand
  for (const int count : counts) chi_square += std::pow(count - 800.0, 2) / 800;
  EXPECT_LT(chi_square, 27.9);
}

TEST(SampleCoder, NumbersCostAboutTheDivergence) {
  double bits = 0;
  constexpr int kDraws = 4000;
  for (std::uint32_t message = 0; message < kDraws; ++message) {
    const CodedSample sent = send_sample(kTarget, kProposal, {.seed = 5, .message = message});
    bits += std::log2(static_cast<double>(sent.index)) / kDraws;
  }
  // KL(N(0.5, 0.2) || N(0, 1)) by hand.
  const double floor = 0.5 * (0.2 + 0.25 - 1 - std::log(0.2)) / std::numbers::ln2;
  EXPECT_NEAR(code_floor_bits(kTarget, kProposal), floor, 1e-12);
  EXPECT_LT(bits, floor + 1.54);
  EXPECT_GT(bits, 0.3);
}

TEST(SampleCoder, RefusesWhatItCannotCode) {
  test::expect_error(ErrorCode::kInvalidArgument, "below the proposal's", [] {
    send_sample({.mean = {0}, .variance = 1.0}, {.mean = {0}, .variance = 1.0}, {});
  });
  test::expect_error(ErrorCode::kInvalidArgument, "same number", [] {
    send_sample({.mean = {0, 0}, .variance = 0.5}, {.mean = {0}, .variance = 1.0}, {});
  });
  test::expect_error(ErrorCode::kInvalidArgument, "2^22", [] {
    send_sample({.mean = {40}, .variance = 0.5}, {.mean = {0}, .variance = 1.0}, {});
  });
  test::expect_error(ErrorCode::kCorruptFile, "numbered", [] { receive_sample(0, kProposal, {}); });
}

TEST(BitString, NumbersComeBack) {
  BitString bits;
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t n = 1; n < 200; ++n) numbers.push_back(n);
  numbers.push_back((std::uint64_t{1} << 40) + 12345);
  for (const std::uint64_t n : numbers) bits.append_delta(n);
  for (const std::uint64_t n : numbers) EXPECT_EQ(bits.read_delta(), n);
  test::expect_error(ErrorCode::kCorruptFile, "ends inside", [&] { bits.read_delta(); });
}

TEST(BitString, LengthsAreThoseOfElias) {
  const std::vector<std::pair<std::uint64_t, std::size_t>> known{
      {1, 1}, {2, 4}, {3, 4}, {4, 5}, {7, 5}, {8, 8}, {15, 8}, {16, 9}, {1000, 16}};
  for (const auto& [number, length] : known) {
    BitString bits;
    bits.append_delta(number);
    EXPECT_EQ(bits.size(), length) << number;
  }
  test::expect_error(ErrorCode::kInvalidArgument, "got 0", [] { BitString().append_delta(0); });
}

}  // namespace
}  // namespace tessera::lab
