// Scenes as they were when the data set's first version was recorded. What changes them changes
// every data set: count up the version in scene_source.cpp, record anew, and say so in
// docs/formats/scenes.md. TESSERA_RECORD=1 writes the file.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/data/scenes/fixtures.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kScenes = 22;
constexpr std::int64_t kGrid = 8;  // a picture is recorded as 8 x 8 mean colours

std::string golden_path() {
  return TESSERA_SOURCE_DIR "/tests/data/scenes/golden_scenes.txt";
}

at::Tensor mean_colours(const at::Tensor& images) {
  const std::int64_t cell = images.size(2) / kGrid;
  return ((images + 1) * 127.5)
      .view({-1, 3, kGrid, cell, kGrid, cell})
      .mean(at::IntArrayRef{3, 5})
      .reshape({images.size(0), -1});
}

TEST(GoldenScenes, AreStillDrawnTheSame) {
  const auto source = open_scenes(atlas_path(), {.seed = 2026, .split = "all"});
  const SceneProgram program = source->program(first_indices(kScenes));
  const at::Tensor colours = mean_colours(source->draw(program, at::kCPU));
  const std::vector<std::string> captions = source->say(program);
  const std::vector<std::string> meanings = source->meaning(program);
  if (std::getenv("TESSERA_RECORD") != nullptr) {
    std::ofstream out(golden_path());
    for (std::int64_t k = 0; k < kScenes; ++k) {
      out << captions[static_cast<std::size_t>(k)] << '\n'
          << meanings[static_cast<std::size_t>(k)] << '\n';
      for (std::int64_t i = 0; i < colours.size(1); ++i) {
        out << (i ? " " : "") << colours[k][i].round().item<int>();
      }
      out << '\n';
    }
  }  // and held to what was drawn, as any other
  std::ifstream in(golden_path());
  for (std::int64_t k = 0; k < kScenes; ++k) {
    std::string line;
    ASSERT_TRUE(std::getline(in, line));
    EXPECT_EQ(captions[static_cast<std::size_t>(k)], line);
    ASSERT_TRUE(std::getline(in, line));
    EXPECT_EQ(meanings[static_cast<std::size_t>(k)], line);
    ASSERT_TRUE(std::getline(in, line));
    std::istringstream numbers(line);
    for (std::int64_t i = 0; i < colours.size(1); ++i) {
      float recorded = -1;
      numbers >> recorded;
      EXPECT_NEAR(colours[k][i].item<float>(), recorded, 0.6) << "scene " << k << ", number " << i;
    }
  }
}

}  // namespace
}  // namespace tessera::data
