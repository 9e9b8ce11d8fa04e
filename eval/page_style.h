#pragma once

namespace tessera::eval {

/// The style sheet of comparison pages: colours of both sides that are told apart without red and
/// green, light and dark.
extern const char* const kPageStyle;

}  // namespace tessera::eval
