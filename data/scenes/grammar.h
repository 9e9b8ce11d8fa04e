#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "data/scenes/scene.h"
#include "data/scenes/world.h"

namespace tessera::data {

inline constexpr std::array<std::string_view, kPositionCount> kPositionKeys{"top left",
                                                                            "top",
                                                                            "top right",
                                                                            "left",
                                                                            "center",
                                                                            "right",
                                                                            "bottom left",
                                                                            "bottom",
                                                                            "bottom right"};
inline constexpr std::array<std::string_view, kPlaceCount> kPlaceKeys{
    "field", "beach", "sea", "night", "snow", "desert", "space", "water", "room", "road"};
inline constexpr std::array<std::string_view, 4> kRelationKeys{"left", "right", "above", "below"};

/// Values of wording[0], the background phrase, and wording[1], the opening of a count.
inline constexpr int kPhraseOn = 0;
inline constexpr int kPhraseWith = 1;
inline constexpr int kPhraseAgainst = 2;
inline constexpr int kPhraseNone = 3;
inline constexpr int kOpeningHeldOut = 3;

/// Does the caption say which background it is?
inline bool names_background(const Scene& scene) {
  return scene.place >= 0 || scene.wording[0] != kPhraseNone;
}

/// How captions say a position (0..8), a relation of the first thing to the second, a place (0..9).
std::string_view position_words(int position);
std::string_view relation_words(Relation relation);
std::string_view place_words(int place);
inline constexpr std::string_view kGrassWords = "on grass";  // the field by its other name

/// The caption.
std::string say_scene(const Scene& scene);

/// Words of all captions of a world, sorted, without punctuation.
std::vector<std::string> words_of(const World& world);

}  // namespace tessera::data
