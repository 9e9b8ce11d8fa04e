#include "text/tokenizers/sentencepiece.h"

#include <set>
#include <sstream>
#include <vector>

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "text/token_rows.h"
#include "text/token_table.h"
#include "text/tokenizers/normalise.h"

namespace tessera::text {
namespace {

using sentencepiece::SentencePieceProcessor;

std::unique_ptr<SentencePieceProcessor> parse_model(const std::string& bytes,
                                                    const std::string& name) {
  auto model = std::make_unique<SentencePieceProcessor>();
  const auto status = model->LoadFromSerializedProto(bytes);
  TESSERA_CHECK(status.ok(), kCorruptFile, name, " is not a SentencePiece model");
  TESSERA_CHECK(model->pad_id() == kPad && model->unk_id() == kUnknown &&
                    model->bos_id() == kBegin && model->eos_id() == kEnd,
                kCorruptFile,
                name,
                ": <pad>, <unk>, <bos> and <eos> must have the ids 0, 1, 2 and 3");
  return model;
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  explicit SentencePieceTokenizer(std::unique_ptr<const SentencePieceProcessor> model)
      : model_(std::move(model)) {}

  Tokens encode(std::span<const std::string> prompts, std::int64_t length) const override {
    std::vector<std::vector<Piece>> rows;
    for (const std::string& prompt : prompts) rows.push_back(pieces(normalise(prompt)));
    return make_rows(rows, length);
  }

  std::string decode(std::span<const std::int32_t> ids) const override {
    for (const std::int32_t id : ids) {
      TESSERA_CHECK(id >= 0 && id < vocabulary_size(),
                    kInvalidArgument,
                    "ids are 0 to ",
                    vocabulary_size() - 1,
                    ", got ",
                    id);
    }
    return model_->DecodeIds(std::vector<int>(ids.begin(), ids.end()));
  }

  std::int64_t vocabulary_size() const override { return model_->GetPieceSize(); }

 private:
  std::vector<Piece> pieces(const std::string& text) const {
    std::vector<Piece> result;
    const auto encoded = model_->EncodeAsImmutableProto(text);  // owns what the pieces point at
    for (const auto& piece : encoded.pieces()) {
      const auto id = static_cast<std::int32_t>(piece.id());
      const bool byte = model_->IsByte(id);
      result.push_back(
          {.id = id,
           .text = byte ? std::string(1, static_cast<char>(byte_of_piece(piece.piece())))
                        : piece.piece(),
           .fallback = byte || model_->IsUnknown(id)});
    }
    return result;
  }

  std::unique_ptr<const SentencePieceProcessor> model_;
};

/// Hands the trainer the captions and then, once for each of their words, "word word". The trainer
/// considers a piece only where two different characters follow it somewhere; without these lines a
/// word that always stands before a space, or always ends the caption, would never be one piece.
class CorpusIterator final : public sentencepiece::SentenceIterator {
 public:
  explicit CorpusIterator(std::span<const std::string> captions) : captions_(captions) { Next(); }
  bool done() const override { return done_; }
  const std::string& value() const override { return text_; }
  sentencepiece::util::Status status() const override { return {}; }

  void Next() override {
    while (next_ < captions_.size()) {
      text_ = normalise(captions_[next_++]);
      std::istringstream words(text_);
      bool blank = true;
      for (std::string word; words >> word; blank = false) words_.insert(word);
      if (!blank) return;
    }
    done_ = words_.empty();
    if (done_) return;
    const std::string word = words_.extract(words_.begin()).value();
    text_ = word + " " + word;
  }

 private:
  std::span<const std::string> captions_;
  std::size_t next_ = 0;
  std::set<std::string> words_;
  std::string text_;
  bool done_ = false;
};

std::vector<PieceEntry> entries_of(const SentencePieceProcessor& model) {
  std::vector<PieceEntry> entries;
  for (int id = 0; id < model.GetPieceSize(); ++id) {
    const PieceKind kind = model.IsControl(id)   ? PieceKind::kControl
                           : model.IsUnknown(id) ? PieceKind::kUnk
                           : model.IsByte(id)    ? PieceKind::kByte
                                                 : PieceKind::kNormal;
    entries.push_back({.piece = model.IdToPiece(id), .score = model.GetScore(id), .kind = kind});
  }
  return entries;
}

}  // namespace

std::unique_ptr<const Tokenizer> load_sentencepiece(const std::filesystem::path& model) {
  return std::make_unique<SentencePieceTokenizer>(parse_model(read_file(model), model.string()));
}

void SentencePieceOptions::validate() const {
  constexpr std::int64_t kFixed = 260;  // bytes and controls
  TESSERA_CHECK(vocabulary > kFixed && vocabulary <= 1'000'000,
                kInvalidArgument,
                "vocabulary must be over ",
                kFixed,
                " and at most 1000000, got ",
                vocabulary);
  TESSERA_CHECK(coverage > 0.9 && coverage <= 1.0,
                kInvalidArgument,
                "coverage must be over 0.9 and at most 1, got ",
                coverage);
}

void train_sentencepiece(std::span<const std::string> captions,
                         const SentencePieceOptions& options,
                         const std::filesystem::path& folder) {
  options.validate();
  CorpusIterator iterator(captions);
  TESSERA_CHECK(!iterator.done(), kInvalidArgument, "there is no text to train a tokenizer on");
  std::string bytes;
  const auto status = sentencepiece::SentencePieceTrainer::Train(
      {{"model_type", "unigram"},
       {"vocab_size", std::to_string(options.vocabulary)},
       {"character_coverage", std::to_string(options.coverage)},
       {"hard_vocab_limit", "false"},
       {"byte_fallback", "true"},
       {"normalization_rule_name", "nmt_nfkc_cf"},
       {"pad_id", std::to_string(kPad)},
       {"unk_id", std::to_string(kUnknown)},
       {"bos_id", std::to_string(kBegin)},
       {"eos_id", std::to_string(kEnd)},
       {"pad_piece", "<pad>"},
       {"bos_piece", "<bos>"},
       {"eos_piece", "<eos>"},
       {"num_threads", "1"},
       {"minloglevel", "3"}},
      &iterator,
      &bytes);
  TESSERA_CHECK(status.ok(),
                kInvalidArgument,
                "the tokenizer cannot be trained with ",
                options.vocabulary,
                " pieces: ",
                status.ToString());
  std::filesystem::create_directories(folder);
  const auto model = parse_model(bytes, "the trained model");
  write_token_table(folder / "tokens.tsv", entries_of(*model));
  write_file_atomically(folder / "tokenizer.model", bytes);
}

}  // namespace tessera::text
