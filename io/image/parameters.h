#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tessera::io {

/// The text under the PNG keyword "parameters", in the form that picture tools have agreed on:
///     a red apple
///     Negative prompt: blurry
///     Steps: 20, Sampler: ancestral, CFG scale: 3, Seed: 7, Size: 64x64, Model: starter
/// It is for other programs and for people: a prompt whose own lines look like these cannot be told
/// apart. The exact record is the JSON under "tessera".
struct Parameters {
  std::string prompt{};                                       // may have several lines
  std::string negative{};                                     // its line is absent when empty
  std::vector<std::pair<std::string, std::string>> fields{};  // "Steps" -> "20", in order
};

/// Values with a comma, colon or line break are written as JSON strings; empty ones are left out.
std::string to_text(const Parameters& parameters);

/// The last line is fields only where it has at least three; a value "64x48" of KEY comes as KEY-1
/// "64" and KEY-2 "48". Never throws: any text is a prompt.
Parameters parse_parameters(const std::string& text);

}  // namespace tessera::io
