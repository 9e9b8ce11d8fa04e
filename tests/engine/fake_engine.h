#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "engine/engine.h"

namespace tessera::test {

/// An engine that paints its seeds in an instant: every pixel of a picture is its seed mod 256.
/// Refuses the prompt "refuse" when asked to resolve it and "break" when asked to draw it.
class FakeEngine final : public engine::Engine {
 public:
  std::function<void(std::int32_t picture)> before_picture{};
  std::vector<engine::GenerateRequest> drawn{};

  engine::GenerateRequest resolve(const engine::GenerateRequest& request) const override {
    TESSERA_CHECK(request.prompt != "refuse", kInvalidArgument, "this prompt is refused");
    engine::GenerateRequest resolved = request;
    if (!resolved.seed) resolved.seed = 77;
    if (resolved.sampling.steps == 0) resolved.sampling.steps = 4;
    return resolved;
  }
  engine::GenerateResult generate(const engine::GenerateRequest& request,
                                  const engine::Watch& watch,
                                  std::stop_token stop) override {
    TESSERA_CHECK(request.prompt != "break", kInternal, "the machine broke");
    engine::GenerateResult result{.resolved = resolve(request)};
    drawn.push_back(result.resolved);
    if (watch.warning && request.prompt == "odd") watch.warning("an odd prompt");
    for (std::int32_t k = 0; k < request.count; ++k) {
      if (before_picture) before_picture(k);
      if (stop.stop_requested()) {
        result.cancelled = true;
        break;
      }
      const auto value =
          static_cast<std::uint8_t>(*result.resolved.seed + static_cast<std::uint64_t>(k));
      engine::Image image{.width = 2, .height = 2, .pixels = std::vector<std::uint8_t>(12, value)};
      if (watch.finished) watch.finished(image, k);
      result.images.push_back(image);
    }
    return result;
  }
  Reconstruction reconstruct(const engine::Image& image) override { return {.image = image}; }
  engine::TokenGrid tokenise(const engine::Image& image) override {
    return {.width = 1, .height = 1, .codes = 256, .cells = {image.pixels.front()}};
  }
  engine::Image paint(const engine::TokenGrid& grid) override {
    const auto value = static_cast<std::uint8_t>(grid.cells.front());
    return {.width = 2, .height = 2, .pixels = std::vector<std::uint8_t>(12, value)};
  }
  std::vector<std::string> samplers() const override { return {"ancestral"}; }
  std::int32_t image_side() const override { return 2; }
  std::int32_t downsampling() const override { return 2; }
  std::string provenance() const override {
    return R"({"width": 2, "height": 2, "model": {"name": "fake", "sha256": "f00"}, "version": "0"})";
  }
  std::string describe() const override { return provenance(); }
};

}  // namespace tessera::test
