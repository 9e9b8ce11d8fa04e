#include "train/captions.h"

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "nn/transfer.h"
#include "pipeline/model_card.h"

namespace tessera::train {
namespace fs = std::filesystem;

at::Tensor token_ids(const text::Tokenizer& tokenizer,
                     const std::vector<std::string>& captions,
                     std::int64_t length,
                     at::Device device) {
  const text::Tokens tokens = tokenizer.encode(captions, length);
  return nn::to_device(at::tensor(tokens.ids, at::kLong).view({tokens.rows(), tokens.length}),
                       device);
}

nn::Condition with_dropped_rows(const nn::Condition& condition,
                                const nn::Condition& null,
                                double share,
                                const nn::Rng& rng,
                                std::int64_t step) {
  if (share <= 0) return condition;
  const at::Tensor dropped =
      (rng.uniform(Purpose::kDropout, step, {1}, condition.tokens.device()) < share);
  return {.tokens = at::where(dropped.unsqueeze(-1), null.tokens, condition.tokens),
          .mask = at::where(dropped, null.mask, condition.mask)};
}

nn::Condition null_or_empty(const nn::Condition& own,
                            text::TextEncoder& encoder,
                            const at::Tensor& empty_ids,
                            std::int64_t rows) {
  if (own.defined()) return own;
  const nn::Condition empty = encoder.encode(empty_ids);
  return {.tokens = empty.tokens.expand({rows, -1, -1}), .mask = empty.mask.expand({rows, -1})};
}

void warn_of_lost_words(const text::Tokenizer& tokenizer,
                        const HeldOut& held_out,
                        std::int64_t length) {
  if (!held_out.source) return;
  const auto captions = held_out.source->captions(held_out.indices(256));
  const text::Tokens tokens = tokenizer.encode(captions, length);
  for (std::size_t i = 0; i < captions.size(); ++i) {
    if (tokens.unknown[i].empty() && tokens.cut[i].empty()) continue;
    const bool cut = tokens.unknown[i].empty();
    log_warning(concat("caption \"",
                       captions[i],
                       "\": the tokenizer ",
                       cut ? "cuts off" : "has no piece for",
                       " \"",
                       cut ? tokens.cut[i] : tokens.unknown[i].front(),
                       "\""));
    return;
  }
}

void check_same_tokens(const fs::path& model, const fs::path& tokenizer, const char* key) {
  const fs::path theirs = model / pipeline::kTokenizerPart / kTokenTable;
  if (!fs::exists(theirs)) return;
  TESSERA_CHECK(read_file(theirs) == read_file(tokenizer / kTokenTable),
                kInvalidArgument,
                key,
                ": its tokens (",
                theirs.string(),
                ") are not those of model.tokenizer");
}

void copy_files(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    write_file_atomically(to / entry.path().filename(), read_file(entry.path()));
  }
}

}  // namespace tessera::train
