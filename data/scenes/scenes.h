#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/options.h"
#include "data/source.h"

namespace tessera::data {

/// Most sprites one scene has.
inline constexpr std::int64_t kMaxObjects = 6;

/// Which world is drawn: the parameters of docs/formats/scenes.md. The same options, the same
/// scenes.
struct SceneOptions {
  std::int64_t resolution = 64;        // 64 or 128
  std::uint64_t seed = 0;              // data seed
  std::string split = "train";         // train, heldout, heldout:CLASS, all
  std::vector<std::string> nouns{};    // names; empty = all 200
  std::vector<std::string> kinds{};    // names of Kind; empty = all
  std::vector<double> kind_weights{};  // one a kind; empty = equal
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, SceneOptions& o) {
  v("resolution", o.resolution, "side of the pictures in pixels, 64 or 128");
  v("seed", o.seed, "data seed");
  v("split", o.split, "train, heldout, heldout:CLASS or all");
  v("nouns", o.nouns, "names of the nouns; empty = all 200");
  v("kinds", o.kinds, "kinds of scene; empty = all");
  v("kind_weights", o.kind_weights, "how often each kind is drawn; empty = equally");
}

/// The kinds of scene; the order is the kind table of the sampler and never changes.
enum class Kind : std::int64_t {
  kSingle,
  kColour,
  kSize,
  kPosition,
  kCount,
  kRelation,
  kColouredRelation,
  kLargeSmall,
  kThree,
  kTwoCounts,
  kPlace,
};

/// Scenes as numbers, one row a scene: the renderer draws them, the grammar says them.
struct SceneProgram {
  at::Tensor kind{};        // [B] int64
  at::Tensor background{};  // [B] int64 in [0, 11), or -1 (a place)
  at::Tensor place{};       // [B] int64 in [0, 10), or -1
  at::Tensor noun{};        // [B, 6] int64 row of the noun table, -1 = no such object
  at::Tensor colour{};      // [B, 6] int64 in [0, 7), -1 = the sprite's own
  at::Tensor
      variant{};  // [B] int64: what the kind varies (size, position, count, relation, counts)
  at::Tensor wording{};  // [B, 4] int64: background phrase, opening, size word, mirrored relation
  at::Tensor sprite{};   // [B, 6] int64 atlas row, 536 = none
  at::Tensor center{};   // [B, 6, 2] float32, y and x in pixels of the 128 canvas
  at::Tensor side{};     // [B, 6] float32, side of the whole bitmap in the same pixels
  at::Tensor mirror{};   // [B, 6] bool
  at::Tensor background_rgb{};  // [B, 3] float32, 0..255, jitter included
  at::Tensor place_values{};    // [B, P] float32 in (0, 1)
};

/// The scenes of one world: deterministic for any index, held-out split by stable hash.
class SceneSource : public Source {
 public:
  virtual const SceneOptions& options() const = 0;
  virtual SceneProgram program(const std::vector<std::int64_t>& indices) const = 0;
  /// [B, 3, S, S] float32 in [-1, 1], already rounded to 8-bit levels; tensor operations only.
  virtual at::Tensor draw(const SceneProgram& scenes, at::Device device) const = 0;
  virtual std::vector<std::string> say(const SceneProgram& scenes) const = 0;
  /// Canonical meaning of one scene as JSON: kind, objects with noun, colour, box; background;
  /// relation.
  virtual std::vector<std::string> meaning(const SceneProgram& scenes) const = 0;
};

/// `atlas` is the file made by tools/make_atlas.py. Takes about 40 ms. Throws kInvalidArgument
/// naming the option, kNotFound or kCorruptFile.
std::unique_ptr<const SceneSource> open_scenes(const std::filesystem::path& atlas,
                                               const SceneOptions& options);

/// What a picture shows against what its scene says; each entry is 1, 0, or -1 where it does not
/// apply.
struct SceneScore {
  int background = -1;
  int number = -1;    // as many objects as asked for
  int object = -1;    // all nouns right
  int colour = -1;    // all named object colours right
  int position = -1;  // position, relation or size right
  int count = -1;     // the asked number, where the caption states one
  int whole = 0;      // everything that was asked for
};

/// The rule-based reader of scenes.
class SceneReader {
 public:
  virtual ~SceneReader() = default;
  /// images [B, 3, S, S] in [-1, 1] of the options' resolution; one score a row. About 1 ms each.
  virtual std::vector<SceneScore> score(const at::Tensor& images,
                                        const SceneProgram& scenes) const = 0;
};
std::unique_ptr<const SceneReader> make_scene_reader(const std::filesystem::path& atlas,
                                                     const SceneOptions& options);

/// Every word that the world's captions can hold, sorted: what a prompt outside the world is told
/// of.
std::vector<std::string> scene_vocabulary(const SceneOptions& options);

}  // namespace tessera::data
