#include "data/scenes/prompts/scene_asked.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tessera::data {
namespace {

bool is_attribute(Part part) {
  return part == Part::kColour || part == Part::kSize || part == Part::kNumber;
}

/// The terms that mean something, with the pauses of those left out.
std::vector<Term> meaningful(const std::vector<Term>& terms, SceneAsked& scene) {
  std::vector<Term> out;
  bool pause = false;
  for (const Term& term : terms) {
    pause = pause || term.after_pause;
    if (term.part == Part::kFiller) continue;
    if (term.part == Part::kUnknown || term.part == Part::kForeign) scene.strange.push_back(term);
    out.push_back(term);
    out.back().after_pause = pause;
    pause = false;
  }
  return out;
}

/// One pass over the terms; positions in `terms_` are called k.
class PhraseReader {
 public:
  PhraseReader(std::vector<Term> terms, SceneAsked& scene)
      : terms_(std::move(terms)), scene_(scene) {
    taken_.resize(terms_.size());
  }

  void read() {
    leave_out_what_is_not_wanted();
    take_backgrounds();
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      if (!taken_[k]) take(k);
    }
    settle_relation();
  }

 private:
  bool is(std::size_t k, Part part) const {
    return k < terms_.size() && !taken_[k] && terms_[k].part == part;
  }
  bool pause_before(std::size_t k) const { return k >= terms_.size() || terms_[k].after_pause; }

  void leave_out_what_is_not_wanted() {
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      if (terms_[k].part != Part::kNot) continue;
      taken_[k] = true;
      for (std::size_t j = k + 1; j < terms_.size() && !terms_[j].after_pause; ++j) {
        const Part part = terms_[j].part;
        if (part == Part::kAnd || part == Part::kPhrase || part == Part::kRelation) break;
        taken_[j] = true;
        if (part == Part::kNoun) break;
      }
    }
  }

  /// The noun that an attribute at k stands before, or npos. `unknown` tells whether a word that
  /// means nothing here stands between: then the attribute is likely to be of that.
  std::size_t noun_after(std::size_t k, bool* unknown = nullptr) const {
    for (std::size_t j = k + 1; j < terms_.size(); ++j) {
      if (terms_[j].after_pause) break;
      if (terms_[j].part == Part::kNoun) return taken_[j] ? kNone : j;
      if (terms_[j].part == Part::kUnknown || terms_[j].part == Part::kForeign) {
        if (unknown != nullptr) *unknown = true;
        if (terms_[j].part == Part::kForeign) break;
        continue;
      }
      if (!is_attribute(terms_[j].part)) break;
    }
    return kNone;
  }

  void take_backgrounds() {
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      if (!is(k, Part::kBackground)) continue;
      taken_[k] = true;
      const std::size_t colour = colour_of_background(k);
      if (colour == kNone) continue;
      set_background(colour, std::min(k, colour));
    }
    for (std::size_t k = 0; k + 1 < terms_.size(); ++k) {  // "on blue"
      if (!is(k, Part::kPhrase) || !is(k + 1, Part::kColour) || terms_[k].text == "with") continue;
      bool unknown = false;
      if (noun_after(k + 1, &unknown) == kNone && !unknown) set_background(k + 1, k + 1);
    }
  }

  std::size_t colour_of_background(std::size_t k) const {
    const bool before = k > 0 && is(k - 1, Part::kColour) && !terms_[k].after_pause;
    const bool after = is(k + 1, Part::kColour) && noun_after(k + 1) == kNone;
    const bool before_is_a_things =
        before && k > 1 && terms_[k - 2].part == Part::kNoun && !terms_[k - 1].after_pause;
    if (before && !(after && before_is_a_things)) return k - 1;
    return after ? k + 1 : kNone;
  }

  /// `first` is the first term of the group; the phrase, if any, stands before it.
  void set_background(std::size_t colour, std::size_t first) {
    taken_[colour] = true;
    if (scene_.background < 0) scene_.background = terms_[colour].value;
    if (first == 0 || !is(first - 1, Part::kPhrase)) return;
    taken_[first - 1] = true;
    if (scene_.phrase.empty()) scene_.phrase = terms_[first - 1].text;
  }

  void take(std::size_t k) {
    const Term& term = terms_[k];
    switch (term.part) {
      case Part::kNoun:
        add_thing(term);
        break;
      case Part::kColour:
      case Part::kNumber:
      case Part::kSize:
        add_attribute(k);
        break;
      case Part::kRelation:
      case Part::kBeside:
        add_relation(k);
        break;
      case Part::kIts:
        its_ = term.value;
        break;
      case Part::kPosition:
        add_position(k);
        break;
      case Part::kPlace:
        if (scene_.place >= 0) break;
        scene_.place = term.value;
        scene_.grass = term.text == "grass";
        break;
      case Part::kPhrase:  // "on a chair"
        if (term.text == "on" && !scene_.things.empty() && noun_after(k) != kNone) {
          relation_ = static_cast<int>(Relation::kAbove);
        }
        break;
      case Part::kOpening:
        if (scene_.opening.empty()) scene_.opening = term.text;
        break;
      default:
        break;
    }
  }

  void add_thing(const Term& term) {
    next_.noun = term.value;
    next_.plural = term.plural;
    scene_.things.push_back(next_);
    next_ = {};
    if (scene_.things.size() == 2 && relation_ >= 0) {
      scene_.relation = relation_;
      scene_.beside = beside_;
    }
    if (scene_.things.size() >= 2) relation_ = -1;
  }

  void add_attribute(std::size_t k) {
    const Term& term = terms_[k];
    bool unknown = false;
    const bool ahead = noun_after(k, &unknown) != kNone;
    if (!ahead && (unknown || scene_.things.empty())) return;
    ThingAsked& thing = ahead ? next_ : scene_.things.back();
    if (term.part == Part::kColour && thing.colour < 0) thing.colour = term.value;
    if (term.part == Part::kNumber && ahead && thing.number == 0) thing.number = term.value;
    if (term.part == Part::kSize && thing.size.empty()) thing.size = term.text;
  }

  /// "left of" between two things, before both ("above the dog a cat"), or, at the end, no more
  /// than a place in the picture.
  void add_relation(std::size_t k) {
    const Term& term = terms_[k];
    bool more = false;
    bool unknown = false;
    for (std::size_t j = k + 1; j < terms_.size(); ++j) {
      more = more || is(j, Part::kNoun);
      unknown = unknown || is(j, Part::kUnknown) || is(j, Part::kForeign);
    }
    if (!more) {
      if (unknown) return;  // of a thing that cannot be drawn
      if (term.part == Part::kRelation && scene_.things.size() == 1) {
        constexpr std::array<int, 4> kPositionOf{3, 5, 1, 7};  // left, right, top, bottom
        scene_.things[0].position = kPositionOf[static_cast<std::size_t>(term.value)];
      } else if (term.part == Part::kRelation && scene_.things.size() >= 2) {
        its_ = term.value;
      }
      return;
    }
    if (scene_.things.size() >= 2) return;
    relation_ = term.value;
    beside_ = term.part == Part::kBeside;
    prefix_ = scene_.things.empty();
  }

  void add_position(std::size_t k) {
    const bool begins = pause_before(k) || (k > 0 && terms_[k - 1].part == Part::kAnd) || k == 0;
    bool thing_ahead = false;
    for (std::size_t j = k + 1; j < terms_.size() && !terms_[j].after_pause; ++j) {
      if (terms_[j].part == Part::kAnd || terms_[j].part == Part::kPosition) break;
      if (is(j, Part::kNoun)) thing_ahead = true;
    }
    const bool may_be_before = !scene_.things.empty() && scene_.things.back().position < 0;
    const bool forward = thing_ahead && (begins || !may_be_before);
    if (forward) {
      next_.position = terms_[k].value;
    } else if (may_be_before) {
      scene_.things.back().position = terms_[k].value;
    } else if (scene_.things.empty()) {
      next_.position = terms_[k].value;
    }
  }

  void settle_relation() {
    std::vector<ThingAsked>& things = scene_.things;
    if (its_ >= 0 && things.size() >= 2) {
      // "a car, above it a bird" and "a car with a bird above it" alike.
      std::swap(things[0], things[1]);
      scene_.relation = its_;
      scene_.beside = false;
      return;
    }
    if (prefix_ && scene_.relation >= 0) std::swap(things[0], things[1]);
    if (scene_.relation >= 0 || things.size() != 2) return;
    const int a = things[0].position;
    const int b = things[1].position;
    if (a < 0 || b < 0 || a == b) return;
    if (a % 3 != b % 3) {
      scene_.relation = static_cast<int>(a % 3 < b % 3 ? Relation::kLeft : Relation::kRight);
    } else {
      scene_.relation = static_cast<int>(a / 3 < b / 3 ? Relation::kAbove : Relation::kBelow);
    }
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Term> terms_{};
  SceneAsked& scene_;
  std::vector<bool> taken_{};
  ThingAsked next_{};  // attributes that wait for their noun
  int relation_ = -1;  // waits for its second thing
  bool beside_ = false;
  bool prefix_ = false;
  int its_ = -1;
};

}  // namespace

SceneAsked scene_asked(const std::vector<Term>& terms) {
  SceneAsked scene;
  std::vector<Term> rest = meaningful(terms, scene);
  PhraseReader(std::move(rest), scene).read();
  return scene;
}

}  // namespace tessera::data
