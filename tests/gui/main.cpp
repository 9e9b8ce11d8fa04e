// Runs the tests without a screen.

#include <QApplication>
#include <QLocale>

#include <gtest/gtest.h>

int main(int count, char** words) {
  ::testing::InitGoogleTest(&count, words);
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  qputenv("XDG_DATA_HOME", "/nonexistent");  // nobody's own trash or models
  QLocale::setDefault(QLocale::c());
  QApplication application(count, words);
  QApplication::setQuitOnLastWindowClosed(false);
  return RUN_ALL_TESTS();
}
