#include "eval/clip/encode.h"

#include <algorithm>
#include <numeric>

#include <torch/nn.h>

#include "core/error.h"

namespace tessera::eval {

EncodedTexts encode_texts(ClipModelImpl& model,
                          const text::Tokenizer& tokenizer,
                          std::span<const std::string> texts,
                          std::int64_t rows) {
  TESSERA_CHECK(rows >= 1, kInvalidArgument, "rows must be at least 1, got ", rows);
  const ClipOptions& o = model.options();
  TESSERA_CHECK(tokenizer.vocabulary_size() <= o.text.vocabulary,
                kShapeMismatch,
                "the tokenizer has ",
                tokenizer.vocabulary_size(),
                " pieces, the text tower ",
                o.text.vocabulary);
  const at::Device device = model.parameters().front().device();
  if (texts.empty()) return {.features = at::empty({0, o.projection}, at::TensorOptions(device))};
  text::Tokens tokens = tokenizer.encode(texts, o.text.length);
  const at::Tensor ids = at::tensor(tokens.ids, at::kLong).view({tokens.rows(), tokens.length});
  std::vector<std::int64_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return tokens.lengths[static_cast<std::size_t>(a)] <
           tokens.lengths[static_cast<std::size_t>(b)];
  });
  std::vector<at::Tensor> parts;
  for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(rows)) {
    const std::size_t count = std::min(static_cast<std::size_t>(rows), order.size() - first);
    const std::vector<std::int64_t> group(
        order.begin() + static_cast<std::ptrdiff_t>(first),
        order.begin() + static_cast<std::ptrdiff_t>(first + count));
    const auto longest = tokens.lengths[static_cast<std::size_t>(group.back())];
    parts.push_back(model.text_features(
        ids.index_select(0, at::tensor(group, at::kLong)).slice(1, 0, longest).to(device)));
  }
  const at::Tensor back = at::tensor(order, at::kLong).argsort().to(device);
  return {.features = at::cat(parts).index_select(0, back), .cut = std::move(tokens.cut)};
}

}  // namespace tessera::eval
