#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/scenes/world.h"

namespace tessera::data {

/// What a word or a group of words is for in a prompt.
enum class Part {
  kNoun,        // value = row of the noun table
  kColour,      // value = index of kBackgrounds; the first seven are the colours of objects too
  kNumber,      // value = how many
  kSize,        // value = 0 large, 1 small; text = the caption's word
  kRelation,    // value = Relation
  kBeside,      // two things side by side, no matter which is left
  kIts,         // value = Relation of what comes next to what came before ("to its left")
  kPosition,    // value = 0..8
  kPlace,       // value = 0..9; text = "grass" for the other name of the field
  kBackground,  // the word "background"
  kPhrase,      // on, with, against
  kAnd,
  kOpening,  // text = the caption's opening of a count
  kNot,
  kFiller,   // says nothing of the picture
  kForeign,  // a noun of the table that this world does not have
  kUnknown,
};

/// A word or group of words of a prompt.
struct Term {
  Part part = Part::kUnknown;
  int value = 0;
  std::string text{};        // what stands in a caption; as met for kUnknown and kForeign
  bool plural = false;       // of a noun: a form that only several have
  bool after_pause = false;  // a comma, full stop or line break comes before it
};

/// The file that is compiled in: lexicon.tsv.
std::string_view lexicon_text();

/// The words by which people say what a world's captions say: its nouns in both numbers, written in
/// one word or two, as emoji, and by synonyms that mean no other noun; colours, numbers, places.
class Lexicon {
 public:
  /// Throws kInternal where lexicon.tsv names what the tables of the world do not hold.
  explicit Lexicon(const World& world);

  /// Lower case, without punctuation; the longest groups of words that have a meaning.
  std::vector<Term> terms(std::string_view prompt) const;
  /// Single words that mean something here, sorted: what a misspelling may be of.
  const std::vector<std::string>& words() const { return words_; }

 private:
  struct Entry {
    Part part = Part::kUnknown;
    int value = 0;
    std::string text{};
    bool plural = false;
  };
  void add_noun(int row, bool in_world);
  void add_synonym(std::string_view words, int row, bool in_world);
  void add_form(const std::string& words, const Entry& entry);
  void add_line(std::string_view line, const World& world);

  std::map<std::string, Entry, std::less<>> entries_{};
  std::vector<std::string> words_{};
};

}  // namespace tessera::data
