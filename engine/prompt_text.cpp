#include "engine/prompt_text.h"

#include <algorithm>
#include <sstream>

#include "core/error.h"
#include "data/scenes/scenes.h"
#include "engine/strange_words.h"
#include "io/sha256.h"
#include "io/utf8.h"
#include "text/tokenizers/sentencepiece.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

/// At most `most` words, long ones cut, then how many more there are.
std::string shortened(const std::vector<std::string>& words, std::size_t most = 8) {
  constexpr std::size_t kLongest = 60;
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), most); ++i) {
    if (i > 0) text += ' ';
    text.append(words[i], 0, kLongest);
    if (words[i].size() > kLongest) text += "...";
  }
  if (words.size() > most) text += concat(" … and ", words.size() - most, " more");
  return io::repaired_utf8(text);
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

text::Tokens PromptRow::rows_of(std::int64_t count) const {
  text::Tokens batch{.length = tokens.length};
  for (std::int64_t row = 0; row < count; ++row) {
    batch.ids.insert(batch.ids.end(), tokens.ids.begin(), tokens.ids.end());
    batch.lengths.push_back(tokens.lengths.front());
  }
  return batch;
}

PromptText::PromptText(const fs::path& model, const pipeline::Pipeline& pipeline) {
  if (!pipeline.facts().generates()) return;
  const fs::path table = model / pipeline::kTokenizerPart / "tokens.tsv";
  const fs::path pieces = model / pipeline::kTokenizerPart / "tokenizer.model";
  if (fs::exists(pieces)) {
    own_ = text::load_sentencepiece(pieces);
    TESSERA_CHECK(own_->vocabulary_size() == pipeline.table_tokenizer().vocabulary_size(),
                  kCorruptFile,
                  pieces.string(),
                  ": has ",
                  own_->vocabulary_size(),
                  " pieces, tokens.tsv beside it ",
                  pipeline.table_tokenizer().vocabulary_size());
  }
  tokenizer_ = own_ ? own_.get() : &pipeline.table_tokenizer();
  kind_ = own_ ? "sentencepiece" : "table";
  hash_ = io::sha256_of_file(own_ ? pieces : table);
  length_ = pipeline.facts().text_length;
  if (pipeline.card().has_world) vocabulary_ = data::scene_vocabulary(pipeline.card().world);
}

PromptTokens PromptText::encode(const GenerateRequest& resolved,
                                const GenerateRequest& asked) const {
  const auto row = [&](const std::string& prompt) {
    return PromptRow{.tokens = tokenizer_->encode({&prompt, 1}, length_)};
  };
  PromptTokens both{.wanted = row(resolved.prompt), .unwanted = row(resolved.negative)};
  if (resolved.prompt != asked.prompt || resolved.negative != asked.negative) {
    both.warnings.push_back("the prompt is not valid UTF-8; what is not was replaced by U+FFFD");
  }
  if (both.wanted.tokens.lengths.front() <= 2) {
    both.warnings.push_back("the prompt is empty: the picture is drawn without a caption");
  }
  for (const std::string& warning : warnings_of(both.wanted.tokens, resolved.prompt, "prompt")) {
    both.warnings.push_back(warning);
  }
  for (const std::string& warning :
       warnings_of(both.unwanted.tokens, resolved.negative, "negative prompt")) {
    both.warnings.push_back(warning);
  }
  return both;
}

std::vector<std::string> PromptText::warnings_of(const text::Tokens& tokens,
                                                 const std::string& prompt,
                                                 const char* what) const {
  std::vector<std::string> warnings;
  const std::vector<std::string> cut = split(tokens.cut.empty() ? "" : tokens.cut.front());
  if (!cut.empty()) {
    warnings.push_back(concat("the ",
                              what,
                              " is longer than the model's ",
                              length_,
                              " tokens; ",
                              cut.size(),
                              cut.size() == 1 ? " word was cut: " : " words were cut: ",
                              shortened(cut)));
  }
  std::vector<std::string> strange;
  if (vocabulary_.empty()) {
    if (!tokens.unknown.empty()) strange = tokens.unknown.front();
  } else {
    for (const StrangeWord& word : strange_words(prompt, vocabulary_)) {
      strange.push_back("\"" + word.word + "\"" +
                        (word.meant ? " (did you mean \"" + *word.meant + "\"?)" : ""));
    }
  }
  if (!strange.empty()) {
    std::string list = shortened(strange);
    warnings.push_back(concat("the model was never taught ", list));
  }
  return warnings;
}

}  // namespace tessera::engine
