#include "engine/tokenizer_training.h"

#include <algorithm>
#include <chrono>
#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/packed.h"
#include "data/scenes/scenes.h"
#include "io/json_fields.h"
#include "jobs/shipped_file.h"
#include "text/tokenizers/sentencepiece.h"
#include "train/options.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

using io::Json;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 30;

struct Config {
  train::DataOptions data{};
  text::SentencePieceOptions model{};
  TokenizerCorpus corpus{};
};

/// The value of "section.key" from text: JSON where it parses, else a string.
void apply_override(Json& json, const std::string& key, const std::string& text) {
  const auto dot = key.find('.');
  const Json value = Json::parse(text, nullptr, false);
  Json& place =
      dot == std::string::npos ? json[key] : json[key.substr(0, dot)][key.substr(dot + 1)];
  place = value.is_discarded() ? Json(text) : value;
}

Config read_config(const TrainingRequest& request) {
  Json json = request.config.empty() ? Json::object() : io::read_json(request.config);
  TESSERA_CHECK(
      json.is_object(), kInvalidArgument, request.config.string(), " must be an object { … }");
  for (const auto& [key, text] : request.overrides) apply_override(json, key, text);
  Config config;
  for (const auto& [key, value] : json.items()) {
    if (key == "data") {
      io::from_json_fields(value, config.data, key);
    } else if (key == "model") {
      io::from_json_fields(value, config.model, key);
    } else if (key == "train") {
      io::from_json_fields(value, config.corpus, key);
    } else if (key == "stage") {
      TESSERA_CHECK(value == "tokenizer",
                    kInvalidArgument,
                    request.config.string(),
                    ": is for stage ",
                    value.dump(),
                    ", not tokenizer");
    } else {
      TESSERA_CHECK(key == "name" || key == "description",
                    kInvalidArgument,
                    key,
                    " is not a known key; known: stage, name, description, data, model, train");
    }
  }
  if (!request.data.empty()) {
    config.data.path = request.data.string();
    config.data.kind = fs::is_directory(request.data) ? "packed" : "text";
  }
  if (config.data.kind != "text") {
    config.data.validate();
    if (config.data.kind == "scenes") config.data.scenes.validate();
  }
  config.model.validate();
  config.corpus.validate();
  return config;
}

std::vector<std::string> lines_of(const fs::path& file, std::int64_t most) {
  std::istringstream in(read_file(file, kLargestText));
  std::vector<std::string> lines;
  for (std::string line;
       static_cast<std::int64_t>(lines.size()) < most && std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> captions_of(const Config& config,
                                     const ProgressSink& progress,
                                     std::stop_token stop) {
  if (config.data.kind == "text") return lines_of(config.data.path, config.corpus.captions);
  const std::unique_ptr<const data::Source> source =
      config.data.kind == "packed"
          ? data::open_packed(config.data.path)
          : data::open_scenes(jobs::atlas_file(config.data.path), config.data.scenes);
  constexpr std::int64_t kBlock = 1000;
  const std::int64_t wanted = std::min(config.corpus.captions, source->size());
  std::vector<std::string> captions;
  for (std::int64_t first = 0; first < wanted; first += kBlock) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped while reading captions");
    std::vector<std::int64_t> indices;
    for (std::int64_t i = first; i < std::min(wanted, first + kBlock); ++i) indices.push_back(i);
    for (std::string& caption : source->captions(indices)) captions.push_back(std::move(caption));
    if (progress) {
      progress({.stage = "captions",
                .step = static_cast<std::int64_t>(captions.size()),
                .total = wanted});
    }
  }
  return captions;
}

}  // namespace

void TokenizerCorpus::validate() const {
  TESSERA_CHECK(captions >= 1 && captions <= 50'000'000,
                kInvalidArgument,
                "train.captions must be in 1..50000000, got ",
                captions);
}

TrainingSummary train_tokenizer(const TrainingRequest& request,
                                const ProgressSink& progress,
                                std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  TESSERA_CHECK(!request.config.empty() || !request.data.empty(),
                kInvalidArgument,
                "a tokenizer needs a configuration or a text to learn from (--data)");
  TESSERA_CHECK(!request.resume,
                kInvalidArgument,
                "a tokenizer is trained in one go; there is nothing to resume");
  const Config config = read_config(request);
  const std::vector<std::string> captions = captions_of(config, progress, stop);
  text::train_sentencepiece(captions, config.model, request.out);
  return {
      .steps = static_cast<std::int64_t>(captions.size()),
      .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
      .model = request.out};
}

}  // namespace tessera::engine
