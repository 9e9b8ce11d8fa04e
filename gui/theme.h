#pragma once

class QApplication;
class QString;

namespace tessera::gui {

/// "system": the desktop's own colours and style, also again after another; "dark" or "light": Qt's
/// plain style in fixed colours, the same everywhere. Throws Error for another name.
void apply_theme(QApplication& application, const QString& name);

}  // namespace tessera::gui
