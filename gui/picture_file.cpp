#include "gui/picture_file.h"

#include <QCoreApplication>
#include <QFileDialog>

#include "core/error.h"
#include "engine/image_files.h"
#include "gui/image_convert.h"

namespace tessera::gui {

QString ask_for_picture(QWidget* parent) {
  return QFileDialog::getOpenFileName(
      parent,
      QCoreApplication::translate("PictureFile", "Open a picture"),
      {},
      QCoreApplication::translate("PictureFile", "Pictures (*.png *.jpg *.jpeg *.webp *.bmp)"));
}

QImage read_picture(const QString& file, QString* problem) {
  // By the engine: it turns a photograph as its camera was held, and reads WebP without a plug-in.
  try {
    return to_qimage(engine::read_image(file.toStdString()));
  } catch (const Error&) {
    *problem = QCoreApplication::translate(
                   "PictureFile", "%1 is no picture that can be read. PNG, JPEG, WebP and BMP can.")
                   .arg(file);
    return {};
  }
}

}  // namespace tessera::gui
