#include "engine/presets.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace tessera::engine {

const Preset& preset_named(const std::string& name) {
  const auto found = std::find_if(
      kPresets.begin(), kPresets.end(), [&](const Preset& each) { return each.name == name; });
  TESSERA_CHECK(found != kPresets.end(),
                kInvalidArgument,
                "presets are balanced, fast and fine, got \"",
                name,
                "\"");
  return *found;
}

std::int64_t steps_of(const Preset& preset, std::int64_t own, const std::string& description) {
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto json = nlohmann::json::parse(description, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) most = std::max<std::int64_t>(json.value("steps_trained", most), 1);
  const auto wanted = std::llround(static_cast<double>(own) * preset.share);
  return std::clamp<std::int64_t>(wanted, 1, most);
}

}  // namespace tessera::engine
