#include "data/scenes/prompts/prompt_reader.h"

#include <set>

#include "core/spelling.h"
#include "data/scenes/prompts/caption.h"

namespace tessera::data {
namespace {

constexpr std::size_t kMostRead = 8192;       // bytes; a longer prompt is no caption
constexpr std::size_t kMostSuggestions = 16;  // a wrong language needs no guess a word

/// The known word that a strange one most likely is. Two edits make another word of a short one.
std::optional<std::string> guess(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t kShort = 7;
  std::optional<std::string> near = nearest_word(word, known);
  if (near && (*near == word || (word.size() < kShort && edit_distance(word, *near) > 1))) {
    near.reset();
  }
  return near;
}

class Reader final : public PromptReader {
 public:
  explicit Reader(const SceneOptions& options) : world_(make_world(options)), lexicon_(world_) {}

  PromptReading read(const std::string& prompt) const override {
    const SceneAsked scene =
        scene_asked(lexicon_.terms(std::string_view(prompt).substr(0, kMostRead)));
    Caption caption = caption_of(scene, world_);
    PromptReading out{.caption = std::move(caption.text), .notes = std::move(caption.notes)};
    std::set<std::string> met;
    for (const Term& term : scene.strange) {
      if (!met.insert(term.text).second) continue;
      out.strange.push_back({.word = term.text});
      if (term.part == Part::kUnknown && out.strange.size() <= kMostSuggestions) {
        out.strange.back().meant = guess(term.text, lexicon_.words());
      }
    }
    return out;
  }

 private:
  World world_;
  Lexicon lexicon_;
};

}  // namespace

std::unique_ptr<const PromptReader> make_prompt_reader(const SceneOptions& world) {
  return std::make_unique<Reader>(world);
}

}  // namespace tessera::data
