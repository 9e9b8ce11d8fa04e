#pragma once

#include <memory>

#include <c10/core/Device.h>

#include "nn/condition.h"
#include "pipeline/pipeline.h"
#include "text/text_encoder.h"
#include "text/tokenizer.h"

namespace tessera::pipeline {

/// Who reads the prompts of a model.
struct PromptReader {
  const PipelineFacts& facts;
  text::TextEncoder* text_encoder = nullptr;  // of a model of texts
  at::Device device = at::kCPU;
};

/// Token ids as the condition that the networks take: texts encoded in pieces of
/// pictures_at_once(), classes as labels, nothing where the model has no condition. Rows without a
/// piece, and class -1, become the row of `null` [B, …], where the model has learned one. Throws
/// kShapeMismatch for another prompt length, kInvalidArgument for a class out of range.
nn::Condition read_prompts(const text::Tokens& prompts,
                           const PromptReader& reader,
                           const nn::Condition& null);

}  // namespace tessera::pipeline
