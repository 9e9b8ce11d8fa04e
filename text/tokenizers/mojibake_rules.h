#pragma once

#include <string_view>

namespace tessera::text {

/// Does `text` hold characters side by side that hardly ever stand so on purpose, but often where
/// UTF-8 was read as a one-byte encoding ("Ã©", "â€œ")? The classes of characters and the rules are
/// those of ftfy 6.3 (Robyn Speer, Apache-2.0), which CLIP's tokenizer cleans prompts with.
bool looks_wrongly_decoded(std::u32string_view text);

}  // namespace tessera::text
