#include "gui/theme.h"

#include <QApplication>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>

#include "core/error.h"

namespace tessera::gui {
namespace {

QPalette dark() {
  QPalette palette(QColor(0x2A, 0x2E, 0x34), QColor(0x23, 0x26, 0x2B));
  const QColor text(0xE6, 0xE8, 0xEB);
  palette.setColor(QPalette::Base, QColor(0x1B, 0x1E, 0x22));
  palette.setColor(QPalette::AlternateBase, QColor(0x23, 0x26, 0x2B));
  palette.setColor(QPalette::Text, text);
  palette.setColor(QPalette::WindowText, text);
  palette.setColor(QPalette::ButtonText, text);
  palette.setColor(QPalette::PlaceholderText, QColor(0x9A, 0xA1, 0xAA));
  palette.setColor(QPalette::ToolTipBase, QColor(0x33, 0x38, 0x3F));
  palette.setColor(QPalette::ToolTipText, text);
  palette.setColor(QPalette::Highlight, QColor(0x3D, 0x8B, 0xD4));
  palette.setColor(QPalette::HighlightedText, Qt::white);
  palette.setColor(QPalette::Link, QColor(0x7A, 0xB8, 0xF5));
  for (const auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText}) {
    palette.setColor(QPalette::Disabled, role, QColor(0x7C, 0x83, 0x8C));
  }
  return palette;
}

QPalette light() {
  QPalette palette(QColor(0xF2, 0xF3, 0xF5), QColor(0xF7, 0xF8, 0xF9));
  palette.setColor(QPalette::Base, Qt::white);
  palette.setColor(QPalette::AlternateBase, QColor(0xF2, 0xF3, 0xF5));
  palette.setColor(QPalette::PlaceholderText, QColor(0x6B, 0x72, 0x7B));
  palette.setColor(QPalette::Highlight, QColor(0x1F, 0x6F, 0xB8));
  palette.setColor(QPalette::HighlightedText, Qt::white);
  return palette;
}

}  // namespace

void apply_theme(QApplication& application, const QString& name) {
  static const QString desktops = QApplication::style()->objectName();
  if (name == "system") {
    application.setStyle(QStyleFactory::create(desktops));
    application.setPalette(QPalette());
    return;
  }
  TESSERA_CHECK(name == "dark" || name == "light",
                kInvalidArgument,
                "the theme must be system, dark or light, got \"",
                name.toStdString(),
                "\"");
  application.setStyle(QStyleFactory::create("Fusion"));
  application.setPalette(name == "dark" ? dark() : light());
}

}  // namespace tessera::gui
