#include "kernels/int8_attention.h"

#include <algorithm>
#include <array>
#include <memory>

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::number;
using test::numbers;

struct Shape {
  std::int64_t sequences = 2;
  std::int64_t heads = 2;
  std::int64_t head_width = 64;
  std::int64_t rows = 40;    // of q
  std::int64_t length = 70;  // of k and v
  std::int64_t width() const { return heads * head_width; }
};

/// q, k and v as products leave them: numbers with a scale a row and a bias a column.
template <typename Number>
struct Case {
  explicit Case(const Shape& s, float range = 2.0f)
      : shape(s),
        q(numbers<Number>(s.sequences * s.rows * s.width(), 1, range)),
        k(numbers<Number>(s.sequences * s.length * s.width(), 2, range)),
        v(numbers<Number>(s.sequences * s.length * s.width(), 3, range)),
        scales(numbers<float>(s.sequences * std::max(s.rows, s.length), 4, 1.0f)),
        bias(numbers<float>(s.width(), 5, 0.5f)),
        visible(new bool[static_cast<std::size_t>(s.sequences * s.length)]) {
    for (float& scale : scales) scale = std::abs(scale) + 0.1f;
    std::fill_n(visible.get(), s.sequences * s.length, true);
  }

  HeadRows<Number> part(const std::vector<Number>& values) const {
    return {values.data(), shape.width(), scales.data(), bias.data()};
  }
  double value(const std::vector<Number>& of, std::int64_t row, std::int64_t column) const {
    const double x =
        static_cast<double>(number(of[static_cast<std::size_t>(row * shape.width() + column)]));
    return x * static_cast<double>(scales[static_cast<std::size_t>(row)]) +
           static_cast<double>(bias[static_cast<std::size_t>(column)]);
  }

  Shape shape;
  std::vector<Number> q, k, v;
  std::vector<float> scales, bias;
  std::unique_ptr<bool[]> visible;
};

/// What came out, with a guard behind it.
struct Result {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int64_t> seen;
  bool operator==(const Result&) const = default;

  double operator()(std::int64_t row, std::int64_t column, std::int64_t width) const {
    return values[static_cast<std::size_t>(row * width + column)] *
           static_cast<double>(scales[static_cast<std::size_t>(row)]);
  }
};

template <typename Number>
Result attend(const Case<Number>& c,
              Target target = best_target(),
              Int8Unit unit = best_int8_unit()) {
  const Shape& s = c.shape;
  const Int8KeysLayout layout(s.length, s.head_width);
  struct alignas(64) Line {
    std::int8_t bytes[64];
  };
  std::vector<Line> packed(static_cast<std::size_t>(s.sequences * s.heads * layout.bytes() / 64));
  Result result{std::vector<std::int8_t>(
                    static_cast<std::size_t>(s.sequences * s.rows * s.width()) + 16, -99),
                std::vector<float>(static_cast<std::size_t>(s.sequences * s.rows) + 1, -5.0f),
                std::vector<std::int64_t>(static_cast<std::size_t>(s.sequences), -1)};
  const PackInt8Keys<Number> keys{.heads = s.heads,
                                  .head_width = s.head_width,
                                  .length = s.length,
                                  .keys = c.part(c.k),
                                  .values = c.part(c.v),
                                  .visible = c.visible.get(),
                                  .packed = packed.front().bytes,
                                  .seen = result.seen.data()};
  const std::int64_t heads = s.sequences * s.heads;
  pack_int8_keys(keys, 0, heads / 2, target);
  pack_int8_keys(keys, heads / 2, heads, target);
  const Int8Attention<Number> args{.heads = s.heads,
                                   .head_width = s.head_width,
                                   .rows = s.rows,
                                   .queries = c.part(c.q),
                                   .length = s.length,
                                   .packed = packed.front().bytes,
                                   .seen = result.seen.data(),
                                   .out = {result.values.data(), result.scales.data()}};
  const std::int64_t blocks = s.sequences * attention_blocks(s.rows);
  int8_attention(args, 0, blocks - 1, target, unit);
  int8_attention(args, blocks - 1, blocks, target, unit);
  return result;
}

/// The largest magnitude of what `value(i)` gives.
template <typename Value>
double largest(std::int64_t count, const Value& value) {
  double most = 0;
  for (std::int64_t i = 0; i < count; ++i) most = std::max(most, std::abs(value(i)));
  return most;
}

double quantised(double x, double most) {
  return most > 0 ? std::nearbyint(x / most * 127) * most / 127 : 0;
}

/// The same in float64: one row, one head. With `exact` nothing is rounded to bytes.
template <typename Number>
std::vector<double> expected(
    const Case<Number>& c, std::int64_t sequence, std::int64_t row, std::int64_t head, bool exact) {
  const Shape& s = c.shape;
  const auto column = [&](std::int64_t d) { return head * s.head_width + d; };
  const auto rounded = [&](double x, double most) { return exact ? x : quantised(x, most); };
  std::vector<std::int64_t> keys;
  for (std::int64_t i = 0; i < s.length; ++i) {
    if (c.visible[static_cast<std::size_t>(sequence * s.length + i)]) {
      keys.push_back(sequence * s.length + i);
    }
  }
  const std::int64_t query = sequence * s.rows + row;
  const double q_most =
      largest(s.head_width, [&](std::int64_t d) { return c.value(c.q, query, column(d)); });
  std::vector<double> weight;
  for (const std::int64_t key : keys) {
    const double k_most =
        largest(s.head_width, [&](std::int64_t d) { return c.value(c.k, key, column(d)); });
    double product = 0;
    for (std::int64_t d = 0; d < s.head_width; ++d) {
      product += rounded(c.value(c.q, query, column(d)), q_most) *
                 rounded(c.value(c.k, key, column(d)), k_most);
    }
    weight.push_back(product / std::sqrt(static_cast<double>(s.head_width)));
  }
  const double peak = weight.empty() ? 0 : *std::max_element(weight.begin(), weight.end());
  double total = 0;
  for (double& w : weight) total += w = std::exp(w - peak);
  std::vector<double> result;
  for (std::int64_t d = 0; d < s.head_width; ++d) {
    const double v_most = largest(std::ssize(keys), [&](std::int64_t i) {
      return c.value(c.v, keys[static_cast<std::size_t>(i)], column(d));
    });
    double mean = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      mean += weight[i] / total * rounded(c.value(c.v, keys[i], column(d)), v_most);
    }
    result.push_back(mean);
  }
  return result;
}

/// Largest difference from expected(), of the largest |v|, beyond half a step of the row's bytes.
template <typename Number>
double furthest(const Case<Number>& c, const Result& found, bool exact) {
  const Shape& s = c.shape;
  const double most = largest(
      std::ssize(c.v), [&](std::int64_t i) { return c.value(c.v, i / s.width(), i % s.width()); });
  double worst = 0;
  for (std::int64_t sequence = 0; sequence < s.sequences; ++sequence) {
    for (std::int64_t row = 0; row < s.rows; row += 3) {
      const std::int64_t at = sequence * s.rows + row;
      const double step = static_cast<double>(found.scales[static_cast<std::size_t>(at)]);
      for (std::int64_t head = 0; head < s.heads; ++head) {
        const auto want = expected(c, sequence, row, head, exact);
        for (std::int64_t d = 0; d < s.head_width; ++d) {
          const double got = found(at, head * s.head_width + d, s.width());
          const double apart = std::abs(got - want[static_cast<std::size_t>(d)]) - 0.5 * step;
          worst = std::max(worst, apart / most);
        }
      }
    }
  }
  return worst;
}

/// Odd lengths on both sides of what blocks, panels and lanes hold.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{
      {},
      {.sequences = 1, .heads = 1, .head_width = 16, .rows = 1, .length = 1},
      {.sequences = 3, .heads = 4, .head_width = 4, .rows = 33, .length = 15},
      {.sequences = 1, .heads = 2, .head_width = 88, .rows = 31, .length = 65},
      {.sequences = 1, .heads = 1, .head_width = 144, .rows = 32, .length = 129},
      {.sequences = 2, .heads = 2, .head_width = 24, .rows = 65, .length = 64}};
  return all;
}

template <typename Number>
class Int8AttentionOf : public testing::Test {};
using Numbers = testing::Types<float, Bfloat16>;
TYPED_TEST_SUITE(Int8AttentionOf, Numbers);

TYPED_TEST(Int8AttentionOf, IsWhatItsBytesMean) {
  for (const Shape& shape : shapes()) {
    const Case<TypeParam> c(shape);
    const Result found = attend(c);
    // The cubic of a power of two is off by 7.5e-5, a weight by a half of 65,535.
    EXPECT_LT(furthest(c, found, /*exact=*/false), 3e-4) << shape.head_width;
    for (std::size_t i = found.values.size() - 16; i < found.values.size(); ++i) {
      EXPECT_EQ(found.values[i], -99);
    }
    EXPECT_EQ(found.scales.back(), -5.0f);
  }
}

TYPED_TEST(Int8AttentionOf, IsAttentionToAPercent) {
  for (const Shape& shape : shapes()) {
    const Case<TypeParam> c(shape);
    EXPECT_LT(furthest(c, attend(c), /*exact=*/true), 0.02) << shape.head_width;
  }
}

TYPED_TEST(Int8AttentionOf, GivesTheSameBitsOnEveryTargetAndUnit) {
  for (const Shape& shape : shapes()) {
    Case<TypeParam> c(shape);
    for (std::int64_t i = 0; i < shape.sequences * shape.length; i += 5) {
      c.visible[static_cast<std::size_t>(i)] = shape.length == 1;
    }
    const Result plain = attend(c, Target::kAny, Int8Unit::kPlain);
    for (const Target target : test::targets()) {
      for (const Int8Unit unit : test::int8_units()) {
        EXPECT_TRUE(attend(c, target, unit) == plain)
            << static_cast<int>(target) << " " << static_cast<int>(unit);
      }
    }
  }
}

TEST(Int8Attention, WeighsByTheExponential) {
  // Two keys, +1 and -1, whose products are so many nats apart: what comes out is tanh of half of
  // that, and since all columns are equal, bytes lose nothing of it.
  const Shape shape{.sequences = 1, .heads = 1, .head_width = 16, .rows = 800, .length = 2};
  Case<float> c(shape);
  std::fill(c.scales.begin(), c.scales.end(), 1.0f);
  std::fill(c.bias.begin(), c.bias.end(), 0.0f);
  const auto nats = [](std::int64_t row) { return 0.01 * static_cast<double>(row); };
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    std::fill_n(c.q.begin() + row * 16, 16, static_cast<float>(nats(row)));
  }
  std::fill_n(c.k.begin(), 16, 0.25f);  // times q, sixteen times, by the root of 16
  std::fill_n(c.k.begin() + 16, 16, 0.0f);
  std::fill_n(c.v.begin(), 16, 1.0f);
  std::fill_n(c.v.begin() + 16, 16, -1.0f);
  const Result found = attend(c);
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    // half of both weights' 7.5e-5, and a half of 65,535 each
    EXPECT_NEAR(found(row, 3, 16), std::tanh(nats(row) / 2), 1e-4) << nats(row);
  }
}

TEST(Int8Attention, KeepsTheWeightOfManyUnlikelyPlaces) {
  // One key has e^6.5 = 665 times the weight of each of a thousand others, which have three fifths
  // of it all together.
  const Shape shape{.sequences = 1, .heads = 1, .head_width = 16, .rows = 1, .length = 1001};
  Case<float> c(shape);
  std::fill(c.scales.begin(), c.scales.end(), 1.0f);
  std::fill(c.bias.begin(), c.bias.end(), 0.0f);
  std::fill(c.q.begin(), c.q.end(), 1.0f);
  std::fill(c.k.begin(), c.k.end(), 0.0f);
  std::fill_n(c.k.begin(), 16, 6.5f / 4.0f);
  std::fill(c.v.begin(), c.v.end(), 1.0f);
  std::fill_n(c.v.begin(), 16, -1.0f);
  const double others = 1000 * std::exp(-6.5);
  // Their weight is 98.5 of 65,535 and becomes 99; as one byte it would be none.
  EXPECT_NEAR(attend(c)(0, 3, 16), (others - 1) / (others + 1), 3e-3);
}

TEST(Int8Attention, HiddenPlacesAreNotThere) {
  const Shape shape{.sequences = 2, .heads = 2, .head_width = 32, .rows = 20, .length = 90};
  Case<float> c(shape);
  // The first sequence sees 17 places, here and there; the second all.
  std::vector<std::int64_t> seen;
  for (std::int64_t i = 0; i < shape.length; ++i) {
    c.visible[static_cast<std::size_t>(i)] = i % 5 == 1 && seen.size() < 17;
    if (c.visible[static_cast<std::size_t>(i)]) seen.push_back(i);
  }
  const Result found = attend(c);
  EXPECT_EQ(found.seen, (std::vector<std::int64_t>{17, 90}));

  Shape few = shape;
  few.sequences = 1;
  few.length = 17;
  Case<float> alone(few);
  alone.scales = c.scales;
  const auto take = [&](const std::vector<float>& from, std::vector<float>& to) {
    to.clear();
    for (const std::int64_t row : seen) {
      for (std::int64_t i = 0; i < shape.width(); ++i) {
        const auto column = static_cast<std::size_t>(i);
        const float scale = c.scales[static_cast<std::size_t>(row)];
        to.push_back(from[static_cast<std::size_t>(row * shape.width() + i)] * scale +
                     c.bias[column]);
      }
    }
  };
  take(c.k, alone.k);
  take(c.v, alone.v);
  alone.q.clear();
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    for (std::int64_t i = 0; i < shape.width(); ++i) {
      alone.q.push_back(static_cast<float>(c.value(c.q, row, i)));
    }
  }
  std::fill(alone.scales.begin(), alone.scales.end(), 1.0f);
  std::fill(alone.bias.begin(), alone.bias.end(), 0.0f);
  const Result want = attend(alone);
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    for (std::int64_t i = 0; i < shape.width(); ++i) {
      EXPECT_NEAR(found(row, i, shape.width()), want(row, i, shape.width()), 1e-3);
    }
  }
}

TEST(Int8Attention, SequencesHaveNoPartInEachOther) {
  const Shape shape{.sequences = 3, .heads = 2, .head_width = 32, .rows = 50, .length = 50};
  Case<float> c(shape);
  const Result before = attend(c);
  const auto size = static_cast<std::ptrdiff_t>(shape.rows * shape.width());
  for (auto* part : {&c.q, &c.k, &c.v}) std::fill(part->begin(), part->begin() + size, 1e4f);
  const Result after = attend(c);
  EXPECT_TRUE(
      std::equal(before.values.begin() + size, before.values.end(), after.values.begin() + size));
  EXPECT_TRUE(std::equal(
      before.scales.begin() + shape.rows, before.scales.end(), after.scales.begin() + shape.rows));
  EXPECT_FALSE(before == after);
}

TEST(Int8Attention, NothingToSeeIsZero) {
  const Shape shape{.sequences = 3, .heads = 1, .head_width = 16, .rows = 5, .length = 20};
  Case<float> c(shape);
  std::fill_n(c.visible.get() + shape.length, shape.length, false);
  const Result found = attend(c);
  EXPECT_EQ(found.seen, (std::vector<std::int64_t>{20, 0, 20}));
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    EXPECT_NE(found(row, 3, 16), 0);
    EXPECT_EQ(found(shape.rows + row, 3, 16), 0);
  }
}

}  // namespace
}  // namespace tessera::kernels
