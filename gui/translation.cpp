#include "gui/translation.h"

#include <QApplication>
#include <QDir>
#include <QFileInfo>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>
#include <string_view>

/// The resources of a static library are linked only when somebody asks for them.
static void init_resources() {
  Q_INIT_RESOURCE(studio);
  Q_INIT_RESOURCE(translations);
}

namespace tessera::gui {
namespace {

/// Of Qt's standard buttons that the windows show. Qt's own texts are a package apart, which may be
/// missing; where it is there, they go before these.
[[maybe_unused]] constexpr const char* kStandardButtons[] = {
    QT_TRANSLATE_NOOP("QPlatformTheme", "OK"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Cancel"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Close"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Apply"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "&Yes"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "&No"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Restore Defaults")};

/// tr() asks with the class's whole name, tessera::gui::Gallery; lupdate, which collects the texts,
/// files them under Gallery.
class ShortContexts final : public QTranslator {
 public:
  using QTranslator::QTranslator;
  QString translate(const char* context,
                    const char* text,
                    const char* disambiguation,
                    int count) const override {
    const std::string_view whole(context == nullptr ? "" : context);
    const std::size_t colon = whole.rfind(':');
    const char* name = colon == std::string_view::npos ? context : context + colon + 1;
    return QTranslator::translate(name, text, disambiguation, count);
  }
};

}  // namespace

void install_translation(QApplication& application, const QString& language) {
  init_resources();
  for (QTranslator* before : application.findChildren<QTranslator*>()) {
    QApplication::removeTranslator(before);
    delete before;
  }
  const QLocale locale = language.isEmpty() ? QLocale::system() : QLocale(language);
  QLocale::setDefault(locale);
  auto* ours = new ShortContexts(&application);
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

QStringList known_languages() {
  init_resources();
  QStringList codes;
  for (const QString& file : QDir(":/translations").entryList({"studio_*.qm"}, QDir::Files)) {
    codes.push_back(QFileInfo(file).completeBaseName().section('_', 1));
  }
  codes.sort();
  return codes;
}

}  // namespace tessera::gui
