#include "gui/preferences.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSettings>

#include "gui/picture_name.h"

namespace tessera::gui {
namespace {

bool is_device(const QString& device) {
  static const QRegularExpression known("\\A(auto|cpu|cuda(:\\d{1,2})?)\\z");
  return known.match(device).hasMatch();
}

/// The folder, or what there is of the way to it.
QFileInfo nearest_of(std::filesystem::path folder) {
  std::error_code unreachable;
  while (!std::filesystem::exists(folder, unreachable) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  return QFileInfo(QString::fromStdString(folder.string()));
}

bool is_theme(const QString& theme) {
  return theme == "system" || theme == "light" || theme == "dark";
}

}  // namespace

Preferences read_preferences(const QSettings& settings) {
  const Preferences own{.name = kOwnPictureName};
  Preferences read = own;
  read.pictures = settings.value("pictures/folder").toString().toStdString();
  read.name = settings.value("pictures/name", own.name).toString();
  read.settings_inside = settings.value("pictures/settings-inside", own.settings_inside).toBool();
  read.ask_before_delete = settings.value("ask-before-delete", own.ask_before_delete).toBool();
  read.theme = settings.value("look/theme", own.theme).toString();
  read.language = settings.value("look/language").toString();
  read.preview_every = settings.value("look/preview-every", own.preview_every).toInt();
  read.device = settings.value("engine/device", own.device).toString();
  read.threads = settings.value("engine/threads", own.threads).toInt();
  if (!problem_of_picture_name(read.name).isEmpty()) read.name = own.name;
  if (!is_theme(read.theme)) read.theme = own.theme;
  if (!is_device(read.device)) read.device = own.device;
  if (read.preview_every < 0) read.preview_every = own.preview_every;
  if (read.threads < 0) read.threads = own.threads;
  return read;
}

void write_preferences(QSettings& settings, const Preferences& preferences) {
  settings.setValue("pictures/folder", QString::fromStdString(preferences.pictures.string()));
  settings.setValue("pictures/name", preferences.name);
  settings.setValue("pictures/settings-inside", preferences.settings_inside);
  settings.setValue("ask-before-delete", preferences.ask_before_delete);
  settings.setValue("look/theme", preferences.theme);
  settings.setValue("look/language", preferences.language);
  settings.setValue("look/preview-every", preferences.preview_every);
  settings.setValue("engine/device", preferences.device);
  settings.setValue("engine/threads", preferences.threads);
  settings.sync();
}

QString problem_of(const Preferences& preferences) {
  const QString name = problem_of_picture_name(preferences.name);
  if (!name.isEmpty()) return name;
  if (!is_device(preferences.device)) {
    return QCoreApplication::translate("Preferences",
                                       "The device is auto, cpu, cuda, or cuda: and a number.");
  }
  if (preferences.pictures.empty()) return {};
  if (!preferences.pictures.is_absolute()) {
    return QCoreApplication::translate("Preferences",
                                       "The folder of pictures begins with a slash.");
  }
  const QFileInfo there = nearest_of(preferences.pictures);
  if (!there.isDir()) {
    return QCoreApplication::translate("Preferences", "%1 is no folder.").arg(there.filePath());
  }
  if (!there.isWritable()) {
    return QCoreApplication::translate("Preferences", "Nothing can be written into %1.")
        .arg(there.filePath());
  }
  return {};
}

}  // namespace tessera::gui
