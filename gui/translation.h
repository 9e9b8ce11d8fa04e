#pragma once

class QApplication;
class QString;

namespace tessera::gui {

/// The program's texts and Qt's own in a language ("de", "en"; "" = the desktop's), and the
/// direction in which it is written. English where there is no translation.
void install_translation(QApplication& application, const QString& language);

}  // namespace tessera::gui
