#pragma once

#include <QString>
#include <vector>

#include "engine/history/history.h"

namespace tessera::gui {

/// Writes pictures as the format of `target`'s ending (png, jpg, webp); a PNG keeps its settings.
/// One picture: as `target`; several: NAME-1.png, NAME-2.png …. Whole or not at all. Throws Error
/// naming what cannot be read or written.
void export_pictures(const std::vector<history::Entry>& entries, const QString& target);

/// The whole history as a JSON list, newest first: file, time, prompt, favourite, and each
/// picture's own record. Whole or not at all; throws Error.
void export_history(const history::History& history, const QString& target);

/// All of them on one sheet, prompts beneath.
void export_sheet(const std::vector<history::Entry>& entries, const QString& target);

}  // namespace tessera::gui
