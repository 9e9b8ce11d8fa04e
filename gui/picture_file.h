#pragma once

#include <QImage>
#include <QString>

class QWidget;

namespace tessera::gui {

/// The file of a picture that a person chooses; "" = none.
QString ask_for_picture(QWidget* parent);

/// The picture in a file; null where there is none, and `problem` then says so in plain words.
QImage read_picture(const QString& file, QString* problem);

}  // namespace tessera::gui
