#pragma once

#include <cstdint>

#include "core/options.h"
#include "engine/training.h"

namespace tessera::engine {

/// Section "train" of a tokenizer's configuration.
struct TokenizerCorpus {
  std::int64_t captions = 200'000;
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, TokenizerCorpus& o) {
  v("captions", o.captions, "captions that are read, from the start of the data");
}

/// Stage "tokenizer": a SentencePiece vocabulary of the data's captions.
TrainingSummary train_tokenizer(const TrainingRequest& request,
                                const ProgressSink& progress,
                                std::stop_token stop);

}  // namespace tessera::engine
