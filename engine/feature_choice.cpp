#include "engine/feature_choice.h"

#include <cstdlib>

#include "core/error.h"
#include "engine/clip_open.h"
#include "engine/installation.h"
#include "eval/clip/clip_features.h"
#include "eval/inception/inception.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPlaces[] = {"inception-2015-12-05.safetensors",
                                   "pt_inception-2015-12-05-6726825d.pth",
                                   "weights-inception-2015-12-05-6726825d.pth"};

at::ScalarType type_named(const std::string& precision) {
  if (precision == "fp32") return at::kFloat;
  TESSERA_CHECK(precision == "bf16",
                kInvalidArgument,
                "precision of the features must be fp32 or bf16, got \"",
                precision,
                "\"");
  return at::kBFloat16;
}

std::unique_ptr<const eval::FeatureExtractor> inception(const fs::path& file,
                                                        const FeatureChoice& choice) {
  return eval::make_inception_features(file,
                                       {.preprocess = eval::preprocess_named(choice.preprocess),
                                        .device = choice.device,
                                        .type = type_named(choice.precision)});
}

class RecordedFeatures final : public eval::FeatureExtractor {
 public:
  explicit RecordedFeatures(eval::FeatureFacts facts) : facts_(std::move(facts)) {}
  const eval::FeatureFacts& facts() const override { return facts_; }
  at::Tensor prepare(const at::Tensor&) const override { refuse(); }
  eval::Features extract(const at::Tensor&) const override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    TESSERA_THROW(kInternal, "features were asked of a file of statistics");
  }
  eval::FeatureFacts facts_;
};

}  // namespace

std::unique_ptr<const eval::FeatureExtractor> recorded_features(
    const std::optional<eval::FeatureFacts>& facts, std::int64_t dims) {
  const eval::FeatureFacts unknown{.name = "features that the files do not name",
                                   .weights = "unknown",
                                   .preprocessing = "unknown preprocessing",
                                   .precision = "unknown precision",
                                   .dims = dims};
  return std::make_unique<RecordedFeatures>(facts.value_or(unknown));
}

std::optional<fs::path> find_inception() {
  const char* named = std::getenv("TESSERA_INCEPTION");
  if (named != nullptr && *named != '\0') return named;
  for (const char* name : kPlaces) {
    const fs::path file = cache_folder() / "inception" / name;
    std::error_code ignored;
    if (fs::exists(file, ignored)) return file;
  }
  return {};
}

std::unique_ptr<const eval::FeatureExtractor> open_features(const FeatureChoice& choice) {
  const std::optional<fs::path> found = find_inception();
  if (choice.features == "clip" || (choice.features.empty() && !found)) {
    return eval::make_clip_features(eval::load_clip(default_clip(), choice.device));
  }
  if (!choice.features.empty() && choice.features != "inception") {
    return inception(choice.features, choice);
  }
  TESSERA_CHECK(found.has_value(),
                kNotFound,
                "no weights of the Inception network: name pytorch-fid's file with --features FILE "
                "or TESSERA_INCEPTION, or put it into ",
                (cache_folder() / "inception").string());
  return inception(*found, choice);
}

}  // namespace tessera::engine
