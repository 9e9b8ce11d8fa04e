#include "lab/settings.h"

#include "core/error.h"
#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

struct Options {
  std::int64_t steps = 10;
  double beta = 0.02;
  bool noise = true;
  std::string rule = "exact";
  std::uint64_t seed = 3;
  void validate() const {
    TESSERA_CHECK(steps > 0, kInvalidArgument, "steps must be above 0, got ", steps);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, Options& o) {
  v("steps", o.steps, "steps of the chain");
  v("beta", o.beta, "variance");
  v("noise", o.noise, "or none");
  v("rule", o.rule, "which");
  v("seed", o.seed, "of the draws");
}

Options apply(std::vector<std::string> texts) {
  std::vector<Assignment> assignments;
  for (const std::string& text : texts) assignments.push_back(parse_assignment(text));
  return apply_settings<Options>("example", assignments);
}

TEST(Settings, ListsTheFieldsWithTheirDefaults) {
  const auto settings = list_settings(Options{});
  ASSERT_EQ(settings.size(), 5u);
  EXPECT_EQ(settings[0].key, "steps");
  EXPECT_EQ(settings[0].value, "10");
  EXPECT_EQ(settings[1].value, "0.02");
  EXPECT_EQ(settings[2].value, "true");
  EXPECT_EQ(settings[3].help, "which");
}

TEST(Settings, SetsEveryType) {
  const Options options =
      apply({"steps=7", "beta=1e-4", "noise=false", "rule=a=b", "seed=18446744073709551615"});
  EXPECT_EQ(options.steps, 7);
  EXPECT_EQ(options.beta, 1e-4);
  EXPECT_FALSE(options.noise);
  EXPECT_EQ(options.rule, "a=b");
  EXPECT_EQ(options.seed, ~std::uint64_t{0});
  EXPECT_EQ(apply({"steps=7", "steps=8"}).steps, 8);
}

TEST(Settings, RefusesWhatCannotBe) {
  const auto refuses = [](const std::string& part, const std::string& text) {
    test::expect_error(ErrorCode::kInvalidArgument, part, [&] { apply({text}); });
  };
  refuses("KEY=VALUE", "steps");
  refuses("KEY=VALUE", "=3");
  refuses("a whole number, got \"3.5\"", "steps=3.5");
  refuses("a number, got \"abc\"", "beta=abc");
  refuses("must be finite", "beta=inf");
  refuses("0 or more", "seed=-1");
  refuses("true or false", "noise=maybe");
  refuses("above 0, got 0", "steps=0");
  refuses("did you mean steps?", "stepz=3");
  refuses("known: steps, beta, noise, rule, seed", "other=3");
}

}  // namespace
}  // namespace tessera::lab
