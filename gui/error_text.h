#pragma once

#include <QString>
#include <exception>

namespace tessera::gui {

/// What happened and what to do about it, for a person: the error's own line, and below it a hint
/// by its kind.
QString plain_words(const std::exception& error);

}  // namespace tessera::gui
