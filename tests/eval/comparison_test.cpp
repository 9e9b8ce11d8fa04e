#include "eval/comparison.h"

#include <cmath>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/comparison_page.h"
#include "eval/html_text.h"
#include "eval/metric_text.h"
#include "eval/svg_plots.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ComparedSide side(const std::string& name, const std::vector<std::string>& rows) {
  std::string text =
      R"({"schema":"tessera.records/1","kind":"k","settings":{"model":")" + name + "\"}}\n";
  for (const std::string& row : rows) text += row + "\n";
  return {.name = name, .records = parse_records(text, name)};
}

Comparison example() {
  return compare_records(
      side(
          "old",
          {R"({"index":0,"prompt":"a","whole_scene":true,"psnr":20.5,"lpips":0.3,"count":null,"codes":4})",
           R"({"index":1,"prompt":"b","whole_scene":false,"psnr":null,"lpips":0.2,"count":null,"codes":4})",
           R"({"index":2,"prompt":"c","whole_scene":false,"psnr":22,"lpips":0.5,"count":true,"codes":9})",
           R"({"index":5,"prompt":"only here","whole_scene":true})"}),
      side(
          "new",
          {R"({"index":0,"prompt":"a","whole_scene":true,"psnr":21.5,"lpips":0.25,"count":null,"codes":1})",
           R"({"index":1,"prompt":"b","whole_scene":true,"psnr":30,"lpips":0.4,"count":null,"codes":1})",
           R"({"index":2,"prompt":"c","whole_scene":false,"psnr":25,"lpips":0.1,"count":false,"codes":1})",
           R"({"index":7,"prompt":"only there","whole_scene":true})"}),
      {.resamples = 500});
}

const MetricComparison& metric(const Comparison& c, const std::string& name) {
  for (const MetricComparison& m : c.metrics) {
    if (m.metric == name) return m;
  }
  throw std::runtime_error("no " + name);
}

TEST(Comparison, PairsRowsAndCountsWhatBothHave) {
  const Comparison c = example();
  EXPECT_EQ(c.pairs.size(), 3U);
  EXPECT_EQ(c.only_a, 1);
  EXPECT_EQ(c.only_b, 1);
  ASSERT_EQ(c.metrics.size(), 4U);  // codes are no metric
  const MetricComparison& whole = metric(c, "whole_scene");
  EXPECT_TRUE(whole.share);
  EXPECT_NEAR(whole.a.mean, 1.0 / 3, 1e-12);
  EXPECT_NEAR(whole.b.mean, 2.0 / 3, 1e-12);
  EXPECT_NEAR(whole.a.interval.high, wilson_interval(1, 3).high, 1e-12);
  EXPECT_EQ(whole.b_better(), 1);
  EXPECT_EQ(whole.difference.ties, 2);
  const MetricComparison& psnr = metric(c, "psnr");
  EXPECT_FALSE(psnr.share);
  EXPECT_THAT(psnr.pairs, ElementsAre(0U, 2U));  // null on one side
  EXPECT_NEAR(psnr.difference.mean, 2.0, 1e-12);
  EXPECT_EQ(psnr.b_better(), 2);
  const MetricComparison& lpips = metric(c, "lpips");
  EXPECT_TRUE(lpips.lower_is_better);
  EXPECT_EQ(lpips.b_better(), 2);
  EXPECT_EQ(lpips.a_better(), 1);
  EXPECT_EQ(metric(c, "count").difference.pairs, 1);
}

TEST(Comparison, RefusesWhatIsNotTheSame) {
  const auto one = [](const std::string& row) { return side("x", {row}); };
  const BootstrapOptions o{.resamples = 100};
  test::expect_error(ErrorCode::kInvalidArgument, "index 0 is not the same thing", [&] {
    compare_records(
        one(R"({"index":0,"prompt":"a","v":1})"), one(R"({"index":0,"prompt":"b","v":1})"), o);
  });
  test::expect_error(ErrorCode::kInvalidArgument, "no index in common", [&] {
    compare_records(one(R"({"index":0,"v":1})"), one(R"({"index":1,"v":1})"), o);
  });
  test::expect_error(ErrorCode::kInvalidArgument, "no verdict or number", [&] {
    compare_records(one(R"({"index":0,"v":1})"), one(R"({"index":0,"w":1})"), o);
  });
  ComparedSide other = one(R"({"index":0,"v":1})");
  other.records.header["kind"] = "reconstruction";
  test::expect_error(ErrorCode::kInvalidArgument, "different kinds", [&] {
    compare_records(one(R"({"index":0,"v":1})"), other, o);
  });
}

TEST(Comparison, IsWrittenAsTableJsonAndCsv) {
  const Comparison c = example();
  const std::string table = comparison_table(c);
  EXPECT_THAT(table, HasSubstr("whole scene, %"));
  EXPECT_THAT(table, HasSubstr("+33.3"));
  EXPECT_THAT(table, HasSubstr("lpips (lower is better)"));
  const io::Json json = comparison_json(c);
  EXPECT_EQ(json["pairs"], 3);
  EXPECT_EQ(json["metrics"][0]["metric"], "whole_scene");
  EXPECT_EQ(json["metrics"][0]["difference"]["bca"]["low"],
            metric(c, "whole_scene").difference.bca.low);
  EXPECT_TRUE(json["metrics"][3]["difference"]["error"].is_null()) << "one pair has no error";
  const std::string csv = comparison_csv(c);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  const std::string head = csv.substr(0, csv.find('\n'));
  for (std::size_t at = 0; at < csv.size();) {
    const std::string line = csv.substr(at, csv.find('\n', at) - at);
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), std::count(head.begin(), head.end(), ','));
    at += line.size() + 1;
  }
}

TEST(Comparison, OrdersRowsByGoodness) {
  const Comparison c = example();
  EXPECT_EQ(goodness(c.pairs[0].a, metric(c, "lpips")), -0.3);
  EXPECT_EQ(goodness(c.pairs[0].a, metric(c, "psnr")), 20.5);
  EXPECT_TRUE(std::isnan(goodness(c.pairs[1].a, metric(c, "psnr"))));
  const MetricComparison& whole = metric(c, "whole_scene");
  EXPECT_GT(goodness(c.pairs[2].a, whole), goodness(c.pairs[1].a, whole)) << "its count is right";
  EXPECT_GT(goodness(c.pairs[0].a, whole), goodness(c.pairs[2].a, whole));
}

/// Tags that are opened are closed, in order.
void expect_balanced(const std::string& page) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z0-9]+)([^>]*)>");
  const std::set<std::string> alone = {"meta", "img", "br"};
  for (std::sregex_iterator it(page.begin(), page.end(), tag), end; it != end; ++it) {
    const std::string name = (*it)[2];
    if (alone.contains(name) || std::string((*it)[3]).ends_with("/")) continue;
    if ((*it)[1] == "") {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(ComparisonPage, NeedsNothingElseAndEscapesWhatItShows) {
  const std::string evil = R"(<script>alert('1')</script>" onload="x)";
  io::Json row = {{"index", 0}, {"prompt", evil}, {"v<b>", 1.5}, {"whole_scene", true}};
  ComparedSide a{.name = evil,
                 .records = {.header = {{"kind", "k"}, {"settings", {{evil, evil}}}}}};
  a.records.rows[0] = row;
  ComparedSide b = a;
  b.name = "b & c";
  const Comparison c = compare_records(a, b, {.resamples = 100});
  const std::string page = comparison_page(
      c, [](const io::Json&, Side) { return "data:image/png;base64,AAAA"; }, {.by = "v<b>"});
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("v<b>")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, HasSubstr("b &amp; c"));
  for (const char* outside : {"http:", "https:", "url(", "@import", " src=\"/", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/png;base64,AAAA\""));
  std::string body = page.substr(page.find("<body"));
  body.erase(body.find("</html>"));
  expect_balanced(body);
}

TEST(ComparisonPage, ShowsPicturesFromWorstToBest) {
  const Comparison c = example();
  std::vector<std::pair<std::int64_t, Side>> asked;
  const auto picture = [&](const io::Json& row, Side which) {
    asked.emplace_back(row["index"].get<std::int64_t>(), which);
    return std::string();
  };
  const std::string page = comparison_page(c, picture, {.by = "lpips", .pictures = 1});
  // Each pair shows A, then B: B furthest ahead, A furthest ahead, then worst, middle and best of A
  // and B.
  std::vector<std::int64_t> order;
  for (const auto& [index, which] : asked) {
    if (which == Side::kA) order.push_back(index);
  }
  EXPECT_THAT(order, ElementsAre(2, 1, 2, 0, 1, 1, 0, 2));
  EXPECT_THAT(page, HasSubstr("no picture"));
  EXPECT_THAT(comparison_page(c, picture, {.pictures = 0}), Not(HasSubstr("Worst of A")));
  test::expect_error(ErrorCode::kInvalidArgument, "known: whole_scene, psnr, lpips, count", [&] {
    comparison_page(c, picture, {.by = "beauty"});
  });
}

TEST(Plots, HaveTicksThatCoverTheirValues) {
  EXPECT_THAT(plot_ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(plot_ticks(-3, 9, 6), ElementsAre(-4, -2, 0, 2, 4, 6, 8, 10));
  for (const auto& [low, high] :
       {std::pair{0.013, 0.0171}, {-1e-7, 2e-7}, {5.0, 5.0}, {-1e6, 3.0}}) {
    const std::vector<double> ticks = plot_ticks(low, high, 6);
    EXPECT_LE(ticks.front(), low + 1e-12);
    EXPECT_GE(ticks.back(), high - 1e-12);
    EXPECT_GE(ticks.size(), 2U);
    EXPECT_LE(ticks.size(), 9U);
  }
}

TEST(Plots, AreWholeForAnyValues) {
  for (const std::string& svg : {shares_plot(example()),
                                 difference_plot(metric(example(), "psnr")),
                                 scatter_plot(metric(example(), "lpips"))}) {
    EXPECT_THAT(svg, HasSubstr("<svg"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
    expect_balanced(svg);
  }
  MetricComparison same{.metric = "v", .values_a = {2, 2}, .values_b = {2, 2}};
  EXPECT_THAT(difference_plot(same) + scatter_plot(same), Not(HasSubstr("nan")));
}

TEST(HtmlText, EscapesAndEncodes) {
  EXPECT_EQ(escaped("a<b>&\"'\x01\x7F"), "a&lt;b&gt;&amp;&quot;&#39;\uFFFD\uFFFD");
  EXPECT_EQ(escaped("ü\xFF"), "ü\uFFFD");
  // RFC 4648, section 10.
  const std::vector<std::pair<std::string, std::string>> recorded = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : recorded) EXPECT_EQ(base64(plain), encoded);
  EXPECT_EQ(base64("\xFB\xFF\xFE"), "+//+");
}

TEST(MetricText, WritesNumbersForPeople) {
  const MetricComparison share{.metric = "whole_scene", .share = true};
  EXPECT_EQ(metric_number(share, 0.7525), "75.2");
  EXPECT_EQ(signed_number(share, -0.0152), "−1.5");
  EXPECT_EQ(signed_number(share, 0.0001), "0.0");
  const MetricComparison decibels{.metric = "psnr", .a = {.mean = 24.5}, .b = {.mean = 25}};
  EXPECT_EQ(metric_number(decibels, 24.5), "24.50");
  EXPECT_EQ(signed_number(decibels, 0.5), "+0.50");
  EXPECT_EQ(metric_number(decibels, std::nan("")), "–");
  EXPECT_EQ(doubt_text(0.0002), "< 0.001");
  EXPECT_EQ(doubt_text(0.25), "0.250");
}

}  // namespace
}  // namespace tessera::eval
