#include "pipeline/prompt_condition.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "pipeline/guided_denoiser.h"

namespace tessera::pipeline {
namespace {

/// Rows without a piece between <bos> and <eos>: no caption, so the learned null condition.
at::Tensor empty_rows(const text::Tokens& tokens) {
  at::Tensor empty = at::empty({tokens.rows()}, at::kBool);
  for (std::int64_t row = 0; row < tokens.rows(); ++row) {
    empty[row] = tokens.lengths[static_cast<std::size_t>(row)] <= 2;
  }
  return empty;
}

at::Tensor ids_of(const text::Tokens& tokens, at::Device device) {
  return at::tensor(tokens.ids, at::kLong).view({tokens.rows(), tokens.length}).to(device);
}

}  // namespace

nn::Condition read_prompts(const text::Tokens& prompts,
                           const PromptReader& reader,
                           const nn::Condition& null) {
  const PipelineFacts& facts = reader.facts;
  TESSERA_CHECK(prompts.length == facts.text_length,
                kShapeMismatch,
                "prompts must be padded to ",
                facts.text_length,
                " tokens, got ",
                prompts.length);
  if (facts.condition == ConditionKind::kNone) return {};
  const at::Tensor ids = ids_of(prompts, reader.device);
  if (facts.condition == ConditionKind::kClass) {
    const at::Tensor labels = ids.view(-1);
    TESSERA_CHECK(((labels >= -1) & (labels < facts.classes)).all().item<bool>(),
                  kInvalidArgument,
                  "classes are 0 to ",
                  facts.classes - 1,
                  " (-1 = none)");
    return {.labels = at::where(labels < 0, null.labels, labels)};
  }
  const std::int64_t at_once = pictures_at_once(prompts.rows(), reader.device);
  nn::Condition condition;
  for (const at::Tensor& piece : ids.split(at_once)) {
    const nn::Condition read = reader.text_encoder->encode(piece);
    condition = condition.tokens.defined() ? nn::concatenate(condition, read) : read;
  }
  if (!null.defined()) return condition;  // the text of an empty prompt is the null condition
  const at::Tensor empty = empty_rows(prompts).to(reader.device).view({-1, 1});
  condition.tokens = at::where(
      empty.unsqueeze(-1), null.tokens.to(condition.tokens.scalar_type()), condition.tokens);
  if (condition.mask.defined()) condition.mask = at::where(empty, null.mask, condition.mask);
  return condition;
}

}  // namespace tessera::pipeline
