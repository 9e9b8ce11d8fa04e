#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/options.h"
#include "text/tokenizer.h"

namespace tessera::text {

/// A SentencePiece model made by train_sentencepiece ("tokenizer.model"). Prompts go through
/// normalise() and then the model's own normalisation, which folds case: "Red Apple" = "red apple".
/// Throws kNotFound, kCorruptFile (not a model, or not with Tessera's ids of <pad>, <unk>, <bos>,
/// <eos>).
std::unique_ptr<const Tokenizer> load_sentencepiece(const std::filesystem::path& model);

struct SentencePieceOptions {
  std::int64_t vocabulary = 2048;
  double coverage = 1.0;
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, SentencePieceOptions& o) {
  v("vocabulary",
    o.vocabulary,
    "most pieces, 260 for bytes and controls included; fewer if the text has fewer");
  v("coverage", o.coverage, "share of the text's characters that get a piece; the rest is bytes");
}

/// Trains a unigram model on captions, one a line, and writes tokenizer.model and tokens.tsv into
/// `folder` (made where missing), each atomically. One thread, no randomness: the same captions in
/// the same order give the same bytes. Writes nothing to the standard streams.
/// Throws kInvalidArgument (no text, a vocabulary too small for its letters), kIo.
void train_sentencepiece(std::span<const std::string> captions,
                         const SentencePieceOptions& options,
                         const std::filesystem::path& folder);

}  // namespace tessera::text
