#include "kernels/masked_softmax.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::number;
using test::numbers;
using test::worst;

struct Case {
  std::int64_t pictures, rows, keys;
  bool mask;
  float range;
};

std::vector<Case> cases() {
  return {{2, 3, 24, true, 3},
          {2, 3, 64, false, 3},
          {3, 2, 1, false, 3},
          {2, 5, 17, true, 300},
          {1, 4, 5, true, 3},
          {1, 1, 16, true, 3},
          {0, 3, 24, true, 3}};
}

constexpr float kScale = 0.25f;

template <typename Number>
void check(double tolerance) {
  for (const Case& c : cases()) {
    const std::int64_t all = c.pictures * c.rows * c.keys;
    const auto size = static_cast<std::size_t>(all);
    const auto scores = numbers<Number>(all, 1, c.range);
    const auto gradient = numbers<Number>(all, 2, 1);
    const auto visible = std::make_unique<bool[]>(static_cast<std::size_t>(c.pictures * c.keys));
    for (std::int64_t i = 0; i < c.pictures * c.keys; ++i) {
      visible[static_cast<std::size_t>(i)] = !c.mask || i % c.keys == 0 || i % 3 != 0;
    }
    std::vector<double> p(size), grad(size);
    for (std::int64_t row = 0; row < c.pictures * c.rows; ++row) {
      const auto at = [&](std::int64_t k) { return static_cast<std::size_t>(row * c.keys + k); };
      double total = 0;
      double most = -HUGE_VAL;
      for (std::int64_t k = 0; k < c.keys; ++k) {
        most = std::max(most, static_cast<double>(number(scores[at(k)])));
      }
      for (std::int64_t k = 0; k < c.keys; ++k) {
        const bool seen = visible[static_cast<std::size_t>(row / c.rows * c.keys + k)];
        const double score = static_cast<double>(number(scores[at(k)])) - most;
        p[at(k)] = seen ? std::exp(score * static_cast<double>(kScale)) : 0.0;
        total += p[at(k)];
      }
      double along = 0;
      for (std::int64_t k = 0; k < c.keys; ++k) {
        p[at(k)] /= total;
        along += p[at(k)] * static_cast<double>(number(gradient[at(k)]));
      }
      for (std::int64_t k = 0; k < c.keys; ++k) {
        grad[at(k)] = static_cast<double>(kScale) * p[at(k)] *
                      (static_cast<double>(number(gradient[at(k)])) - along);
      }
    }
    std::vector<Number> first, first_grad;
    for (const Target target : test::targets()) {
      // a guard behind each array shows writes past the end
      const Number guard = numbers<Number>(1, 9, 1).front();
      std::vector<Number> found(size + kLanes, guard), found_grad(size + kLanes, guard);
      const MaskedSoftmax<Number> forward{.keys = c.keys,
                                          .rows_in_picture = c.rows,
                                          .scale = kScale,
                                          .scores = scores.data(),
                                          .visible = c.mask ? visible.get() : nullptr,
                                          .probability = found.data()};
      const MaskedSoftmaxGradient<Number> backward{.keys = c.keys,
                                                   .rows_in_picture = c.rows,
                                                   .scale = kScale,
                                                   .probability = found.data(),
                                                   .grad_probability = gradient.data(),
                                                   .grad_scores = found_grad.data()};
      for (std::int64_t picture = c.pictures; picture-- > 0;) {  // in another order than memory's
        masked_softmax(forward, picture, picture + 1, target);
      }
      for (std::int64_t picture = c.pictures; picture-- > 0;) {
        masked_softmax_gradient(backward, picture, picture + 1, target);
      }
      for (std::size_t i = size; i < found.size(); ++i) {
        EXPECT_EQ(number(found[i]), number(guard));
        EXPECT_EQ(number(found_grad[i]), number(guard));
      }
      EXPECT_LT(worst(p, found), tolerance) << c.keys;
      EXPECT_LT(worst(grad, found_grad), tolerance) << c.keys;
      for (std::size_t i = 0; i < size; ++i) {
        if (p[i] == 0.0) {
          EXPECT_EQ(number(found[i]), 0.0f);
        }
      }
      if (first.empty()) first = found, first_grad = found_grad;
      EXPECT_EQ(first, found);  // every target gives the same bits
      EXPECT_EQ(first_grad, found_grad);
    }
  }
}

TEST(MaskedSoftmax, Float32EqualsTheDefinition) {
  check<float>(1e-6);
}

TEST(MaskedSoftmax, Bfloat16EqualsTheDefinitionToItsPrecision) {
  check<Bfloat16>(1.0 / 256);
}

}  // namespace
}  // namespace tessera::kernels
