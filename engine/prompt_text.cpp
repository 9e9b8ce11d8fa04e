#include "engine/prompt_text.h"

#include <algorithm>
#include <sstream>

#include "core/error.h"
#include "data/scenes/scenes.h"
#include "engine/strange_words.h"
#include "io/sha256.h"
#include "io/utf8.h"
#include "jobs/shipped_file.h"
#include "text/tokenizers/clip_bpe.h"
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

constexpr const char* kClipVocabulary = "models/clip-bpe/bpe_simple_vocab_16e6.txt.gz";
constexpr const char* kNoQuirks = "original";

text::ClipQuirks quirks_of(const std::string& name) {
  if (name == kNoQuirks) return {};
  if (name == "microsoft") return text::kMicrosoftQuirks;
  if (name == "hugging-face") return text::kHuggingFaceQuirks;
  TESSERA_THROW(kInvalidArgument,
                "tokenizer must be original, microsoft or hugging-face, got \"",
                name,
                "\"");
}

/// The file that names a folder's CLIP vocabulary in a picture's metadata.
fs::path clip_file(const fs::path& folder) {
  const fs::path merges = folder / "merges.txt";
  return fs::exists(merges) ? merges : folder / fs::path(kClipVocabulary).filename();
}

/// The class that a prompt names by its number; -1 for an empty one.
std::int32_t class_of(const std::string& prompt, std::int64_t classes) {
  if (prompt.find_first_not_of(" \t\n") == std::string::npos) return -1;
  std::istringstream in(prompt);
  std::int32_t number = -1;
  std::string rest;
  const bool whole = (in >> number) && !(in >> rest);
  TESSERA_CHECK(whole && number >= 0 && number < classes,
                kInvalidArgument,
                "this model draws classes: the prompt must be a number in 0..",
                classes - 1,
                ", got \"",
                shortened({prompt}),
                "\"");
  return number;
}

/// "x" or "x (did you mean y?)".
std::string with_guess(const std::string& word, const std::optional<std::string>& meant) {
  return "\"" + word + "\"" + (meant ? " (did you mean \"" + *meant + "\"?)" : "");
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

PromptText::PromptText(const fs::path& model,
                       const pipeline::Pipeline& pipeline,
                       const std::string& quirks) {
  const pipeline::PipelineFacts& facts = pipeline.facts();
  if (!facts.generates()) return;
  condition_ = facts.condition;
  classes_ = facts.classes;
  length_ = facts.text_length;
  if (condition_ == pipeline::ConditionKind::kText) {
    open_tokenizer(model, pipeline, quirks);
  } else {
    kind_ = condition_ == pipeline::ConditionKind::kClass ? "class" : "none";
  }
  if (!pipeline.card().has_world) return;
  vocabulary_ = data::scene_vocabulary(pipeline.card().world);
  if (condition_ == pipeline::ConditionKind::kText) {
    reader_ = data::make_prompt_reader(pipeline.card().world);
  }
}

void PromptText::open_tokenizer(const fs::path& model,
                                const pipeline::Pipeline& pipeline,
                                const std::string& quirks) {
  const fs::path folder = model / pipeline::kTokenizerPart;
  const fs::path table = folder / "tokens.tsv";
  const fs::path pieces = folder / "tokenizer.model";
  if (fs::exists(pieces)) {
    own_ = text::load_sentencepiece(pieces);
    kind_ = "sentencepiece";
    hash_ = io::sha256_of_file(pieces);
    TESSERA_CHECK(own_->vocabulary_size() == pipeline.table_tokenizer().vocabulary_size(),
                  kCorruptFile,
                  pieces.string(),
                  ": has ",
                  own_->vocabulary_size(),
                  " pieces, tokens.tsv beside it ",
                  pipeline.table_tokenizer().vocabulary_size());
  } else if (fs::exists(table)) {
    kind_ = "table";
    hash_ = io::sha256_of_file(table);
  } else {
    const fs::path files = fs::is_directory(folder) ? folder : jobs::shipped_file(kClipVocabulary);
    const std::int64_t known = pipeline.facts().vocabulary;
    own_ = text::load_clip_tokenizer(files, {.vocabulary = known, .quirks = quirks_of(quirks)});
    TESSERA_CHECK(own_->vocabulary_size() <= known,
                  kCorruptFile,
                  files.string(),
                  ": has ",
                  own_->vocabulary_size(),
                  " pieces, the text encoder knows ",
                  known);
    kind_ = quirks == kNoQuirks ? "clip" : "clip-" + quirks;
    hash_ = io::sha256_of_file(fs::is_directory(files) ? clip_file(files) : files);
  }
  tokenizer_ = own_ ? own_.get() : &pipeline.table_tokenizer();
}

/// One row of what the model reads.
text::Tokens PromptText::tokens_of(const std::string& prompt) const {
  if (condition_ == pipeline::ConditionKind::kText)
    return tokenizer_->encode({&prompt, 1}, length_);
  text::Tokens tokens{.length = length_, .lengths = {static_cast<std::int32_t>(length_)}};
  if (condition_ == pipeline::ConditionKind::kClass) {
    tokens.ids = {class_of(prompt, classes_)};
    if (tokens.ids.front() < 0) tokens.lengths = {0};
  }
  return tokens;
}

std::string PromptText::caption_of(const std::string& prompt) const {
  if (!reader_) return {};
  std::string caption = reader_->read(prompt).caption;
  return caption == prompt ? std::string() : caption;
}

/// What was passed over and what was taken otherwise when the prompt was read.
std::vector<std::string> PromptText::reading_warnings(const std::string& prompt) const {
  data::PromptReading reading = reader_->read(prompt);
  std::vector<std::string> warnings;
  if (reading.caption.empty() && prompt.find_first_not_of(" \t\r\n") != std::string::npos) {
    warnings.emplace_back(
        "the prompt names nothing that this model can draw; its words are taken "
        "as they stand");
  }
  std::vector<std::string> strange;
  for (const data::StrangePromptWord& word : reading.strange) {
    strange.push_back(with_guess(word.word, word.meant));
  }
  if (!strange.empty()) {
    warnings.push_back(concat("the model was never taught ", shortened(strange)));
  }
  warnings.insert(warnings.end(), reading.notes.begin(), reading.notes.end());
  return warnings;
}

PromptTokens PromptText::encode(const GenerateRequest& resolved,
                                const GenerateRequest& asked) const {
  const auto row = [&](const std::string& prompt) {
    return PromptRow{.tokens = tokens_of(prompt)};
  };
  const std::string& said = resolved.caption.empty() ? resolved.prompt : resolved.caption;
  PromptTokens both{.wanted = row(said), .unwanted = row(resolved.negative)};
  if (resolved.prompt != asked.prompt || resolved.negative != asked.negative) {
    both.warnings.push_back("the prompt is not valid UTF-8; what is not was replaced by U+FFFD");
  }
  if (condition_ == pipeline::ConditionKind::kNone) {
    if (!resolved.prompt.empty() || !resolved.negative.empty()) {
      both.warnings.push_back("this model takes no prompt: what was said is not looked at");
    }
    return both;
  }
  const bool of_classes = condition_ == pipeline::ConditionKind::kClass;
  if (both.wanted.tokens.lengths.front() <= (of_classes ? 0 : 2)) {
    both.warnings.push_back(concat("the prompt is empty: the picture is drawn without a ",
                                   of_classes ? "class" : "caption"));
  }
  const bool read = reader_ && !resolved.literal;
  for (const std::string& warning : warnings_of(both.wanted.tokens, read ? "" : said, "prompt")) {
    both.warnings.push_back(warning);
  }
  if (read) {
    for (const std::string& warning : reading_warnings(resolved.prompt)) {
      both.warnings.push_back(warning);
    }
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
      strange.push_back(with_guess(word.word, word.meant));
    }
  }
  if (!strange.empty()) {
    std::string list = shortened(strange);
    warnings.push_back(concat("the model was never taught ", list));
  }
  return warnings;
}

}  // namespace tessera::engine
