#include "gui/translation.h"

#include <QApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>

/// The resources of a static library are linked only when somebody asks for them.
static void init_resources() {
  Q_INIT_RESOURCE(studio);
  Q_INIT_RESOURCE(translations);
}

namespace tessera::gui {

void install_translation(QApplication& application, const QString& language) {
  init_resources();
  const QLocale locale = language.isEmpty() ? QLocale() : QLocale(language);
  QLocale::setDefault(locale);
  auto* ours = new QTranslator(&application);
  // English is one of them: its plurals.
  if (ours->load(locale, "studio", "_", ":/translations") ||
      ours->load("studio_en", ":/translations")) {
    QApplication::installTranslator(ours);
  }
  auto* qts = new QTranslator(&application);
  if (qts->load(locale, "qtbase", "_", QLibraryInfo::path(QLibraryInfo::TranslationsPath))) {
    QApplication::installTranslator(qts);
  }
  QApplication::setLayoutDirection(locale.textDirection());
}

}  // namespace tessera::gui
