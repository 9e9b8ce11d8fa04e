#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/scenes/prompts/prompt_reader.h"
#include "engine/engine.h"
#include "pipeline/pipeline.h"
#include "text/tokenizer.h"

namespace tessera::engine {

/// The tokens of one prompt, repeated for a batch.
struct PromptRow {
  text::Tokens tokens{};  // one row
  text::Tokens rows_of(std::int64_t count) const;
};

struct PromptTokens {
  PromptRow wanted{};
  PromptRow unwanted{};
  std::vector<std::string> warnings{};
};

/// Prompts to tokens, and what a user should know about what became of them: words cut, words that
/// the model was never taught, bytes that were no text.
class PromptText {
 public:
  /// Takes what the model reads: classes, or nothing; SentencePiece where it has a tokenizer.model;
  /// a table of pieces; else CLIP's byte pairs, from its own tokenizer folder or the shipped file,
  /// with the `quirks` original, microsoft or hugging-face.
  PromptText(const std::filesystem::path& model,
             const pipeline::Pipeline& pipeline,
             const std::string& quirks);

  /// The prompt as the captions of the model's world would say it; "" where that is the prompt
  /// itself, where nothing in it can be drawn, and for models of no world.
  std::string caption_of(const std::string& prompt) const;

  /// `resolved` holds the cleaned texts and the caption, `asked` the original ones.
  PromptTokens encode(const GenerateRequest& resolved, const GenerateRequest& asked) const;
  std::string kind() const { return kind_; }
  const std::string& hash() const { return hash_; }  // SHA-256 of the tokenizer's file

 private:
  void open_tokenizer(const std::filesystem::path& model,
                      const pipeline::Pipeline& pipeline,
                      const std::string& quirks);
  text::Tokens tokens_of(const std::string& prompt) const;
  std::vector<std::string> reading_warnings(const std::string& prompt) const;
  std::vector<std::string> warnings_of(const text::Tokens& tokens,
                                       const std::string& prompt,
                                       const char* what) const;

  std::unique_ptr<const text::Tokenizer> own_{};
  const text::Tokenizer* tokenizer_ = nullptr;
  pipeline::ConditionKind condition_ = pipeline::ConditionKind::kText;
  std::int64_t classes_ = 0;
  std::int64_t length_ = 0;
  std::string kind_{};
  std::string hash_{};
  std::vector<std::string> vocabulary_{};               // of the model's world; empty = no world
  std::unique_ptr<const data::PromptReader> reader_{};  // of that world, or none
};

}  // namespace tessera::engine
