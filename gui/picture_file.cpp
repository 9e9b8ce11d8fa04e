#include "gui/picture_file.h"

#include <QCoreApplication>
#include <QFileDialog>

namespace tessera::gui {

QString ask_for_picture(QWidget* parent) {
  return QFileDialog::getOpenFileName(
      parent,
      QCoreApplication::translate("PictureFile", "Open a picture"),
      {},
      QCoreApplication::translate("PictureFile", "Pictures (*.png *.jpg *.jpeg *.webp *.bmp)"));
}

QImage read_picture(const QString& file, QString* problem) {
  QImage picture(file);
  if (picture.isNull()) {
    *problem = QCoreApplication::translate(
                   "PictureFile", "%1 is no picture that can be read. PNG, JPEG, WebP and BMP can.")
                   .arg(file);
  }
  return picture;
}

}  // namespace tessera::gui
