// Every text of the window in the second language.

#include "gui/translation.h"

#include <QApplication>
#include <QDialogButtonBox>
#include <QFile>
#include <QLocale>
#include <QPushButton>
#include <QToolButton>
#include <QTranslator>
#include <QXmlStreamReader>

#include <gtest/gtest.h>

#include "gui/settings_panel.h"

namespace tessera::gui {
namespace {

/// The language is the whole program's: put back what was.
class TranslationTest : public ::testing::Test {
 protected:
  ~TranslationTest() override {
    for (QTranslator* each : qApp->findChildren<QTranslator*>()) {
      QApplication::removeTranslator(each);
      delete each;
    }
    QLocale::setDefault(QLocale::c());
    QApplication::setLayoutDirection(Qt::LeftToRight);
  }
  static void use(const QString& language) {
    install_translation(*qobject_cast<QApplication*>(qApp), language);
  }
};

TEST_F(TranslationTest, TheWindowSpeaksGerman) {
  use("de");
  SettingsPanel panel;
  panel.setWaiting(2);
  EXPECT_EQ(panel.findChild<QPushButton*>("generate")->text(), "&Zeichnen  (2 warten)");
  EXPECT_EQ(panel.findChild<QToolButton*>("advanced")->text(), "&Mehr");
  const QDialogButtonBox buttons(QDialogButtonBox::Cancel | QDialogButtonBox::RestoreDefaults);
  EXPECT_EQ(buttons.button(QDialogButtonBox::RestoreDefaults)->text(), "Zurücksetzen");
  EXPECT_EQ(QCoreApplication::translate("JobQueue", "waiting"), "wartet");
  EXPECT_EQ(QCoreApplication::translate("Gallery", "%n picture(s)", nullptr, 1), "1 Bild");
  EXPECT_EQ(QCoreApplication::translate("Gallery", "%n picture(s)", nullptr, 3), "3 Bilder");
}

TEST_F(TranslationTest, EnglishHasItsPlurals) {
  use("en_GB");
  EXPECT_EQ(QCoreApplication::translate("Gallery", "%n picture(s)", nullptr, 1), "1 picture");
  EXPECT_EQ(QCoreApplication::translate("Gallery", "%n picture(s)", nullptr, 2), "2 pictures");
}

TEST_F(TranslationTest, AnotherLanguageFallsBackToEnglishInItsOwnDirection) {
  use("ar");
  EXPECT_EQ(QCoreApplication::translate("Gallery", "%n picture(s)", nullptr, 1), "1 picture");
  EXPECT_EQ(QApplication::layoutDirection(), Qt::RightToLeft);
}

TEST(Translations, AreWhole) {
  for (const char* name : {"studio_de.ts", "studio_en.ts"}) {
    QFile file(QString(TESSERA_SOURCE_DIR "/gui/translations/") + name);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly)) << name;
    QXmlStreamReader xml(&file);
    QString source;
    int messages = 0;
    while (!xml.atEnd()) {
      if (xml.readNext() != QXmlStreamReader::StartElement) continue;
      if (xml.name() == QLatin1String("source")) source = xml.readElementText();
      if (xml.name() != QLatin1String("translation")) continue;
      ++messages;
      EXPECT_FALSE(xml.attributes().hasAttribute("type")) << name << ": " << source.toStdString();
    }
    EXPECT_FALSE(xml.hasError()) << name;
    EXPECT_GT(messages, 4) << name;
  }
}

}  // namespace
}  // namespace tessera::gui
