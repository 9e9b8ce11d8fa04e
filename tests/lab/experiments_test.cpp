// Every experiment of the table, in its quick form, against its exact values.
#include <filesystem>
#include <iostream>

#include <gtest/gtest.h>

#include "lab/registry.h"
#include "lab/report.h"

namespace tessera::lab {
namespace {

class Quick : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Quick, Holds) {
  const Experiment& experiment = experiments()[GetParam()];
  const auto atlas =
      std::filesystem::path(TESSERA_SOURCE_DIR) / "data/scenes/atlas/emoji.safetensors";
  const auto model = std::filesystem::path(TESSERA_SOURCE_DIR) / "models/default";
  const Findings findings = experiment.run({}, {.atlas = atlas, .model = model});
  EXPECT_FALSE(findings.rows.empty());
  for (const Row& row : findings.rows) EXPECT_TRUE(row.holds()) << complaint(row);
  EXPECT_FALSE(findings.figure.panels.empty());
}

INSTANTIATE_TEST_SUITE_P(Lab,
                         Quick,
                         ::testing::Range<std::size_t>(0, experiments().size()),
                         [](const auto& place) {
                           std::string name = experiments()[place.param].about.name;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace tessera::lab
