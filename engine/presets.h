#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tessera::engine {

/// How much time a picture may take: its steps as a share of the model's own number.
struct Preset {
  std::string_view name;
  double share;
};

inline constexpr std::array kPresets = {
    Preset{.name = "balanced", .share = 1.0},
    Preset{.name = "fast", .share = 0.6},  // 12 of the shipped model's 20: docs/results.md
    Preset{.name = "fine", .share = 2.0},
};

/// Throws kInvalidArgument listing the known names.
const Preset& preset_named(const std::string& name);

/// At least 1, and at most what the model was trained with; `own` is the model's own number,
/// `description` what Engine::describe() says of it, "" where no model is open.
std::int64_t steps_of(const Preset& preset, std::int64_t own, const std::string& description);

}  // namespace tessera::engine
