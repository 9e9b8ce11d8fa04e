#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace tessera {

/// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
std::size_t edit_distance(const std::string& a, const std::string& b);

/// The known word that a misspelt one most likely means: at most one edit in words of three or
/// four letters, two in longer ones. None where nothing is that near.
std::optional<std::string> nearest_word(const std::string& word,
                                        std::span<const std::string> known);

}  // namespace tessera
