#include "kernels/gelu2.h"

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::number;
using test::numbers;

template <typename Number>
void check(double tolerance) {
  for (const std::int64_t count : {0, 1, 15, 16, 17, 1000}) {
    for (const float range : {1.0f, 8.0f, 200.0f}) {
      const auto in = numbers<Number>(count, 1, range);
      std::vector<double> want;
      for (const Number x : in) {
        const auto wide = static_cast<double>(number(x));
        want.push_back(wide / (1.0 + std::exp(-1.702 * wide)));
      }
      std::vector<Number> first;
      for (const Target target : test::targets()) {
        // a guard behind the array shows writes past the end
        const Number guard = numbers<Number>(1, 9, 1).front();
        std::vector<Number> found = in;
        found.push_back(guard);
        gelu2(Gelu2<Number>{found.data()}, 0, count, target);
        EXPECT_EQ(number(found.back()), number(guard));
        EXPECT_LT(test::worst(want, found), tolerance) << count << " in +-" << range;
        if (first.empty()) first = found;
        EXPECT_EQ(first, found);  // every target gives the same bits
      }
    }
  }
}

TEST(Gelu2, Float32EqualsTheDefinition) {
  check<float>(1e-6);
}

TEST(Gelu2, Bfloat16EqualsTheDefinitionToItsPrecision) {
  check<Bfloat16>(1.0 / 256);
}

TEST(Gelu2, LeavesTheRestOfTheArrayAlone) {
  const auto in = numbers<float>(100, 1, 3);
  std::vector<float> found = in;
  gelu2(Gelu2<float>{found.data()}, 20, 41);
  for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(found[i] == in[i], i < 20 || i >= 41) << i;
}

}  // namespace
}  // namespace tessera::kernels
