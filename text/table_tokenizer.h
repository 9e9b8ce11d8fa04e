#pragma once

#include <memory>
#include <vector>

#include "text/token_table.h"
#include "text/tokenizer.h"

namespace tessera::text {

/// The unigram model of SentencePiece (Kudo 2018) on a table in memory: of all ways to write the
/// text in pieces the one with the largest sum of scores, found by Viterbi's algorithm. What no
/// piece covers becomes byte pieces, or one <unk> a run where the table has none.
///
/// Before that the text is normalised, which is simpler than SentencePiece's nmt_nfkc_cf and the
/// same for ASCII: invalid UTF-8 and U+FFFD become spaces, A-Z become a-z, every run of white space
/// and control characters becomes one space, none at either end.
std::unique_ptr<const Tokenizer> make_table_tokenizer(std::vector<PieceEntry> entries);

}  // namespace tessera::text
