#include "gui/training_plan.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

namespace tessera::gui {
namespace {

QJsonObject codec_of(const TrainingPlan& plan) {
  return {{"resolution", plan.resolution},
          {"unshuffle", 4},
          {"base_channels", 64},
          {"channel_multipliers", QJsonArray{1, 2}},
          {"attention_blocks", 1},
          {"codebook_size", 512}};
}

/// The text encoder that either denoiser learns with.
QJsonObject words() {
  return {{"length", 24}, {"width", 96}, {"layers", 2}, {"heads", 3}};
}

QJsonObject transformer_of(const TrainingPlan& plan) {
  const QJsonObject transformer{{"width", 128},
                                {"layers", 4},
                                {"heads", 4},
                                {"mlp_ratio", 4},
                                {"time_embedding", "sinusoidal"},
                                {"pooled_text", true},
                                {"mlp_adaln", false}};
  return {{"vqvae", plan.vqvae},
          {"tokenizer", plan.tokenizer},
          {"transformer", transformer},
          {"text_encoder", words()}};
}

/// The options' own defaults are the published network of 36 million parameters; this has a
/// thirtieth of them.
QJsonObject unet_of(const TrainingPlan& plan) {
  const QJsonObject unet{{"condition", "text"},
                         {"base_channels", 48},
                         {"channel_multipliers", QJsonArray{1, 2}},
                         {"residual_blocks", 1},
                         {"attention_sides", QJsonArray{16, 8}},
                         {"heads", 4},
                         {"norm_groups", 8},
                         {"time_width", 192},
                         {"scale_shift_norm", true},
                         {"pooled_text", true},
                         {"feed_forward_ratio", 2}};
  return {{"vqvae", plan.vqvae},
          {"tokenizer", plan.tokenizer},
          {"unet", unet},
          {"text_encoder", words()}};
}

QJsonObject clip_of(const TrainingPlan& plan) {
  constexpr int kPatches = 8;  // a side
  const QJsonObject vision{{"resolution", plan.resolution},
                           {"patch", plan.resolution / kPatches},
                           {"width", 128},
                           {"layers", 3},
                           {"heads", 4},
                           {"mlp_width", 512}};
  const QJsonObject text{
      {"length", 48}, {"width", 96}, {"layers", 2}, {"heads", 3}, {"mlp_width", 384}};
  return {{"tokenizer", plan.tokenizer},
          {"vision", vision},
          {"text", text},
          {"projection", 128},
          {"mean", QJsonArray{0.5, 0.5, 0.5}},
          {"deviation", QJsonArray{0.25, 0.25, 0.25}}};
}

}  // namespace

QByteArray configuration_of(const TrainingPlan& plan) {
  if (plan.stage == "tokenizer") return {};
  const int sheets = std::max(1, plan.steps / 10);
  QJsonObject train{{"steps", plan.steps},
                    {"batch", plan.batch},
                    {"warmup", std::min(100, plan.steps)},
                    {"checkpoint_every", sheets},
                    {"validate_every", sheets},
                    {"validation_samples", 32}};
  if (plan.stage != "clip") train["sample_every"] = sheets;  // it draws nothing
  QJsonObject config{{"stage", plan.stage},
                     {"name", plan.name},
                     {"seed", 1},
                     {"data", QJsonObject{{"kind", "scenes"}, {"resolution", plan.resolution}}}};
  if (plan.stage == "vqvae") {
    config["model"] = codec_of(plan);
  } else if (plan.stage == "diffusion") {
    config["model"] = transformer_of(plan);
    config["objective"] = QJsonObject{{"kind", "masked-ce"}};
    config["sampling"] = QJsonObject{{"sampler", "confidence"}, {"steps", 16}, {"guidance", 2}};
  } else if (plan.stage == "ddpm") {
    config["model"] = unet_of(plan);
    config["sampling"] = QJsonObject{{"sampler", "dpm-solver++"}, {"steps", 20}, {"guidance", 3}};
  } else {
    config["model"] = clip_of(plan);
  }
  config["train"] = train;
  return QJsonDocument(config).toJson();
}

int side_of_codec(const std::filesystem::path& folder) {
  constexpr qint64 kLargest = 1 << 20;
  for (const char* place : {"model/vqvae", "vqvae", "."}) {
    QFile file(QString::fromStdString((folder / place / "config.json").string()));
    if (!file.open(QIODevice::ReadOnly)) continue;
    const int side = QJsonDocument::fromJson(file.read(kLargest)).object()["resolution"].toInt();
    if (side > 0) return side;
  }
  return 0;
}

}  // namespace tessera::gui
