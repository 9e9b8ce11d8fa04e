#include "data/scenes/prompts/caption.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

#include "core/error.h"
#include "core/listed.h"
#include "data/scenes/grammar.h"

namespace tessera::data {
namespace {

constexpr std::size_t kMostThings = 3;
constexpr int kMostOfOne = 6;
constexpr int kMostOfTwo = 3;
constexpr int kSomeThings = 3;  // "apples", "several apples"
constexpr int kCenter = 4;

class Speaker {
 public:
  Speaker(SceneAsked scene, const World& world) : s_(std::move(scene)), world_(world) {}

  Caption say() {
    if (s_.things.empty()) return {};
    leave_out_things();
    for (ThingAsked& thing : s_.things) fit(thing);
    fit_layout();
    out_.text = body() + background();
    return std::move(out_);
  }

 private:
  bool has(std::initializer_list<Kind> kinds) const {
    return std::ranges::any_of(
        world_.kinds, [&](Kind kind) { return std::ranges::find(kinds, kind) != kinds.end(); });
  }
  void note(const std::string& text) {
    if (std::ranges::find(out_.notes, text) == out_.notes.end()) out_.notes.push_back(text);
  }
  static const Noun& noun(const ThingAsked& thing) {
    return nouns()[static_cast<std::size_t>(thing.noun)];
  }
  static std::string_view colour(int index) {
    return kBackgrounds[static_cast<std::size_t>(index)].name;
  }

  /// The same thing said twice is two of it; more kinds of things than the world's scenes have go.
  void leave_out_things() {
    std::vector<ThingAsked>& things = s_.things;
    std::size_t most = has({Kind::kThree}) && s_.relation < 0 ? kMostThings : 2;
    if (!has({Kind::kRelation,
              Kind::kColouredRelation,
              Kind::kLargeSmall,
              Kind::kTwoCounts,
              Kind::kThree})) {
      most = 1;
    }
    if (things.size() <= most) return;
    note(concat("the model's scenes have ",
                most == 1   ? "one kind of thing"
                : most == 2 ? "two kinds of things"
                            : "three kinds of things",
                "; left out: ",
                listed(std::span(things).subspan(most),
                       [](const ThingAsked& thing) { return noun(thing).name; })));
    things.resize(most);
    if (most == 1) s_.relation = -1;
  }

  void fit(ThingAsked& thing) {
    fit_colour(thing);
    if (!thing.size.empty() && !has({Kind::kSize, Kind::kLargeSmall})) {
      note(concat("sizes are not part of the model's scenes; left out: ", thing.size));
      thing.size.clear();
    }
    if (thing.number == 0) thing.number = thing.plural ? kSomeThings : 1;
    const bool alone = s_.things.size() == 1;
    const int most = has({Kind::kCount}) && alone                       ? kMostOfOne
                     : has({Kind::kTwoCounts}) && s_.things.size() == 2 ? kMostOfTwo
                                                                        : 1;
    if (thing.number > most) {
      note(most == 1
               ? concat("the model's scenes show one ", noun(thing).name, ", not several")
               : concat("the model's scenes show ", most, " ", noun(thing).plural, " at most"));
    }
    thing.number = std::clamp(thing.number, 1, most);
  }

  void fit_colour(ThingAsked& thing) {
    if (thing.colour < 0) return;
    const bool coloured = has({Kind::kColour, Kind::kColouredRelation, Kind::kCount, Kind::kPlace});
    if (thing.colour >= kObjectColourCount) {
      note(concat("\"",
                  colour(thing.colour),
                  "\" is a colour of backgrounds only; the ",
                  noun(thing).name,
                  " takes its own"));
    } else if (!coloured ||
               std::ranges::find(world_.recolourable, thing.noun) == world_.recolourable.end()) {
      note(concat("the model's scenes show a ",
                  noun(thing).name,
                  " in its own colours only; left out: ",
                  colour(thing.colour)));
    } else {
      return;
    }
    thing.colour = -1;
  }

  void fit_layout() {
    ThingAsked& first = s_.things[0];
    if (s_.place >= 0 && !has({Kind::kPlace})) {
      note(concat("places are not part of the model's scenes; left out: ",
                  kPlaceKeys[static_cast<std::size_t>(s_.place)]));
      s_.place = -1;
    }
    if (s_.things.size() > 1) {
      fit_pair();
    } else if (first.position >= 0 && (!has({Kind::kPosition}) || first.number > 1)) {
      if (first.position != kCenter) {
        note(concat("the thing stands in the middle of such scenes; left out: ",
                    kPositionKeys[static_cast<std::size_t>(first.position)]));
      }
      first.position = -1;
    }
  }

  void fit_pair() {
    std::vector<ThingAsked>& things = s_.things;
    const bool counts = things.size() == 2 && (things[0].number > 1 || things[1].number > 1);
    if (counts) {
      if (s_.relation == static_cast<int>(Relation::kBelow)) std::swap(things[0], things[1]);
      if (s_.relation >= 0 && s_.relation < 2 && !s_.beside) {
        note("several things stand above others in the model's scenes, not beside them");
      }
      s_.relation = static_cast<int>(Relation::kAbove);
      return;
    }
    if (things.size() == 2 && s_.relation < 0 && fit_sizes()) return;
    for (ThingAsked& thing : things) {
      if (!thing.size.empty()) note(concat("such scenes have no sizes; left out: ", thing.size));
      thing.size.clear();
    }
    const bool relations = has({Kind::kRelation, Kind::kColouredRelation});
    if (things.size() == 2 && relations && (s_.relation < 0 || s_.beside)) {
      s_.relation = static_cast<int>(Relation::kLeft);  // two things have to stand somehow
    } else if (!relations && s_.relation >= 0) {
      note("the model's scenes do not say where two things stand");
      s_.relation = -1;
    }
  }

  /// "a large … and a small …", the large one first, in one pair of words.
  bool fit_sizes() {
    if (!has({Kind::kLargeSmall})) return false;
    const auto large = [](const ThingAsked& t) { return t.size == "large" || t.size == "big"; };
    const auto small = [](const ThingAsked& t) { return t.size == "small" || t.size == "tiny"; };
    std::vector<ThingAsked>& things = s_.things;
    if (!(large(things[0]) && small(things[1])) && !(small(things[0]) && large(things[1]))) {
      return false;
    }
    if (small(things[0])) std::swap(things[0], things[1]);
    things[1].size = things[0].size == "big" ? "tiny" : "small";
    for (ThingAsked& thing : things) {
      if (thing.colour >= 0) {
        note(concat("such scenes have no colours of things; left out: ", colour(thing.colour)));
      }
      thing.colour = -1;
    }
    return true;
  }

  static std::string_view article_of(std::string_view word) {
    return std::string_view("aeiou").find(word.front()) == std::string_view::npos ? "a" : "an";
  }

  std::string thing_words(const ThingAsked& thing) const {
    constexpr std::array<std::string_view, 5> kNumbers{"two", "three", "four", "five", "six"};
    std::string words;
    if (!thing.size.empty()) words += thing.size + " ";
    if (thing.colour >= 0) words += concat(colour(thing.colour), " ");
    if (thing.number > 1) {
      return concat(
          kNumbers[static_cast<std::size_t>(thing.number - 2)], " ", words, noun(thing).plural);
    }
    const std::string_view article = words.empty() ? noun(thing).article : article_of(words);
    return concat(article, " ", words, noun(thing).name);
  }

  std::string body() const {
    const std::vector<ThingAsked>& things = s_.things;
    std::string first = thing_words(things[0]);
    if (things.size() == 3) {
      return concat(first, ", ", thing_words(things[1]), " and ", thing_words(things[2]));
    }
    if (things.size() == 2) {
      const std::string_view between =
          s_.relation < 0 ? "and" : relation_words(static_cast<Relation>(s_.relation));
      return concat(first, " ", between, " ", thing_words(things[1]));
    }
    if (things[0].position >= 0) {
      return concat(first, " ", position_words(things[0].position));
    }
    if (things[0].number > 1 && !s_.opening.empty() && s_.place < 0)
      return concat(s_.opening, " ", first);
    return first;
  }

  std::string background() {
    if (s_.place >= 0) {
      if (s_.background >= 0) note("a place is the background itself; left out: its colour");
      return concat(" ", s_.grass ? kGrassWords : place_words(s_.place));
    }
    if (s_.background < 0) return {};
    const std::string_view name = colour(s_.background);
    return concat(
        " ", s_.phrase.empty() ? "on" : s_.phrase, " ", article_of(name), " ", name, " background");
  }

  SceneAsked s_;
  const World& world_;
  Caption out_{};
};

}  // namespace

Caption caption_of(SceneAsked scene, const World& world) {
  return Speaker(std::move(scene), world).say();
}

}  // namespace tessera::data
