#include "text/tokenizers/clip_bpe.h"

#include <algorithm>

#include "core/error.h"
#include "io/utf8.h"
#include "text/tokenizers/clip_vocabulary.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {
namespace fs = std::filesystem;

constexpr std::int32_t kClipPad = 0;
constexpr char32_t kExclamation = U'!';

class ClipTokenizer final : public Tokenizer {
 public:
  ClipTokenizer(ClipVocabulary vocabulary, const ClipQuirks& quirks)
      : vocabulary_(std::move(vocabulary)), quirks_(quirks) {}

  Tokens encode(std::span<const std::string> prompts, std::int64_t length) const override {
    TESSERA_CHECK(length >= 2,
                  kInvalidArgument,
                  "a row of tokens needs a length of at least 2, got ",
                  length);
    Tokens rows{.length = length};
    rows.ids.reserve(prompts.size() * static_cast<std::size_t>(length));
    for (const std::string& prompt : prompts) append_row(prompt, rows);
    rows.unknown.resize(prompts.size());
    return rows;
  }

  std::string decode(std::span<const std::int32_t> ids) const override {
    while (!ids.empty() && ids.back() == kClipPad) ids = ids.first(ids.size() - 1);
    std::string text;
    for (const std::int32_t id : ids) {
      TESSERA_CHECK(id >= 0 && id < vocabulary_size(),
                    kInvalidArgument,
                    "ids are 0 to ",
                    vocabulary_size() - 1,
                    ", got ",
                    id);
      const auto index = static_cast<std::size_t>(id);
      text += vocabulary_.bytes[index];
      if (vocabulary_.ends_word[index]) text += ' ';
    }
    if (text.ends_with(' ')) text.pop_back();
    return io::repaired_utf8(text);
  }

  std::int64_t vocabulary_size() const override { return vocabulary_.size(); }

 private:
  /// Ids of one piece.
  void append_piece(const ClipPiece& piece, std::vector<std::int32_t>& ids) const {
    if (piece.special) {
      ids.push_back(piece.text == kClipStart ? vocabulary_.start : vocabulary_.end);
      return;
    }
    std::vector<std::int32_t> symbols;
    const std::string bytes = utf8(piece.text);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto& table = i + 1 == bytes.size() ? vocabulary_.last_byte : vocabulary_.byte;
      symbols.push_back(table.at(static_cast<unsigned char>(bytes[i])));
    }
    const std::vector<std::int32_t> merged = vocabulary_.pairs.merge(symbols);
    ids.insert(ids.end(), merged.begin(), merged.end());
  }

  /// The pieces of `text`; with the quirk, every "!" is a piece of its own that parts the others.
  std::vector<ClipPiece> pieces_of(std::u32string_view text) const {
    if (!quirks_.pad_is_exclamation) return split_clip_text(text);
    std::vector<ClipPiece> pieces;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(kExclamation, begin), text.size());
      for (ClipPiece piece : split_clip_text(text.substr(begin, end - begin))) {
        piece.begin += begin;
        pieces.push_back(piece);
      }
      if (end < text.size()) pieces.push_back({.begin = end, .text = text.substr(end, 1)});
      begin = end + 1;
    }
    return pieces;
  }

  void append_row(const std::string& prompt, Tokens& rows) const {
    const std::u32string text = clean_clip_text(prompt, quirks_.cleaning);
    const auto length = static_cast<std::size_t>(rows.length);
    const std::size_t room = quirks_.cut_end ? length : length - 1;  // of a row that is too long
    std::vector<std::int32_t> ids{vocabulary_.start};
    std::size_t cut = text.size();  // where the first piece begins that does not fit as a whole
    for (const ClipPiece& piece : pieces_of(text)) {
      if (quirks_.pad_is_exclamation && piece.text.front() == kExclamation) {
        ids.push_back(kClipPad);
      } else {
        append_piece(piece, ids);
      }
      if (ids.size() > room) {
        cut = piece.begin;
        break;
      }
    }
    const bool fits = ids.size() < length;
    if (fits || !quirks_.cut_end) {
      ids.resize(std::min(ids.size(), length - 1));
      ids.push_back(vocabulary_.end);
    }
    rows.lengths.push_back(static_cast<std::int32_t>(std::min(ids.size(), length)));
    ids.resize(length, kClipPad);
    rows.ids.insert(rows.ids.end(), ids.begin(), ids.end());
    rows.cut.push_back(words_from(text, cut));
  }

  /// The words from the one that holds position `at` on.
  static std::string words_from(std::u32string_view text, std::size_t at) {
    if (at >= text.size()) return {};
    const std::size_t space = text.rfind(U' ', at);
    return utf8(text.substr(space == text.npos ? 0 : space + 1));
  }

  ClipVocabulary vocabulary_;
  ClipQuirks quirks_;
};

}  // namespace

std::unique_ptr<const Tokenizer> load_clip_tokenizer(const fs::path& files,
                                                     const ClipTokenizerOptions& options) {
  constexpr const char* kOpenAiFile = "bpe_simple_vocab_16e6.txt.gz";
  ClipVocabulary vocabulary;
  if (fs::exists(files / "vocab.json")) {
    vocabulary = read_hugging_face_vocabulary(files / "vocab.json", files / "merges.txt");
  } else {
    vocabulary = read_openai_vocabulary(fs::is_directory(files) ? files / kOpenAiFile : files,
                                        options.vocabulary);
  }
  return std::make_unique<ClipTokenizer>(std::move(vocabulary), options.quirks);
}

}  // namespace tessera::text
