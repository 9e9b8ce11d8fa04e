#include "lab/gnuplot.h"

#include <cstdlib>
#include <filesystem>

#include "lab/gnuplot_script.h"
#include "lab/plot.h"
#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

/// One layer of each kind, log axes, an escaped title.
Figure everything() {
  Panel curves{.title = "it's a_b {c}",
               .x = {.label = "x", .logarithmic = true, .from = 1.0, .to = 10.0},
               .y = {.label = "ᾱ_t", .ticks = {{0.0, "none"}, {1.0, "all"}}}};
  for (const Stroke stroke : {Stroke::kLine,
                              Stroke::kDashed,
                              Stroke::kDotted,
                              Stroke::kThin,
                              Stroke::kPoints,
                              Stroke::kDots,
                              Stroke::kSteps,
                              Stroke::kMarked,
                              Stroke::kStems}) {
    curves.layers.emplace_back(
        Curve{.label = "s", .x = {1, 2, 4}, .y = {0.1, 0.5, 1.0}, .stroke = stroke});
  }
  curves.layers.emplace_back(Band{.x = {1, 10}, .low = {0, 0}, .high = {1, 1}});
  curves.layers.emplace_back(Words{.text = "here", .x = 2, .y = 0.5});
  Panel plane{.equal_scales = true};
  plane.layers.emplace_back(
      HeatMap{.label = "v", .columns = 2, .rows = 2, .values = {-1, 0, 1, 2}, .diverging = true});
  plane.layers.emplace_back(Quiver{.x = {0}, .y = {0}, .dx = {1}, .dy = {1}});
  plane.layers.emplace_back(Ellipse{.covariance = {1, 0.5, 1}});
  Panel bars{.frameless = true};
  bars.layers.emplace_back(Histogram{.edges = {0, 1, 2}, .heights = {3, 4}});
  bars.layers.emplace_back(
      Raster{.width = 2, .height = 2, .rgb = std::vector<std::uint8_t>(12, 100)});
  return {.title = "Everything", .panels = {curves, plane, bars}};
}

TEST(Plot, DrawsEveryKindOfLayerTheSameEachTime) {
  const std::string png = plot(everything(), PlotFormat::kPng);
  ASSERT_GT(png.size(), 1000u);
  EXPECT_EQ(png.substr(1, 3), "PNG");
  // The size stands in the first chunk, big-endian.
  EXPECT_EQ(png.substr(16, 8), std::string("\0\0\x06\x40\0\0\x03\x84", 8));
  EXPECT_EQ(png, plot(everything(), PlotFormat::kPng));
  const std::string svg = plot(everything(), PlotFormat::kSvg);
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  EXPECT_NE(svg.find("Everything"), std::string::npos);
  EXPECT_EQ(svg, plot(everything(), PlotFormat::kSvg));
}

TEST(Plot, TextCannotRunCommands) {
  const auto file = std::filesystem::temp_directory_path() / "tessera-lab-injected";
  std::filesystem::remove(file);
  Figure figure = everything();
  const std::string attack = "'\n!touch " + file.string() + "\n`touch " + file.string() +
                             "`\nset output '" + file.string() + "'\n";
  figure.title = attack;
  figure.panels[0].title = attack;
  figure.panels[0].x.label = attack;
  std::get<Curve>(figure.panels[0].layers[0]).label = attack;
  figure.panels[0].layers.emplace_back(Words{.text = attack, .x = 2, .y = 0.5});
  plot(figure, PlotFormat::kSvg);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(Plot, ScaleShrinksThePicture) {
  const std::string png = plot(everything(), PlotFormat::kPng, 0.5);
  EXPECT_EQ(png.substr(16, 8), std::string("\0\0\x03\x20\0\0\x01\xC2", 8));
}

TEST(Plot, ListsThatDoNotFitAreRefused) {
  Figure figure = everything();
  figure.panels[0].layers.emplace_back(Curve{.x = {1, 2}, .y = {1}});
  test::expect_error(ErrorCode::kInvalidArgument, "lists of 2 and 1", [&] {
    gnuplot_script(figure, PlotFormat::kPng);
  });
  figure.panels[0].layers.back() = Raster{.width = 1, .height = 2, .rgb = {1, 2, 3, 4, 5, 6}};
  test::expect_error(ErrorCode::kInvalidArgument, "at least 2 by 2", [&] {
    gnuplot_script(figure, PlotFormat::kPng);
  });
  test::expect_error(
      ErrorCode::kInvalidArgument, "without panels", [] { gnuplot_script({}, PlotFormat::kPng); });
}

TEST(RunGnuplot, TellsWhatItRefused) {
  test::expect_error(ErrorCode::kInternal, "refused", [] { run_gnuplot("this is no command\n"); });
}

TEST(RunGnuplot, NamesThePackageWhereItIsMissing) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  test::expect_error(ErrorCode::kNotFound, "gnuplot-nox", [] { run_gnuplot("plot x\n"); });
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace tessera::lab
