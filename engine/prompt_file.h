#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace tessera::engine {

/// One prompt of a file, with what its line asks for; what is not set comes from the flags.
struct PromptItem {
  std::string prompt{};
  std::optional<std::string> negative{};
  std::optional<std::int64_t> seed{};  // below 0 = drawn
  std::optional<std::int64_t> steps{};
  std::optional<double> guidance{};
  std::optional<std::string> sampler{};
  std::optional<std::string> truncation{};
  std::optional<std::int32_t> width{}, height{};
  std::optional<std::int32_t> count{}, batch{}, rounds{};  // rounds x batch = count in one dialect
  std::string extra{};    // unknown keys of a JSON line, as a JSON object; "" = none
  std::int64_t line = 0;  // 1-based; 0 = not from a file
};

struct PromptFile {
  std::vector<PromptItem> items{};
  std::vector<std::string> warnings{};
};

/// Prompts, one a line, UTF-8; blank lines and lines that begin with # are skipped. Three forms,
/// told by the first line that counts:
///     a red apple --d 7 --s 20 --l 3 --n text --ss ancestral      (options behind the words)
///     --prompt "a red apple" --seed 7 --steps 20 --cfg_scale 3    (options alone, quoted like a
///     shell)
///     {"prompt": "a red apple", "seed": 7, "tag": "fruit"}        (JSON lines; unknown keys are
///     kept)
/// Invalid UTF-8 becomes U+FFFD with a warning. Throws kInvalidArgument "NAME:LINE: …" for an
/// unknown option, a value that does not parse, a JSON line without a prompt, or a file without
/// prompts.
PromptFile parse_prompts(const std::string& text, const std::string& name);

/// Puts an item's own settings over those of the flags. Throws kInvalidArgument naming the line
/// where width or height is not `side`, the only size the model draws.
GenerateRequest with_item(GenerateRequest base, const PromptItem& item, std::int32_t side);

}  // namespace tessera::engine
