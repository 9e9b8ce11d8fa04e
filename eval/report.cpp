#include "eval/report.h"

#include <map>

#include "data/scenes/world.h"

namespace tessera::eval {
namespace {

struct Tally {
  std::int64_t samples = 0;
  Share background{};
  Share number{};
  Share object{};
  Share colour{};
  Share position{};
  Share count{};
  Share whole{};

  void add(const data::SceneScore& score) {
    ++samples;
    background.add(score.background);
    number.add(score.number);
    object.add(score.object);
    colour.add(score.colour);
    position.add(score.position);
    count.add(score.count);
    whole.add(score.whole);
  }

  io::Json json() const {
    return {{"samples", samples},
            {"object", object.json()},
            {"colour", colour.json()},
            {"count", count.json()},
            {"position", position.json()},
            {"background", background.json()},
            {"number", number.json()},
            {"whole_scene", whole.json()}};
  }
};

}  // namespace

void Share::add(int verdict) {
  if (verdict < 0) return;
  ++asked;
  right += verdict;
}

io::Json Share::json() const {
  if (asked == 0) return nullptr;
  return static_cast<double>(right) / static_cast<double>(asked);
}

io::Json report_scores(const CompositionalResult& result) {
  Tally all;
  std::map<data::Kind, Tally> kinds;
  for (std::size_t k = 0; k < result.scores.size(); ++k) {
    all.add(result.scores[k]);
    kinds[result.kinds[k]].add(result.scores[k]);
  }
  io::Json out = all.json();
  out["kinds"] = io::Json::object();
  for (const auto& [kind, tally] : kinds) {
    out["kinds"][std::string(data::kKindNames[static_cast<std::size_t>(kind)])] = tally.json();
  }
  return out;
}

}  // namespace tessera::eval
