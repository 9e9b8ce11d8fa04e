#include "lab/registry.h"

#include <set>

#include "lab/check.h"
#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

TEST(Registry, NamesAreSimpleAndDifferent) {
  std::set<std::string> names;
  for (const Experiment& experiment : experiments()) {
    const About& about = experiment.about;
    EXPECT_TRUE(names.insert(about.name).second) << about.name;
    EXPECT_EQ(about.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
              std::string::npos)
        << about.name;
    EXPECT_FALSE(about.topic.empty()) << about.name;
    EXPECT_FALSE(about.title.empty()) << about.name;
    EXPECT_GT(about.text.size(), 80u) << about.name;
    EXPECT_FALSE(about.shows.empty()) << about.name;
    for (const Setting& setting : experiment.settings) EXPECT_FALSE(setting.help.empty());
  }
}

TEST(Registry, TopicsStandTogether) {
  std::set<std::string> closed;
  std::string topic;
  for (const Experiment& experiment : experiments()) {
    if (experiment.about.topic == topic) continue;
    EXPECT_TRUE(closed.insert(experiment.about.topic).second) << experiment.about.topic;
    topic = experiment.about.topic;
  }
}

TEST(Registry, UnknownNamesAreToldWithTheNearest) {
  EXPECT_EQ(find_experiment("gaussian-densities").about.name, "gaussian-densities");
  test::expect_error(ErrorCode::kInvalidArgument, "did you mean gaussian-densities?", [] {
    find_experiment("gaussian-densitys");
  });
  test::expect_error(
      ErrorCode::kInvalidArgument, "known: gaussian-densities", [] { find_experiment("x"); });
}

struct NoOptions {};
template <typename Visitor>
void visit_fields(Visitor& /*v*/, NoOptions& /*o*/) {}

Findings wrong_oracle(const NoOptions& /*options*/, const Run& /*run*/) {
  Findings findings;
  findings.equal("one and one", 1.0 + 1.0, 2.0, 0.0);
  findings.equal("two and two", 2.0 + 2.0, 5.0, 1e-9);
  return findings;
}
Findings throws(const NoOptions& /*options*/, const Run& /*run*/) {
  TESSERA_THROW(kInternal, "no luck");
}
Findings empty(const NoOptions& /*options*/, const Run& /*run*/) {
  return {};
}
Findings right(const NoOptions& /*options*/, const Run& /*run*/) {
  Findings findings;
  findings.equal("one and one", 1.0 + 1.0, 2.0, 0.0);
  return findings;
}

TEST(Check, FindsAWrongOracleAndGoesOn) {
  const std::vector<Experiment> table = {
      make_experiment<NoOptions>({.name = "wrong"}, wrong_oracle),
      make_experiment<NoOptions>({.name = "throws"}, throws),
      make_experiment<NoOptions>({.name = "empty"}, empty),
      make_experiment<NoOptions>({.name = "right"}, right)};
  std::size_t told = 0;
  const auto outcomes = check(table, {}, [&](const Outcome&) { ++told; });
  ASSERT_EQ(outcomes.size(), 4u);
  EXPECT_EQ(told, 4u);
  EXPECT_FALSE(outcomes[0].passed());
  ASSERT_EQ(outcomes[0].broken.size(), 1u);
  EXPECT_EQ(outcomes[0].broken[0].quantity, "two and two");
  EXPECT_EQ(outcomes[1].error, "no luck");
  EXPECT_FALSE(outcomes[2].passed());
  EXPECT_TRUE(outcomes[3].passed());
}

TEST(Check, StopsWhenTold) {
  std::stop_source source;
  source.request_stop();
  const std::vector<Experiment> table = {make_experiment<NoOptions>({.name = "right"}, right)};
  test::expect_error(
      ErrorCode::kCancelled, "stopped", [&] { check(table, {.stop = source.get_token()}, {}); });
}

}  // namespace
}  // namespace tessera::lab
