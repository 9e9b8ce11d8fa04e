#include "data/scenes/prompts/prompt_examples.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "data/scenes/grammar.h"

namespace tessera::data {
namespace {

constexpr std::string_view kNotSaid = "-";
constexpr std::size_t kFields = 5;

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + at.size());
  }
  parts.push_back(text);
  return parts;
}

template <typename Table>
int index_in(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table, name);
  return found == std::end(table) ? -1 : static_cast<int>(found - std::begin(table));
}

template <typename Table>
int index_by_name(const Table& table, std::string_view name) {
  const auto found =
      std::ranges::find_if(table, [name](const auto& entry) { return entry.name == name; });
  return found == std::end(table) ? -1 : static_cast<int>(found - std::begin(table));
}

/// One line; every fault names it.
class Line {
 public:
  Line(std::string where, std::vector<std::string_view> fields)
      : where_(std::move(where)), fields_(std::move(fields)) {
    check(fields_.size() == kFields, "five fields with tabs between them are wanted");
  }

  PromptExample read() const {
    PromptExample out{.prompt = std::string(fields_[0]), .caption = std::string(fields_[1])};
    out.scene.wording[0] = kPhraseNone;
    std::vector<int> counts;
    for (const std::string_view thing : split(fields_[2], " + ")) {
      counts.push_back(add_things(out.scene, thing));
    }
    set_kind(out.scene, counts);
    set_background(out.scene);
    return out;
  }

 private:
  void check(bool right, std::string_view what) const {
    TESSERA_CHECK(right, kCorruptFile, where_, ": ", what);
  }

  /// "3 apple:red" -> how many.
  int add_things(Scene& scene, std::string_view text) const {
    int count = 1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed == std::errc{}) text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    check(count >= 1 && scene.count + count <= kMaxObjects, "1 to 6 things are wanted");
    const std::size_t colon = text.find(':');
    Object object{.noun = find_noun(text.substr(0, colon))};
    check(object.noun >= 0, concat("\"", text, "\" is no noun of the table"));
    if (colon != std::string_view::npos) {
      object.colour = index_by_name(kObjectColours, text.substr(colon + 1));
      check(object.colour >= 0, concat("\"", text, "\" has no colour of things"));
    }
    for (int k = 0; k < count; ++k) scene.objects[static_cast<std::size_t>(scene.count++)] = object;
    return count;
  }

  void set_kind(Scene& scene, const std::vector<int>& counts) const {
    const std::string_view where = fields_[3];
    const int relation = index_in(kRelationKeys, where);
    if (counts.size() == 2 && (counts[0] > 1 || counts[1] > 1)) {
      scene.kind = Kind::kTwoCounts;
      const auto found = std::ranges::find_if(kCountPairs, [&](const CountPair& pair) {
        return pair.above == counts[0] && pair.below == counts[1];
      });
      check(found != kCountPairs.end(), "at most three of each kind are wanted");
      scene.variant = static_cast<int>(found - kCountPairs.begin());
    } else if (counts.size() >= 2) {
      scene.kind = where == "large"               ? Kind::kLargeSmall
                   : relation < 0                 ? Kind::kThree  // how they stand was not said
                   : scene.objects[0].colour >= 0 ? Kind::kColouredRelation
                                                  : Kind::kRelation;
      scene.variant = std::max(relation, 0);
    } else if (counts[0] > 1) {
      scene.kind = Kind::kCount;
      scene.variant = counts[0] - 2;
    } else if (where == "large" || where == "small") {
      scene.kind = Kind::kSize;
      scene.variant = where == "large" ? 0 : 1;
    } else if (where != kNotSaid) {
      scene.kind = Kind::kPosition;
      scene.variant = index_in(kPositionKeys, where);
      check(scene.variant >= 0, concat("\"", where, "\" is no position"));
    } else {
      scene.kind = scene.objects[0].colour >= 0 ? Kind::kColour : Kind::kSingle;
    }
  }

  void set_background(Scene& scene) const {
    const std::string_view name = fields_[4];
    if (name == kNotSaid) return;
    scene.background = index_by_name(kBackgrounds, name);
    if (scene.background >= 0) {
      scene.wording[0] = kPhraseOn;
      return;
    }
    scene.place = index_in(kPlaceKeys, name);
    check(scene.place >= 0, concat("\"", name, "\" is no background and no place"));
    scene.kind = Kind::kPlace;
  }

  std::string where_;
  std::vector<std::string_view> fields_;
};

}  // namespace

std::vector<PromptExample> parse_prompt_examples(std::string_view text, const std::string& what) {
  std::vector<PromptExample> out;
  std::size_t number = 0;
  for (std::string_view line : split(text, "\n")) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    out.push_back(Line(concat(what, ": line ", number), split(line, "\t")).read());
  }
  return out;
}

bool holds(const World& world, const Scene& scene) {
  for (int k = 0; k < scene.count; ++k) {
    const Object& object = scene.objects[static_cast<std::size_t>(k)];
    if (!std::ranges::binary_search(world.nouns, object.noun)) return false;
  }
  const auto has = [&world](Kind kind) {
    return std::ranges::find(world.kinds, kind) != world.kinds.end();
  };
  const bool relations = has(Kind::kRelation) || has(Kind::kColouredRelation);
  switch (scene.kind) {
    case Kind::kThree:  // two things with no word of how they stand, or three
      return scene.count == 2 ? relations : has(Kind::kThree);
    case Kind::kRelation:
    case Kind::kColouredRelation:
      return relations;
    case Kind::kSingle:
      return true;
    default:
      return has(scene.kind);
  }
}

}  // namespace tessera::data
