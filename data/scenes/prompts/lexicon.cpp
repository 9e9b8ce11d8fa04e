#include "data/scenes/prompts/lexicon.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "core/error.h"
#include "data/scenes/grammar.h"
#include "data/scenes/prompts/prompt_words.h"

namespace tessera::data {
namespace {

constexpr std::size_t kLongestGroup = 7;  // words
constexpr int kLargestNumber = 99;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

template <typename Table>
int known_index_in(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table, name);
  TESSERA_CHECK(found != std::end(table), kInternal, "lexicon.tsv: \"", name, "\" is not known");
  return static_cast<int>(found - std::begin(table));
}

int number_of(std::string_view digits) {
  int value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed == std::errc::result_out_of_range) return kLargestNumber;
  if (failed != std::errc{} || end != digits.data() + digits.size()) return -1;
  return std::min(value, kLargestNumber);
}

/// The regular plural of the last word.
std::string plural_of(const std::string& word) {
  const auto ends = [&word](std::string_view tail) { return word.ends_with(tail); };
  if (ends("man")) return word.substr(0, word.size() - 2) + "en";
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return word + "es";
  constexpr std::string_view kVowels = "aeiou";
  if (ends("y") && word.size() > 1 &&
      kVowels.find(word[word.size() - 2]) == std::string_view::npos) {
    return word.substr(0, word.size() - 1) + "ies";
  }
  return word + "s";
}

/// Words as prompt_words() gives them, one space between.
std::string normal(std::string_view words) {
  std::string out;
  for (const PromptWord& word : prompt_words(words)) out += (out.empty() ? "" : " ") + word.text;
  return out;
}

struct Class {
  std::string_view name{};
  Part part = Part::kUnknown;
};
constexpr std::array<Class, 14> kClasses{{{"colour", Part::kColour},
                                          {"number", Part::kNumber},
                                          {"size", Part::kSize},
                                          {"relation", Part::kRelation},
                                          {"beside", Part::kBeside},
                                          {"its", Part::kIts},
                                          {"position", Part::kPosition},
                                          {"place", Part::kPlace},
                                          {"background", Part::kBackground},
                                          {"phrase", Part::kPhrase},
                                          {"and", Part::kAnd},
                                          {"opening", Part::kOpening},
                                          {"not", Part::kNot},
                                          {"filler", Part::kFiller}}};

Part part_named(std::string_view name) {
  for (const Class& known : kClasses) {
    if (known.name == name) return known.part;
  }
  TESSERA_THROW(kInternal, "lexicon.tsv: \"", name, "\" is no part of speech");
}

int value_of(Part part, std::string_view meaning) {
  switch (part) {
    case Part::kColour: {
      std::vector<std::string_view> names;
      for (const BackgroundColour& colour : kBackgrounds) names.push_back(colour.name);
      return known_index_in(names, meaning);
    }
    case Part::kNumber:
      return number_of(meaning);
    case Part::kSize:
      return meaning == "large" || meaning == "big" ? 0 : 1;
    case Part::kRelation:
    case Part::kBeside:
    case Part::kIts:
      return known_index_in(kRelationKeys, meaning);
    case Part::kPosition:
      return known_index_in(kPositionKeys, meaning);
    case Part::kPlace:
      return meaning == "grass" ? 0 : known_index_in(kPlaceKeys, meaning);
    default:
      return 0;
  }
}

}  // namespace

Lexicon::Lexicon(const World& world) {
  for (int row = 0; row < kNounCount; ++row) {
    add_noun(row, std::ranges::binary_search(world.nouns, row));
  }
  for (const std::string_view line : split(lexicon_text(), '\n')) {
    if (!line.empty() && line.front() != '#') add_line(line, world);
  }
  std::set<std::string> words;
  for (const auto& [group, entry] : entries_) {
    if (entry.part == Part::kForeign || entry.part == Part::kFiller) continue;
    if (entry.part != Part::kNoun && group.find(' ') != std::string::npos) continue;
    for (const std::string_view word : split(group, ' ')) words.emplace(word);
  }
  words_.assign(words.begin(), words.end());
}

void Lexicon::add_line(std::string_view line, const World& world) {
  const std::vector<std::string_view> fields = split(line, '\t');
  TESSERA_CHECK(fields.size() == 4, kInternal, "lexicon.tsv: not four fields: \"", line, "\"");
  if (fields[0] == "noun") {
    const int row = find_noun(fields[2]);
    TESSERA_CHECK(row >= 0, kInternal, "lexicon.tsv: \"", fields[2], "\" is no noun");
    add_synonym(fields[1], row, std::ranges::binary_search(world.nouns, row));
    return;
  }
  const Part part = part_named(fields[0]);
  const Entry entry{
      .part = part, .value = value_of(part, fields[2]), .text = std::string(fields[2])};
  const bool added = entries_.emplace(normal(fields[1]), entry).second;
  TESSERA_CHECK(added, kInternal, "lexicon.tsv: \"", fields[1], "\" is there twice");
}

/// In two words or one: "ice cream", "icecream". What is there already stays.
void Lexicon::add_form(const std::string& words, const Entry& entry) {
  entries_.emplace(words, entry);
  std::string solid = words;
  std::erase(solid, ' ');
  entries_.emplace(solid, entry);
}

void Lexicon::add_noun(int row, bool in_world) {
  const Noun& noun = nouns()[static_cast<std::size_t>(row)];
  Entry entry{.part = in_world ? Part::kNoun : Part::kForeign,
              .value = row,
              .text = std::string(noun.name)};
  add_form(std::string(noun.name), entry);
  entries_.emplace(utf8_of(static_cast<char32_t>(noun.code_point)), entry);
  entry.plural = noun.plural != noun.name;
  add_form(std::string(noun.plural), entry);
}

void Lexicon::add_synonym(std::string_view words, int row, bool in_world) {
  const std::string group = normal(words);
  Entry entry{.part = in_world ? Part::kNoun : Part::kForeign,
              .value = row,
              .text = std::string(nouns()[static_cast<std::size_t>(row)].name)};
  const Entry& kept = entries_.emplace(group, entry).first->second;
  TESSERA_CHECK(kept.part == entry.part && kept.value == row,
                kInternal,
                "lexicon.tsv: \"",
                words,
                "\" means something else already");
  add_form(group, entry);
  entry.plural = true;
  add_form(plural_of(group), entry);
}

std::vector<Term> Lexicon::terms(std::string_view prompt) const {
  const std::vector<PromptWord> words = prompt_words(prompt);
  std::vector<Term> out;
  for (std::size_t first = 0; first < words.size();) {
    std::string group;
    std::size_t taken = 1;
    Term term{.text = words[first].text, .after_pause = words[first].after_pause};
    for (std::size_t k = 0; k < kLongestGroup && first + k < words.size(); ++k) {
      if (k > 0 && words[first + k].after_pause) break;
      group += (k > 0 ? " " : "") + words[first + k].text;
      const auto found = entries_.find(group);
      if (found == entries_.end()) continue;
      const Entry& entry = found->second;
      term.part = entry.part;
      term.value = entry.value;
      term.text = entry.part == Part::kForeign ? group : entry.text;
      term.plural = entry.plural;
      taken = k + 1;
    }
    if (term.part == Part::kUnknown) {
      if (const int number = number_of(term.text); number >= 0) {
        term.part = Part::kNumber;
        term.value = number;
      }
    }
    out.push_back(std::move(term));
    first += taken;
  }
  return out;
}

}  // namespace tessera::data
