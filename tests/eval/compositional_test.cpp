#include "eval/compositional.h"

#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "eval/report.h"
#include "jobs/jobs.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

std::filesystem::path atlas_path() {
  return TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors";
}

data::SceneOptions small_world() {
  return {.split = "all",
          .nouns = {"car", "balloon", "key", "star", "dog", "tree"},
          .kinds = {"single", "colour", "relation"}};
}

/// Ids are the bytes of a prompt.
class ByteTokenizer final : public text::Tokenizer {
 public:
  text::Tokens encode(std::span<const std::string> prompts, std::int64_t length) const override {
    text::Tokens out{.length = length};
    for (const std::string& prompt : prompts) {
      for (std::int64_t k = 0; k < length; ++k) {
        const auto at = static_cast<std::size_t>(k);
        out.ids.push_back(at < prompt.size() ? prompt[at] : text::kPad);
      }
      out.lengths.push_back(static_cast<std::int32_t>(prompt.size()));
    }
    return out;
  }
  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string out;
    for (const std::int32_t id : ids) {
      if (id != text::kPad) out += static_cast<char>(id);
    }
    return out;
  }
  std::int64_t vocabulary_size() const override { return 256; }
};

/// A model that paints what it was shown with a caption, or nothing where `forgets`; a codec that
/// adds a little to every level.
class Painter final : public pipeline::Pipeline {
 public:
  Painter(const data::SceneSource& scenes, std::int64_t count) {
    facts_.text_length = 96;
    facts_.chain_steps = 1;
    for (std::int64_t k = 0; k < count; ++k) {
      const data::Batch batch = scenes.get({k}, at::kCPU);
      known_[batch.captions[0]] = batch.images[0];
    }
  }
  void forget(const std::string& caption) { known_[caption].zero_(); }

  const pipeline::ModelCard& card() const override { return card_; }
  const pipeline::PipelineFacts& facts() const override { return facts_; }
  const text::Tokenizer& table_tokenizer() const override { return tokenizer_; }
  SampleOptions resolve(SampleOptions options) const override { return options; }
  pipeline::Sampled sample(const text::Tokens& wanted,
                           const text::Tokens& unwanted,
                           const SampleOptions& /*resolved*/,
                           const pipeline::Start& /*start*/,
                           const nn::Noise& noise,
                           const pipeline::StepHook& /*on_step*/,
                           std::stop_token /*stop*/) const override {
    std::vector<at::Tensor> images;
    for (std::int64_t row = 0; row < wanted.rows(); ++row) {
      const auto ids = [&](const text::Tokens& t) {
        return std::span(t.ids).subspan(static_cast<std::size_t>(row * t.length),
                                        static_cast<std::size_t>(t.length));
      };
      EXPECT_EQ(tokenizer_.decode(ids(unwanted)), "");
      images.push_back(known_.at(tokenizer_.decode(ids(wanted))));
      streams_.push_back(noise.rng.images[row].item<std::int64_t>());
      EXPECT_EQ(noise.rng.seed, 3U);
    }
    return {.images = at::stack(images)};
  }
  at::Tensor encode(const at::Tensor& images) const override { return images; }
  at::Tensor decode(const at::Tensor& codes) const override { return codes + 0.3 / 127.5; }

  mutable std::vector<std::int64_t> streams_{};

 private:
  pipeline::ModelCard card_{};
  pipeline::PipelineFacts facts_{};
  ByteTokenizer tokenizer_{};
  std::map<std::string, at::Tensor> known_{};
};

struct Setting {
  std::unique_ptr<const data::SceneSource> scenes = data::open_scenes(atlas_path(), small_world());
  std::unique_ptr<const data::SceneReader> reader =
      data::make_scene_reader(atlas_path(), small_world());

  CompositionalResult evaluate(const pipeline::Pipeline* pipeline,
                               CompositionalPlan plan,
                               const ProgressSink& progress = {},
                               std::stop_token stop = {}) const {
    return evaluate_compositional(pipeline, *scenes, *reader, plan, progress, stop);
  }
};

TEST(Compositional, AModelThatPaintsEveryCaptionIsAllRight) {
  const Setting setting;
  const Painter painter(*setting.scenes, 30);
  std::vector<std::int64_t> steps;
  const CompositionalResult result =
      setting.evaluate(&painter, {.count = 30, .batch = 8, .seed = 3}, [&](const Progress& p) {
        steps.push_back(p.step);
      });
  EXPECT_EQ(steps, (std::vector<std::int64_t>{8, 16, 24, 30}));
  std::vector<std::int64_t> streams(30);
  std::iota(streams.begin(), streams.end(), 0);
  EXPECT_EQ(painter.streams_, streams);  // picture k has noise stream k, whatever its batch
  EXPECT_EQ(result.images.sizes(), at::IntArrayRef({30, 3, 64, 64}));
  EXPECT_EQ(result.captions.size(), 30U);

  const io::Json report = report_scores(result);
  EXPECT_EQ(report["samples"], 30);
  EXPECT_GE(report["whole_scene"].get<double>(), 0.96);
  EXPECT_TRUE(report["count"].is_null());
  double samples = 0;
  for (const auto& [kind, part] : report["kinds"].items()) samples += part["samples"].get<double>();
  EXPECT_EQ(samples, 30);
  EXPECT_TRUE(report["kinds"]["single"]["colour"].is_null());
}

TEST(Compositional, AForgottenCaptionIsWrong) {
  const Setting setting;
  Painter painter(*setting.scenes, 20);
  const CompositionalResult before = setting.evaluate(&painter, {.count = 20, .seed = 3});
  painter.forget(before.captions[5]);
  const CompositionalResult after =
      setting.evaluate(&painter, {.count = 20, .batch = 7, .seed = 3});
  for (std::size_t k = 0; k < 20; ++k) {
    EXPECT_EQ(after.scores[k].whole,
              before.captions[k] == before.captions[5] ? 0 : before.scores[k].whole);
  }
}

TEST(Compositional, TheCodecIsMeasuredOnTrueScenesInWholeLevels) {
  const Setting setting;
  const Painter painter(*setting.scenes, 0);
  const CompositionalResult codec =
      setting.evaluate(&painter, {.count = 12, .source = PictureSource::kCodec});
  const CompositionalResult truth =
      setting.evaluate(nullptr, {.count = 12, .source = PictureSource::kTruth});
  EXPECT_TRUE(at::equal(codec.images, truth.images));  // less than half a level was added
}

TEST(Compositional, StopsAndSaysWhatIsWrong) {
  const Setting setting;
  std::stop_source stop;
  stop.request_stop();
  test::expect_error(ErrorCode::kCancelled, "after 0 pictures", [&] {
    setting.evaluate(nullptr, {.source = PictureSource::kTruth}, {}, stop.get_token());
  });
  test::expect_error(ErrorCode::kInvalidArgument, "got 0", [&] {
    setting.evaluate(nullptr, {.count = 0, .source = PictureSource::kTruth});
  });
  test::expect_error(ErrorCode::kInvalidArgument, "got -1", [&] {
    setting.evaluate(nullptr, {.batch = -1, .source = PictureSource::kTruth});
  });
  test::expect_error(
      ErrorCode::kInvalidArgument, "no model", [&] { setting.evaluate(nullptr, {}); });
  test::expect_error(ErrorCode::kInvalidArgument, "known: model, codec, truth", [] {
    picture_source_named("vae");
  });
}

TEST(Report, CountsWhatWasAskedFor) {
  CompositionalResult result{
      .captions = {"a", "b", "c", "d"},
      .kinds = {data::Kind::kSingle, data::Kind::kSingle, data::Kind::kCount, data::Kind::kCount},
      .scores = {{.background = 1, .object = 1, .whole = 1},
                 {.background = -1, .object = 0, .whole = 0},
                 {.background = 0, .object = 1, .count = 1, .whole = 0},
                 {.background = 1, .object = 1, .count = 0, .whole = 0}}};
  const io::Json report = report_scores(result);
  EXPECT_EQ(report["background"].get<double>(), 2.0 / 3);
  EXPECT_EQ(report["object"].get<double>(), 0.75);
  EXPECT_EQ(report["count"].get<double>(), 0.5);
  EXPECT_EQ(report["whole_scene"].get<double>(), 0.25);
  EXPECT_TRUE(report["position"].is_null());
  EXPECT_EQ(report["kinds"]["single"]["whole_scene"].get<double>(), 0.5);
  EXPECT_EQ(report["kinds"]["count"]["object"].get<double>(), 1.0);
}

/// The whole job, as far as it goes without weights.
TEST(RunCompositional, MeasuresTheReaderInTheWorldOfACard) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "vqvae");
  pipeline::write_model_card(
      folder.path(),
      {.name = "nothing", .world = small_world(), .has_world = true, .parts = {"vqvae"}});
  std::vector<std::string> captions;
  jobs::CompositionalRequest request{.model = folder.path(),
                                     .atlas = atlas_path(),
                                     .count = 20,
                                     .split = "heldout",
                                     .seed = 9,
                                     .source = "truth"};
  request.on_picture = [&](const jobs::ScoredPicture& picture) {
    EXPECT_EQ(picture.index, static_cast<std::int64_t>(captions.size()));
    EXPECT_EQ(picture.side, 64);
    EXPECT_EQ(picture.rgb.size(), 3U * 64 * 64);
    captions.push_back(picture.caption);
  };
  const std::string text = jobs::run_compositional(request, {}, {});
  const io::Json report = io::parse_json(text, "report");
  EXPECT_EQ(captions.size(), 20U);
  EXPECT_EQ(report["samples"], 20);
  EXPECT_GE(report["whole_scene"].get<double>(), 0.9);
  EXPECT_EQ(report["settings"]["model"], "nothing");
  EXPECT_EQ(report["settings"]["split"], "heldout");
  EXPECT_EQ(report["settings"]["seed"], 9);
  EXPECT_EQ(report["settings"]["source"], "truth");
  EXPECT_FALSE(report["settings"].contains("steps"));
  EXPECT_GT(report["seconds"].get<double>(), 0);

  pipeline::write_model_card(folder.path(), {.name = "worldless", .parts = {"vqvae"}});
  test::expect_error(ErrorCode::kInvalidArgument, "names no world", [&] {
    jobs::run_compositional(request, {}, {});
  });
  request.model = folder.path() / "none";
  test::expect_error(
      ErrorCode::kNotFound, "none", [&] { jobs::run_compositional(request, {}, {}); });
}

}  // namespace
}  // namespace tessera::eval
