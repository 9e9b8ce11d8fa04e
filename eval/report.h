#pragma once

#include "eval/compositional.h"
#include "io/json_fields.h"

namespace tessera::eval {

/// How often something was right: null in JSON where no scene asked for it.
struct Share {
  std::int64_t right = 0;
  std::int64_t asked = 0;
  /// `verdict` as in SceneScore: 1, 0, or -1 = not asked for.
  void add(int verdict);
  io::Json json() const;
};

/// "samples", the shares of right parts (background, number, object, colour, position, count,
/// whole_scene), and "kinds": the same of each kind that occurs. docs/formats/eval.md.
io::Json report_scores(const CompositionalResult& result);

}  // namespace tessera::eval
