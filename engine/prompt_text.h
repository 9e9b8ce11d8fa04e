#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

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
  /// Takes SentencePiece where the model has a tokenizer.model, else the table of pieces.
  PromptText(const std::filesystem::path& model, const pipeline::Pipeline& pipeline);

  /// `resolved` holds the cleaned texts, `asked` the original ones.
  PromptTokens encode(const GenerateRequest& resolved, const GenerateRequest& asked) const;
  std::string kind() const { return kind_; }
  const std::string& hash() const { return hash_; }  // SHA-256 of the tokenizer's file

 private:
  std::vector<std::string> warnings_of(const text::Tokens& tokens,
                                       const std::string& prompt,
                                       const char* what) const;

  std::unique_ptr<const text::Tokenizer> own_{};
  const text::Tokenizer* tokenizer_ = nullptr;
  std::int64_t length_ = 0;
  std::string kind_{};
  std::string hash_{};
  std::vector<std::string> vocabulary_{};  // of the model's world; empty = no world
};

}  // namespace tessera::engine
