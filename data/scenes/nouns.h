#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tessera::data {

/// One row of the noun table. nouns.tsv beside this file holds the same rows for tools and readers;
/// a test compares the two.
struct Noun {
  std::string_view name{};
  std::string_view plural{};
  std::string_view article{};    // "a" or "an"
  std::uint32_t code_point = 0;  // of the emoji whose artwork shows it
  std::string_view group{};      // animal, plant, food, vehicle, place, sky, object
  int recolour_rank = -1;        // 0..47 where the sprite has one dominant hue, else -1
};

inline constexpr int kNounCount = 200;
inline constexpr int kRecolourableCount = 48;

/// The noun table; the order is that of the atlas and never changes.
std::span<const Noun, kNounCount> nouns();

/// Row of a noun, or -1.
int find_noun(std::string_view name);

/// Row of the recolourable noun with that rank, 0..47.
int recolourable_noun(int rank);

}  // namespace tessera::data
