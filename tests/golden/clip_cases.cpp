// Both towers of CLIP, how pictures get into them, and scores.

#include <torch/nn.h>

#include "eval/clip/clip_files.h"
#include "eval/clip/preprocess.h"
#include "eval/clip/score.h"
#include "tests/golden/conformance.h"

namespace tessera::golden {
namespace {

at::Tensor scalar(double value) {
  return at::scalar_tensor(value, at::kDouble);
}

/// Version 13 of the Python imaging library resizes some tall pictures along their columns first,
/// which earlier versions, and Tessera, never do: the same passes the other way round, each
/// rounded.
at::Tensor columns_first(const at::Tensor& picture) {
  return picture.transpose(0, 1).contiguous();
}

/// Pictures of odd sizes as bytes after the resize, and as the tower takes them. The recorded bytes
/// must be those of one of the two orders, every one of them.
at::Tensor recorded_pictures(const Recorded& r, Report& report, const eval::ClipOptions& options) {
  std::vector<at::Tensor> pixels;
  for (std::int64_t k = 0; r.has(concat("image", k, ".uint8_hwc")); ++k) {
    const std::string name = concat("image", k);
    const at::Tensor resized = r[name + ".resized_uint8_hwc"];
    const std::int64_t side = options.vision.resolution;
    const at::Tensor picture = r[name + ".uint8_hwc"];
    const at::Tensor wanted = eval::clip_crop(resized, side);
    const bool rows_first = eval::clip_crop(picture, side).equal(wanted);
    const at::Tensor turned = columns_first(picture);
    report.equal(name + " resized and cropped",
                 rows_first ? wanted : columns_first(eval::clip_crop(turned, side)),
                 wanted);
    const at::Tensor ours = rows_first
                                ? eval::clip_picture(picture, options)
                                : eval::clip_picture(turned, options).transpose(1, 2).contiguous();
    report.close(name + " pixels", ours, r[name + ".pixel_values"], r.tolerance);
    pixels.push_back(ours);
  }
  return at::stack(pixels);
}

void scores(const Recorded& r, Report& report, double scale) {
  const at::Tensor cosine = r["cosine"];
  std::vector<eval::PairScore> pairs;
  double sum = 0;
  double positive = 0;
  for (std::int64_t k = 0; k < cosine.size(0); ++k) {
    const double own = cosine[k][k].item<double>();
    pairs.push_back(eval::pair_score(own, own, scale, std::nullopt));
    sum += own;
    positive += 100 * std::max(own, 0.0);
  }
  const auto n = static_cast<double>(pairs.size());
  const auto mean = [&](eval::ClipScore score) {
    return scalar(eval::mean_score(pairs, score).mean);
  };
  report.close("2.5 max(cos, 0)",
               mean(eval::ClipScore::kClipScore2021),
               r["score.clipscore_2.5_max0"],
               1e-12);
  // torchmetrics clamps the mean; the recorded number clamps each pair.
  report.close("100 max(cos, 0)", scalar(positive / n), r["score.clipscore_100_max0"], 1e-12);
  report.close(
      "100 cos", mean(eval::ClipScore::kTorchmetrics), scalar(std::max(100 * sum / n, 0.0)), 1e-12);
  report.close("scale cos", mean(eval::ClipScore::kLogitScale), scalar(scale * sum / n), 1e-12);
}

void clip(const Recorded& r, Report& report) {
  const eval::LoadedClip loaded = eval::load_clip(r.root / "clip-tiny", at::kCPU);
  eval::ClipModel model = loaded.model;
  const at::Tensor pixels = recorded_pictures(r, report, model->options());
  const at::Tensor ids = r["input_ids"];
  const double tolerance = r.tolerance;
  report.close(
      "vision states", model->vision()->states(pixels), r["vision_last_hidden_state"], tolerance);
  report.close("text states", model->text()->states(ids), r["text_last_hidden_state"], tolerance);
  const at::Tensor seen = model->image_features(pixels);
  const at::Tensor read = model->text_features(ids);
  report.close("image features", seen, r["image_features"], tolerance);
  report.close("text features", read, r["text_features"], tolerance);
  const at::Tensor image_embeds = eval::unit_rows(seen);
  const at::Tensor text_embeds = eval::unit_rows(read);
  report.close("image embeds", image_embeds, r["image_embeds"], tolerance);
  report.close("text embeds", text_embeds, r["text_embeds"], tolerance);
  report.close("scale", model->scale(), r["logit_scale"], tolerance);
  const at::Tensor cosine =
      at::matmul(image_embeds.to(at::kDouble), text_embeds.to(at::kDouble).t());
  report.close("cosine", cosine, r["cosine"], tolerance);
  report.close("logits", model->scale() * cosine, r["logits_per_image"], tolerance);
  const double first =
      cosine.argmax(1).eq(at::arange(cosine.size(0))).to(at::kDouble).mean().item<double>();
  report.close("texts found", scalar(first), r["score.r_precision_top1"], 1e-12);
  scores(r, report, model->scale().item<double>());
}

constexpr Case kClipCases[] = {
    {"clip-expected/clip.safetensors", clip},
    {"clip-tiny/*"},
};

}  // namespace

std::span<const Case> clip_cases() {
  return kClipCases;
}

}  // namespace tessera::golden
