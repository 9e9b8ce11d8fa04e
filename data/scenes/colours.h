#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tessera::data {

using Rgb8 = std::array<std::uint8_t, 3>;

struct BackgroundColour {
  std::string_view name{};
  Rgb8 rgb{};
};

/// The plain backgrounds; the order never changes.
inline constexpr int kBackgroundCount = 11;
inline constexpr std::array<BackgroundColour, kBackgroundCount> kBackgrounds{{
    {"red", {214, 48, 49}},
    {"orange", {243, 146, 55}},
    {"yellow", {250, 218, 80}},
    {"green", {70, 165, 85}},
    {"blue", {58, 110, 205}},
    {"purple", {132, 80, 182}},
    {"pink", {250, 160, 195}},
    {"brown", {134, 92, 60}},
    {"gray", {150, 150, 150}},
    {"black", {24, 24, 28}},
    {"white", {255, 255, 255}},
}};
inline constexpr int kGray = 8;
inline constexpr int kBlack = 9;
inline constexpr int kWhite = 10;
inline constexpr double kJitterLevels = 10;  // levels, either way

struct ObjectColour {
  std::string_view name{};
  double hue = 0;  // degrees
  double saturation = 0;
  double value = 0;
};

/// What the recolourable sprites are turned to; the order never changes.
inline constexpr int kObjectColourCount = 7;
inline constexpr std::array<ObjectColour, kObjectColourCount> kObjectColours{{
    {"red", 2, 0.80, 0.86},
    {"orange", 28, 0.82, 0.95},
    {"yellow", 48, 0.75, 0.98},
    {"green", 125, 0.65, 0.65},
    {"blue", 215, 0.75, 0.80},
    {"purple", 275, 0.60, 0.65},
    {"pink", 335, 0.42, 0.97},
}};

}  // namespace tessera::data
