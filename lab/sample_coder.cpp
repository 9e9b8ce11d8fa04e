#include "lab/sample_coder.h"

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/error.h"

namespace tessera::lab {
namespace {

constexpr std::uint64_t kMostProposals = std::uint64_t{1} << 22;
constexpr double kTwoPi = 2 * std::numbers::pi;

void check(const Ball& target, const Ball& proposal) {
  TESSERA_CHECK(target.mean.size() == proposal.mean.size() && !target.mean.empty(),
                kInvalidArgument,
                "target has ",
                target.mean.size(),
                " coordinates, proposal ",
                proposal.mean.size(),
                "; both need the same number, at least 1");
  TESSERA_CHECK(target.variance > 0 && target.variance < proposal.variance,
                kInvalidArgument,
                "the target's variance must be above 0 and below the proposal's ",
                proposal.variance,
                ", got ",
                target.variance);
}

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// ln of the largest ratio target / proposal.
double log_largest_ratio(const Ball& target, const Ball& proposal) {
  const auto size = static_cast<double>(target.mean.size());
  return size / 2 * std::log(proposal.variance / target.variance) +
         squared_distance(target.mean, proposal.mean) / (2 * (proposal.variance - target.variance));
}

double log_ratio(const Ball& target, const Ball& proposal, const std::vector<double>& value) {
  const auto size = static_cast<double>(value.size());
  return size / 2 * std::log(proposal.variance / target.variance) -
         squared_distance(value, target.mean) / (2 * target.variance) +
         squared_distance(value, proposal.mean) / (2 * proposal.variance);
}

/// The shared numbers of proposal `index`: word 0 makes the waiting time, the others the value.
struct Proposal {
  double waiting = 0;
  std::vector<double> value{};
};

Proposal draw(std::uint64_t index, const Ball& proposal, const SharedNoise& noise) {
  const RngKey key{.seed = noise.seed,
                   .image = noise.message,
                   .purpose = Purpose::kExperiment,
                   .step = noise.step};
  const std::size_t size = proposal.mean.size();
  const std::uint64_t blocks = 1 + (size + 1) / 2;
  const auto first = static_cast<std::uint32_t>((index - 1) * blocks);
  Proposal out{.waiting = -std::log(unit(philox(key, first).w[0])), .value = proposal.mean};
  const double deviation = std::sqrt(proposal.variance);
  for (std::size_t i = 0; i < size; i += 2) {
    const Word4 words = philox(key, first + 1 + static_cast<std::uint32_t>(i / 2));
    const double radius = std::sqrt(-2 * std::log(static_cast<double>(unit(words.w[0]))));
    const double angle = kTwoPi * static_cast<double>(unit(words.w[1]));
    out.value[i] += deviation * radius * std::cos(angle);
    if (i + 1 < size) out.value[i + 1] += deviation * radius * std::sin(angle);
  }
  return out;
}

}  // namespace

CodedSample send_sample(const Ball& target, const Ball& proposal, const SharedNoise& noise) {
  check(target, proposal);
  const double ceiling = log_largest_ratio(target, proposal);
  CodedSample best{};
  double least = std::numeric_limits<double>::infinity();  // ln of time over ratio
  double time = 0;
  for (std::uint64_t index = 1;; ++index) {
    TESSERA_CHECK(index <= kMostProposals,
                  kInvalidArgument,
                  "a sample that costs ",
                  code_floor_bits(target, proposal),
                  " bits needs more than 2^22 proposals; split it into more steps");
    Proposal next = draw(index, proposal, noise);
    time += next.waiting;
    const double score = std::log(time) - log_ratio(target, proposal, next.value);
    if (score < least) {
      least = score;
      best = {.index = index, .value = std::move(next.value)};
    }
    if (std::log(time) - ceiling >= least) return best;  // no later one can win
  }
}

std::vector<double> receive_sample(std::uint64_t index,
                                   const Ball& proposal,
                                   const SharedNoise& noise) {
  TESSERA_CHECK(index >= 1 && index <= kMostProposals,
                kCorruptFile,
                "proposals are numbered 1..2^22, got ",
                index);
  return draw(index, proposal, noise).value;
}

double code_floor_bits(const Ball& target, const Ball& proposal) {
  const auto size = static_cast<double>(target.mean.size());
  const double ratio = target.variance / proposal.variance;
  const double nats = size / 2 * (ratio - 1 - std::log(ratio)) +
                      squared_distance(target.mean, proposal.mean) / (2 * proposal.variance);
  return nats / std::numbers::ln2;
}

void BitString::append_gamma(std::uint64_t number) {
  TESSERA_CHECK(number >= 1, kInvalidArgument, "only numbers from 1 on have a code, got 0");
  const auto width = static_cast<int>(std::bit_width(number));
  bits_.insert(bits_.end(), static_cast<std::size_t>(width - 1), false);
  for (int bit = width - 1; bit >= 0; --bit) bits_.push_back((number >> bit & 1U) != 0);
}

void BitString::append_delta(std::uint64_t number) {
  const auto width = static_cast<int>(std::bit_width(number));
  append_gamma(static_cast<std::uint64_t>(width));
  for (int bit = width - 2; bit >= 0; --bit) bits_.push_back((number >> bit & 1U) != 0);
}

bool BitString::next() {
  TESSERA_CHECK(position_ < bits_.size(),
                kCorruptFile,
                "the message ends inside a number, after ",
                bits_.size(),
                " bits");
  return bits_[position_++];
}

std::uint64_t BitString::read_gamma() {
  int zeros = 0;
  while (!next()) {
    TESSERA_CHECK(++zeros < 64, kCorruptFile, "no number begins with 64 zero bits");
  }
  std::uint64_t number = 1;
  for (; zeros > 0; --zeros) number = number << 1 | static_cast<std::uint64_t>(next());
  return number;
}

std::uint64_t BitString::read_delta() {
  const std::uint64_t width = read_gamma();
  TESSERA_CHECK(width <= 64, kCorruptFile, "a number of ", width, " bits is too long");
  std::uint64_t number = 1;
  for (std::uint64_t bit = 1; bit < width; ++bit) {
    number = number << 1 | static_cast<std::uint64_t>(next());
  }
  return number;
}

}  // namespace tessera::lab
