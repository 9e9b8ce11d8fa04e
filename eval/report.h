#pragma once

#include <string>

#include "eval/compositional.h"
#include "eval/records.h"
#include "io/json_fields.h"

namespace tessera::eval {

/// How often something was right: null in JSON where no scene asked for it.
struct Share {
  std::int64_t right = 0;
  std::int64_t asked = 0;
  /// `verdict` as in SceneScore: 1, 0, or -1 = not asked for.
  void add(int verdict);
  io::Json json() const;
  /// right, asked, and the ends of the Wilson interval; null where nothing was asked.
  io::Json interval(double confidence) const;
};

/// "samples", the shares of right parts (background, number, object, colour, position, count,
/// whole_scene), and "kinds": the same of each kind that occurs. docs/formats/eval.md.
/// With them "confidence" and "intervals", by part: Wilson's interval of each share.
inline constexpr double kConfidence = 0.95;
io::Json report_scores(const CompositionalResult& result);

/// Rows of a result as records: index, prompt, seed, kind, and the parts as true, false, or null
/// where the caption does not ask for them.
std::vector<io::Json> records_of(std::span<const std::int64_t> indices,
                                 const CompositionalResult& judged,
                                 std::uint64_t seed);
/// The same report from records alone. Throws kCorruptFile naming `where` and the row that has no
/// kind or no verdict.
io::Json report_scores(const Records& records, const std::string& where);

/// The report for people: a line a part with its share and interval, and whole scenes by kind.
std::string report_table(const io::Json& report);

}  // namespace tessera::eval
