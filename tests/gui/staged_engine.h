#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "core/error.h"
#include "engine/engine.h"
#include "gui/engine_worker.h"

namespace tessera::test {

/// What a staged engine is to do, shared with the test that watches it.
struct Stage {
  std::atomic<int> opened = 0;
  std::atomic<int> drawn = 0;           // pictures
  std::atomic<bool> hold = false;       // stay between two steps until let go or stopped
  std::atomic<int> milliseconds = 0;    // a step takes
  std::atomic<bool> two_paths = false;  // of the next model: a Gaussian path beside the discrete
  std::atomic<int> codes_painted = 0;
};

/// An engine of 16x16 pictures and 2x2 tokens that does what the prompt says: "refuse" is refused,
/// "break" breaks, "no memory" has none, anything else is painted in the colour of its seed, in
/// four steps. The model "missing" cannot be opened. On its Gaussian path it takes three steps and
/// has no tokens.
class StagedEngine final : public engine::Engine {
 public:
  explicit StagedEngine(std::shared_ptr<Stage> stage) : stage_(std::move(stage)) {}

  engine::GenerateRequest resolve(const engine::GenerateRequest& request) const override {
    TESSERA_CHECK(request.prompt != "refuse", kInvalidArgument, "this prompt is refused");
    engine::GenerateRequest resolved = request;
    if (!resolved.seed) resolved.seed = 77;
    if (resolved.sampling.path.empty()) resolved.sampling.path = "discrete";
    const bool gaussian = resolved.sampling.path == "gaussian";
    TESSERA_CHECK(!gaussian || resolved.sampling.sampler != "confidence",
                  kInvalidArgument,
                  "a sampler of another path");
    if (resolved.sampling.steps == 0) resolved.sampling.steps = gaussian ? 3 : 4;
    if (resolved.sampling.sampler.empty()) {
      resolved.sampling.sampler = gaussian ? "ddim" : "confidence";
    }
    if (resolved.sampling.guidance < 0) resolved.sampling.guidance = 2.0;
    if (resolved.sampling.truncation.empty()) resolved.sampling.truncation = "1";
    return resolved;
  }

  engine::GenerateResult generate(const engine::GenerateRequest& request,
                                  const engine::Watch& watch,
                                  std::stop_token stop) override {
    TESSERA_CHECK(request.prompt != "break", kInternal, "the machine broke");
    if (request.prompt == "no memory") throw std::bad_alloc();
    engine::GenerateResult result{.resolved = resolve(request)};
    if (request.prompt == "odd") watch.warning("an odd prompt");
    const auto steps = static_cast<std::int32_t>(result.resolved.sampling.steps);
    for (std::int32_t k = 0; k < request.count; ++k) {
      for (std::int32_t step = 1; step <= steps; ++step) {
        std::this_thread::sleep_for(std::chrono::milliseconds(stage_->milliseconds.load()));
        while (stage_->hold && !stop.stop_requested()) std::this_thread::yield();
        if (stop.stop_requested()) {
          result.cancelled = true;
          return result;
        }
        tell(watch, k, step, result.resolved);
      }
      engine::Image image =
          plain(static_cast<std::uint8_t>(*result.resolved.seed + static_cast<std::uint64_t>(k)));
      ++stage_->drawn;
      if (watch.finished) watch.finished(image, k);
      result.images.push_back(image);
    }
    return result;
  }

  Reconstruction reconstruct(const engine::Image& image) override {
    return {.image = image, .psnr = 42.0, .codes = 2, .tokens = 4, .grid = tokenise(image)};
  }
  engine::TokenGrid tokenise(const engine::Image& /*image*/) override {
    return {.width = 2, .height = 2, .codes = 16, .cells = {3, 5, 3, 3}};
  }
  engine::Image paint(const engine::TokenGrid& grid) override {
    ++stage_->codes_painted;
    const auto side = static_cast<std::int32_t>(8 * grid.width);
    return {.width = side,
            .height = side,
            .pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(side) * side * 3,
                                                static_cast<std::uint8_t>(grid.cells.front()))};
  }
  std::vector<std::string> samplers() const override { return {"ancestral", "confidence"}; }
  std::vector<std::string> paths() const override {
    if (!stage_->two_paths) return {"discrete"};
    return {"discrete", "gaussian"};
  }
  std::vector<std::string> samplers_of(const std::string& path) const override {
    if (path == "discrete") return samplers();
    return {"ddim", "dpm-solver++"};
  }
  std::int32_t image_side() const override { return 16; }
  std::int32_t downsampling() const override { return 8; }
  std::string provenance() const override {
    return R"({"width": 16, "height": 16, "model": {"name": "staged", "sha256": "f00"}, "version": "0"})";
  }
  std::string describe() const override {
    return R"({"name": "staged", "paths": {"gaussian":
               {"sampling": {"steps": 3, "sampler": "ddim", "guidance": 5.5}}}})";
  }

 private:
  static engine::Image plain(std::uint8_t value) {
    return {.width = 16, .height = 16, .pixels = std::vector<std::uint8_t>(16 * 16 * 3, value)};
  }
  static void tell(const engine::Watch& watch,
                   std::int32_t picture,
                   std::int32_t step,
                   const engine::GenerateRequest& request) {
    const auto steps = static_cast<std::int32_t>(request.sampling.steps);
    if (watch.progress) {
      watch.progress({.stage = "denoise",
                      .step = step + picture * steps,
                      .total = std::int64_t{steps} * request.count,
                      .seconds = 0.1 * step});
    }
    if (watch.tokens && request.sampling.path == "discrete") {
      engine::TokenGrid grid{.width = 2,
                             .height = 2,
                             .codes = 16,
                             .cells = std::vector<std::int32_t>(4, engine::TokenGrid::kMasked),
                             .confidence = {0.9F, 0.8F, 0.7F, 0.6F}};
      for (int cell = 0; cell < std::min(step, 4); ++cell)
        grid.cells[static_cast<std::size_t>(cell)] = cell;
      watch.tokens(grid, picture, step);
    }
    if (watch.preview && request.preview_every > 0 && step < steps)
      watch.preview(plain(10), picture, step);
  }

  std::shared_ptr<Stage> stage_;
};

inline gui::EngineFactory staged(const std::shared_ptr<Stage>& stage) {
  return [stage](const engine::EngineOptions& options) -> std::unique_ptr<engine::Engine> {
    TESSERA_CHECK(options.model != "missing", kNotFound, "missing: there is no such model");
    ++stage->opened;
    return std::make_unique<StagedEngine>(stage);
  };
}

}  // namespace tessera::test
