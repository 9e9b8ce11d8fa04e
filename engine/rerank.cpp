#include "engine/rerank.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"
#include "engine/clip_open.h"
#include "eval/clip/encode.h"
#include "eval/clip/preprocess.h"
#include "io/json_fields.h"

namespace tessera::engine {

struct Reranker::State {
  OpenClip open{};
};

Reranker::Reranker(const std::filesystem::path& clip, const std::string& device)
    : state_(std::make_unique<State>(State{open_clip(clip, device)})) {}

Reranker::~Reranker() = default;

Reranker::Choice Reranker::choose(const std::vector<Image>& candidates,
                                  const std::string& prompt,
                                  const std::string& caption) {
  TESSERA_CHECK(!candidates.empty(), kInvalidArgument, "there is no picture to choose from");
  const at::NoGradGuard no_grad;
  eval::ClipModel& model = state_->open.clip.model;
  std::vector<at::Tensor> pixels;
  for (const Image& image : candidates) {
    const at::Tensor bytes =
        at::tensor(image.pixels, at::kByte).view({image.height, image.width, 3});
    pixels.push_back(eval::clip_picture(bytes, model->options()));
  }
  const bool own = state_->open.clip.world.has_value() && !caption.empty();
  const std::vector<std::string> text{own ? caption : prompt};
  const at::Tensor read = eval::unit_rows(
      eval::encode_texts(*model, *state_->open.tokenizer, text).features.cpu().to(at::kDouble));
  const at::Device device = model->parameters().front().device();
  const at::Tensor seen =
      eval::unit_rows(model->image_features(at::stack(pixels).to(device)).cpu().to(at::kDouble));
  const at::Tensor cosines = at::matmul(seen, read[0]).contiguous();
  const double* values = cosines.const_data_ptr<double>();
  Choice choice{.scores = {values, values + cosines.numel()}};
  choice.winner = static_cast<std::size_t>(
      std::max_element(choice.scores.begin(), choice.scores.end()) - choice.scores.begin());
  return choice;
}

std::string Reranker::describe() const {
  const eval::LoadedClip& clip = state_->open.clip;
  return io::Json{{"name", clip.name}, {"sha256", clip.sha256}}.dump();
}

}  // namespace tessera::engine
