#include <cstdio>
#include <map>
#include <mutex>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/error.h"
#include "data/scenes/grammar.h"
#include "data/scenes/meaning.h"
#include "data/scenes/renderer.h"
#include "data/scenes/sampler.h"
#include "data/scenes/scenes.h"
#include "data/scenes/stable_hash.h"
#include "data/scenes/world.h"

namespace tessera::data {
namespace {

/// Counts changes of what the same options draw; part of the fingerprint.
constexpr int kVersion = 1;
constexpr std::int64_t kSceneCount = std::int64_t{1} << 32;  // a Philox counter word

class Scenes final : public SceneSource {
 public:
  Scenes(std::shared_ptr<const Atlas> atlas, SceneOptions options)
      : atlas_(std::move(atlas)), options_(std::move(options)), world_(make_world(options_)) {}

  const SceneOptions& options() const override { return options_; }
  std::int64_t size() const override { return kSceneCount; }

  SceneProgram program(const std::vector<std::int64_t>& indices) const override {
    return pack(sample(indices));
  }

  at::Tensor draw(const SceneProgram& scenes, at::Device device) const override {
    if (device.is_cpu()) return draw_on_cpu(*atlas_, scenes, options_.resolution);
    return draw_with_products(*on_device(device), scenes, options_.resolution);
  }

  std::vector<std::string> say(const SceneProgram& scenes) const override {
    std::vector<std::string> out;
    for (std::int64_t row = 0; row < scenes.kind.size(0); ++row) {
      out.push_back(say_scene(unpack(scenes, row)));
    }
    return out;
  }

  std::vector<std::string> meaning(const SceneProgram& scenes) const override {
    std::vector<std::string> out;
    for (std::int64_t row = 0; row < scenes.kind.size(0); ++row) {
      out.push_back(meaning_json(unpack(scenes, row), *atlas_));
    }
    return out;
  }

  Batch get(const std::vector<std::int64_t>& indices, at::Device device) const override {
    const std::vector<Scene> scenes = sample(indices);
    return {
        .images = draw(pack(scenes), device), .captions = captions_of(scenes), .indices = indices};
  }

  std::vector<std::string> captions(const std::vector<std::int64_t>& indices) const override {
    return captions_of(sample(indices));
  }

  std::string fingerprint() const override {
    std::string text = concat("scenes/", kVersion, " atlas=", atlas_->hash, " nouns=");
    for (const int noun : world_.nouns) text += concat(noun, ",");
    text += " kinds=";
    for (std::size_t k = 0; k < world_.kinds.size(); ++k) {
      text += concat(static_cast<int>(world_.kinds[k]),
                     ":",
                     std::hexfloat,
                     world_.shares[k],
                     std::defaultfloat,
                     ",");
    }
    std::array<char, 17> hash{};
    std::snprintf(
        hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(stable_hash(text)));
    return concat("emoji-scenes/",
                  kVersion,
                  " resolution=",
                  options_.resolution,
                  " seed=",
                  options_.seed,
                  " split=",
                  options_.split,
                  " world=",
                  hash.data());
  }

 private:
  std::vector<Scene> sample(const std::vector<std::int64_t>& indices) const {
    for (const std::int64_t index : indices) {
      TESSERA_CHECK(index >= 0 && index < kSceneCount,
                    kInvalidArgument,
                    "scene ",
                    index,
                    " is outside 0 .. ",
                    kSceneCount - 1);
    }
    constexpr std::int64_t kAtOnce = 16;  // scenes that are worth a thread
    std::vector<Scene> out(indices.size());
    at::parallel_for(0, std::ssize(indices), kAtOnce, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t k = first; k < last; ++k) {
        const auto at = static_cast<std::size_t>(k);
        out[at] =
            sample_scene(world_, *atlas_, options_.seed, static_cast<std::uint32_t>(indices[at]));
      }
    });
    return out;
  }

  static std::vector<std::string> captions_of(const std::vector<Scene>& scenes) {
    std::vector<std::string> out;
    out.reserve(scenes.size());
    for (const Scene& scene : scenes) out.push_back(say_scene(scene));
    return out;
  }

  /// The atlas there, brought over once.
  std::shared_ptr<const Atlas> on_device(at::Device device) const {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<const Atlas>& slot = copies_[device.str()];
    if (!slot) slot = std::make_shared<const Atlas>(to_device(*atlas_, device));
    return slot;
  }

  std::shared_ptr<const Atlas> atlas_{};
  SceneOptions options_{};
  World world_{};
  mutable std::mutex mutex_{};
  mutable std::map<std::string, std::shared_ptr<const Atlas>> copies_{};
};

}  // namespace

std::unique_ptr<const SceneSource> open_scenes(const std::filesystem::path& atlas,
                                               const SceneOptions& options) {
  options.validate();
  return std::make_unique<Scenes>(read_atlas(atlas), options);
}

std::vector<std::string> scene_vocabulary(const SceneOptions& options) {
  return words_of(make_world(options));
}

}  // namespace tessera::data
