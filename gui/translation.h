#pragma once

#include <QStringList>

class QApplication;

namespace tessera::gui {

/// The program's texts and Qt's own in a language ("de", "en"; "" = the desktop's), and the
/// direction in which it is written. English where there is no translation. Takes the place of the
/// language before; windows that are there already keep their texts.
void install_translation(QApplication& application, const QString& language);

/// Codes of the languages that there are texts of, in their order.
QStringList known_languages();

}  // namespace tessera::gui
