#include "tests/eval/clip/tiny_clip.h"

#include <torch/nn.h>

#include "nn/rng.h"

namespace tessera::eval::test {

ClipOptions tiny_options() {
  ClipOptions o;
  o.vision = {.resolution = 16, .patch = 4, .tower = {16, 2, 2, 24}};
  o.text = {.vocabulary = 30, .length = 10, .end_token = 3, .tower = {12, 2, 3, 20}};
  o.projection = 8;
  return o;
}

ClipModel random_clip(const ClipOptions& options) {
  ClipModel model(options);
  initialise_clip(*model, 5);
  const at::NoGradGuard no_grad;
  std::int64_t k = 0;
  for (const auto& item : model->named_parameters()) {
    if (item.key() == "logit_scale") continue;
    const nn::Rng rng = nn::Rng::of_run(7, k++, 1);
    at::Tensor value = item.value();
    value.add_(rng.normal(Purpose::kInit, 0, value.sizes()).squeeze(0), 0.2);
  }
  model->eval();
  return model;
}

ClipModel tiny_clip() {
  return random_clip(tiny_options());
}

std::unique_ptr<const text::Tokenizer> shipped_tokenizer() {
  return text::load_table_tokenizer(TESSERA_SOURCE_DIR "/models/default/tokenizer/tokens.tsv");
}

at::Tensor ids_of(const std::vector<std::vector<std::int64_t>>& rows, std::int64_t length) {
  at::Tensor ids = at::zeros({static_cast<std::int64_t>(rows.size()), length}, at::kLong);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      ids[static_cast<std::int64_t>(r)][static_cast<std::int64_t>(k)] = rows[r][k];
    }
  }
  return ids;
}

}  // namespace tessera::eval::test
