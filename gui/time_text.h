#pragma once

#include <QString>

namespace tessera::gui {

/// "under a second", "12 s", "3 min 20 s", "2 h 5 min".
QString duration_text(double seconds);

}  // namespace tessera::gui
