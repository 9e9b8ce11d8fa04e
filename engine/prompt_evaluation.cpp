#include "engine/prompt_evaluation.h"

#include <array>
#include <chrono>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/scenes/prompts/prompt_examples.h"
#include "engine/image_convert.h"
#include "engine/models.h"
#include "eval/report.h"
#include "eval/text_table.h"
#include "io/json_fields.h"
#include "jobs/shipped_file.h"
#include "pipeline/model_card.h"

namespace tessera::engine {
namespace {

using io::Json;
constexpr const char* kShipped = "tests/data/prompts.tsv";
constexpr std::uintmax_t kLargestFile = std::uintmax_t{4} << 20;

/// What the reader says of the pictures of one way to take the prompts.
struct Scores {
  eval::Share background{}, number{}, object{}, colour{}, position{}, whole{};

  void add(const data::SceneScore& score) {
    background.add(score.background);
    number.add(score.number);
    object.add(score.object);
    colour.add(score.colour);
    position.add(score.position);
    whole.add(score.whole);
  }
  std::array<std::pair<const char*, const eval::Share*>, 6> parts() const {
    return {{{"background", &background},
             {"number", &number},
             {"object", &object},
             {"colour", &colour},
             {"position", &position},
             {"whole_scene", &whole}}};
  }
  Json json() const {
    Json out = Json::object();
    for (const auto& [name, share] : parts()) out[name] = share->json();
    out["intervals"] = Json::object();
    for (const auto& [name, share] : parts()) {
      out["intervals"][name] = share->interval(eval::kConfidence);
    }
    return out;
  }
};

class Evaluation {
 public:
  Evaluation(const PromptEvaluation& request, const ProgressSink& progress, std::stop_token stop)
      : request_(request), progress_(progress), stop_(std::move(stop)) {
    TESSERA_CHECK(request.count >= 1 && request.count <= 1000,
                  kInvalidArgument,
                  "count must be in 1..1000, got ",
                  request.count);
    const std::filesystem::path model = resolve_model(request.model.model);
    const pipeline::ModelCard card = pipeline::read_model_card(model);
    TESSERA_CHECK(card.has_world,
                  kInvalidArgument,
                  model.string(),
                  ": the model's card names no world of scenes to judge pictures by");
    name_ = card.name;
    choose_examples(data::make_world(card.world));
    reader_ = data::make_scene_reader(jobs::atlas_file({}), card.world);
    engine_ = Engine::open(request.model);
  }

  EvaluationReport run() {
    Json rows = Json::array();
    for (const data::PromptExample& example : examples_) rows.push_back(judge(example));
    Json report = {{"model", name_},
                   {"prompts", examples_.size()},
                   {"outside_world", outside_},
                   {"pictures", 2 * request_.count * std::ssize(examples_)},
                   {"literal", literal_.json()},
                   {"read", read_.json()},
                   {"captions_as_expected", as_expected_},
                   {"rows", std::move(rows)}};
    report["settings"] = {{"count", request_.count}, {"seed", request_.seed}};
    return {.judged = std::ssize(examples_),
            .json = report.dump(2, ' ', false, Json::error_handler_t::replace),
            .table = table(report)};
  }

 private:
  void choose_examples(const data::World& world) {
    const std::filesystem::path file =
        request_.file.empty() ? jobs::shipped_file(kShipped) : request_.file;
    for (data::PromptExample& example :
         data::parse_prompt_examples(read_file(file, kLargestFile), file.string())) {
      if (data::holds(world, example.scene)) {
        examples_.push_back(std::move(example));
      } else {
        ++outside_;
      }
    }
    TESSERA_CHECK(!examples_.empty(),
                  kInvalidArgument,
                  file.string(),
                  ": none of its ",
                  outside_,
                  " prompts is of the model's world");
  }

  Json judge(const data::PromptExample& example) {
    const auto [literal, words] = pictures_right(example, /*literal=*/true, literal_);
    const auto [read, caption] = pictures_right(example, /*literal=*/false, read_);
    const std::string& said = caption.empty() ? example.prompt : caption;
    as_expected_ += said == example.caption ? 1 : 0;
    return {{"prompt", example.prompt},
            {"caption", said},
            {"expected", example.caption},
            {"literal_right", literal},
            {"read_right", read}};
  }

  /// How many pictures of the prompt are right, and the caption that it was read as.
  std::pair<std::int64_t, std::string> pictures_right(const data::PromptExample& example,
                                                      bool literal,
                                                      Scores& scores) {
    const GenerateResult drawn =
        engine_->generate({.prompt = example.prompt,
                           .count = static_cast<std::int32_t>(request_.count),
                           .sampling = request_.sampling,
                           .seed = request_.seed,
                           .literal = literal},
                          {},
                          stop_);
    TESSERA_CHECK(!drawn.cancelled, kCancelled, "stopped after ", done_, " prompts");
    std::vector<at::Tensor> images;
    for (const Image& image : drawn.images) images.push_back(to_tensor(image));
    const std::vector<data::Scene> scenes(images.size(), example.scene);
    std::int64_t right = 0;
    for (const data::SceneScore& score : reader_->score(at::cat(images), data::pack(scenes))) {
      scores.add(score);
      right += score.whole;
    }
    tell(literal ? 0 : 1);
    return {right, drawn.resolved.caption};
  }

  void tell(std::int64_t finished) {
    done_ += finished;
    if (!progress_) return;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun_;
    progress_({.stage = "evaluate",
               .step = done_,
               .total = std::ssize(examples_),
               .seconds = spent.count()});
  }

  std::string table(const Json& report) const {
    const auto percent = [](const Json& share) {
      if (share.is_null()) return std::string("-");
      std::array<char, 16> text{};
      std::snprintf(text.data(), text.size(), "%.1f", 100 * share.get<double>());
      return std::string(text.data());
    };
    eval::TextTable table({"right, %", "word for word", "as it is read"});
    for (const auto& [name, share] : read_.parts()) {
      table.add({name, percent(report["literal"][name]), percent(report["read"][name])});
    }
    return concat(examples_.size(),
                  " prompts, ",
                  request_.count,
                  " pictures each; ",
                  outside_,
                  " prompts outside the model's world left out\n",
                  table.text());
  }

  const PromptEvaluation& request_;
  const ProgressSink& progress_;
  std::stop_token stop_;
  std::string name_{};
  std::vector<data::PromptExample> examples_{};
  std::int64_t outside_ = 0;
  std::unique_ptr<const data::SceneReader> reader_{};
  std::unique_ptr<Engine> engine_{};
  Scores literal_{};
  Scores read_{};
  std::int64_t as_expected_ = 0;
  std::int64_t done_ = 0;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

EvaluationReport evaluate_prompts(const PromptEvaluation& request,
                                  const ProgressSink& progress,
                                  std::stop_token stop) {
  return Evaluation(request, progress, std::move(stop)).run();
}

}  // namespace tessera::engine
