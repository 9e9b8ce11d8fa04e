#pragma once

#include <functional>
#include <string>

#include "eval/comparison.h"

namespace tessera::eval {

enum class Side : unsigned char { kA, kB };

/// "data:image/png;base64,…" of the picture that a row of one side names; "" where there is none.
using PictureUri = std::function<std::string(const io::Json& row, Side side)>;

struct PageOptions {
  std::string by{};           // metric that orders the pictures; "" = whole_scene, else the first
  std::int64_t pictures = 6;  // a row of pictures holds so many pairs
};

/// One HTML page that needs nothing else: no script, no address, pictures and plots inside, light
/// or dark as the reader's system is. Everything that comes from records is escaped. Throws
/// kInvalidArgument listing the metrics where `by` is none of them.
std::string comparison_page(const Comparison& comparison,
                            const PictureUri& picture,
                            const PageOptions& options);

}  // namespace tessera::eval
