#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "nn/condition.h"
#include "nn/rng.h"
#include "text/text_encoder.h"
#include "text/tokenizer.h"
#include "train/held_out.h"

namespace tessera::train {

/// The file of a tokenizer's folder.
inline constexpr const char* kTokenTable = "tokens.tsv";

/// Captions as padded token ids, [B, length] int64 on `device`.
at::Tensor token_ids(const text::Tokenizer& tokenizer,
                     const std::vector<std::string>& captions,
                     std::int64_t length,
                     at::Device device = at::kCPU);

/// A share of the rows, keyed by (rng, step), gets the null condition [B, …] in place of its own.
nn::Condition with_dropped_rows(const nn::Condition& condition,
                                const nn::Condition& null,
                                double share,
                                const nn::Rng& rng,
                                std::int64_t step);

/// `own`, of so many rows, where a network has learned one; else the text of an empty caption.
nn::Condition null_or_empty(const nn::Condition& own,
                            text::TextEncoder& encoder,
                            const at::Tensor& empty_ids,
                            std::int64_t rows);

/// Warns of the first held-out caption that the tokenizer cuts or has no piece for: a vocabulary
/// that does not fit should be seen before hours are spent on it.
void warn_of_lost_words(const text::Tokenizer& tokenizer,
                        const HeldOut& held_out,
                        std::int64_t length);

/// Weights learned on other token ids would load and mean nothing: throws kInvalidArgument where
/// the model at `model` has another table than `tokenizer`. `key` is named in the message.
void check_same_tokens(const std::filesystem::path& model,
                       const std::filesystem::path& tokenizer,
                       const char* key);

/// The plain files of a folder into another, each whole or not at all.
void copy_files(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace tessera::train
