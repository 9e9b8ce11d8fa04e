#include "eval/report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "core/error.h"
#include "data/scenes/world.h"
#include "eval/intervals.h"
#include "eval/text_table.h"

namespace tessera::eval {
namespace {

/// The parts of a verdict: what they are called, and where a score has them.
struct Part {
  const char* name;
  int data::SceneScore::*member;
};
constexpr std::array<Part, 7> kParts = {{{"object", &data::SceneScore::object},
                                         {"colour", &data::SceneScore::colour},
                                         {"count", &data::SceneScore::count},
                                         {"position", &data::SceneScore::position},
                                         {"background", &data::SceneScore::background},
                                         {"number", &data::SceneScore::number},
                                         {"whole_scene", &data::SceneScore::whole}}};

struct Tally {
  std::int64_t samples = 0;
  std::array<Share, kParts.size()> shares{};

  void add(const data::SceneScore& score) {
    ++samples;
    for (std::size_t k = 0; k < kParts.size(); ++k) shares[k].add(score.*kParts[k].member);
  }

  io::Json json() const {
    io::Json out = {{"samples", samples}};
    for (std::size_t k = 0; k < kParts.size(); ++k) out[kParts[k].name] = shares[k].json();
    io::Json& intervals = out["intervals"] = io::Json::object();
    for (std::size_t k = 0; k < kParts.size(); ++k) {
      intervals[kParts[k].name] = shares[k].interval(kConfidence);
    }
    return out;
  }
};

io::Json report(const std::vector<data::Kind>& kinds, const std::vector<data::SceneScore>& scores) {
  Tally all;
  std::map<data::Kind, Tally> by_kind;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    all.add(scores[k]);
    by_kind[kinds[k]].add(scores[k]);
  }
  io::Json out = all.json();
  out["confidence"] = kConfidence;
  out["kinds"] = io::Json::object();
  for (const auto& [kind, tally] : by_kind) {
    out["kinds"][std::string(data::kKindNames[static_cast<std::size_t>(kind)])] = tally.json();
  }
  return out;
}

io::Json verdict_json(int verdict) {
  if (verdict < 0) return nullptr;
  return verdict == 1;
}

int verdict_of(const io::Json& row, const char* name, const std::string& where) {
  const auto found = row.find(name);
  TESSERA_CHECK(found != row.end() && (found->is_null() || found->is_boolean()),
                kCorruptFile,
                where,
                ": has no verdict \"",
                name,
                "\" (true, false or null)");
  return found->is_null() ? -1 : found->get<bool>() ? 1 : 0;
}

data::Kind kind_of(const io::Json& row, const std::string& where) {
  const std::string name = row.value("kind", "");
  const auto found = std::find(data::kKindNames.begin(), data::kKindNames.end(), name);
  TESSERA_CHECK(found != data::kKindNames.end(),
                kCorruptFile,
                where,
                ": knows no kind of scene \"",
                name,
                "\"");
  return static_cast<data::Kind>(found - data::kKindNames.begin());
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100 * share);
  return text;
}

std::vector<std::string> table_row(const std::string& name, const io::Json& interval) {
  if (interval.is_null()) return {name, "–", "", "", "0"};
  const auto number = [&](const char* key) { return interval.at(key).get<double>(); };
  return {name,
          percent(number("right") / number("asked")),
          percent(number("low")) + " … " + percent(number("high")),
          std::to_string(interval.at("right").get<std::int64_t>()),
          std::to_string(interval.at("asked").get<std::int64_t>())};
}

std::string spaced(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

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

io::Json Share::interval(double confidence) const {
  if (asked == 0) return nullptr;
  const Interval ends = wilson_interval(right, asked, confidence);
  return {{"right", right}, {"asked", asked}, {"low", ends.low}, {"high", ends.high}};
}

io::Json report_scores(const CompositionalResult& result) {
  return report(result.kinds, result.scores);
}

std::vector<io::Json> records_of(std::span<const std::int64_t> indices,
                                 const CompositionalResult& judged,
                                 std::uint64_t seed) {
  std::vector<io::Json> rows;
  for (std::size_t r = 0; r < indices.size(); ++r) {
    io::Json row = {{"index", indices[r]},
                    {"prompt", judged.captions[r]},
                    {"seed", seed},
                    {"kind", data::kKindNames[static_cast<std::size_t>(judged.kinds[r])]}};
    for (const Part& part : kParts) row[part.name] = verdict_json(judged.scores[r].*part.member);
    rows.push_back(std::move(row));
  }
  return rows;
}

io::Json report_scores(const Records& records, const std::string& where) {
  std::vector<data::Kind> kinds;
  std::vector<data::SceneScore> scores;
  for (const auto& [index, row] : records.rows) {
    const std::string place = concat(where, ", index ", index);
    kinds.push_back(kind_of(row, place));
    data::SceneScore& score = scores.emplace_back();
    for (const Part& part : kParts) score.*part.member = verdict_of(row, part.name, place);
  }
  return report(kinds, scores);
}

std::string report_table(const io::Json& report) {
  TextTable parts({"part", "right, %", "95 % interval", "right", "asked"});
  for (const auto& [name, interval] : report.at("intervals").items()) {
    parts.add(table_row(spaced(name), interval));
  }
  TextTable kinds({"whole scenes of", "right, %", "95 % interval", "right", "asked"});
  for (const auto& [name, tally] : report.at("kinds").items()) {
    kinds.add(table_row(name, tally.at("intervals").at("whole_scene")));
  }
  return parts.text() + "\n" + kinds.text();
}

}  // namespace tessera::eval
