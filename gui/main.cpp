// tessera-gui: the desktop program.

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QIcon>
#include <QSettings>
#include <functional>
#include <iostream>

#include "core/error.h"
#include "engine/version.h"
#include "gui/main_window.h"
#include "gui/preferences.h"
#include "gui/theme.h"
#include "gui/translation.h"

using namespace tessera;  // NOLINT: a program of one file

int main(int count, char** words) {
  QApplication application(count, words);
  QApplication::setApplicationName("Tessera Studio");
  QApplication::setDesktopFileName("io.github.tessera.Studio");

  QCommandLineParser flags;
  flags.setApplicationDescription(
      "Tessera Studio: write a prompt and watch the picture form. What is left out is as the "
      "settings say.");
  flags.addHelpOption();
  flags.addVersionOption();
  QApplication::setApplicationVersion(
      QString::fromStdString(engine::version_text()).section('\n', 0, 0));
  const QCommandLineOption model("model", "Model folder or name [the last one].", "MODEL");
  const QCommandLineOption device("device", "auto, cpu, cuda or cuda:N.", "DEVICE");
  const QCommandLineOption threads("threads", "Threads, 0 = one a core.", "N");
  const QCommandLineOption data("data", "Keep history and pictures in this folder.", "FOLDER");
  const QCommandLineOption language("language", "de or en.", "CODE");
  const QCommandLineOption theme("theme", "system, dark or light.", "THEME");
  flags.addOptions({model, device, threads, data, language, theme});
  flags.addPositionalArgument("PICTURE", "A picture to open.", "[PICTURE]");
  flags.process(application);
  const gui::Paths paths = flags.isSet(data)
                               ? gui::paths_in(QDir(flags.value(data)).absolutePath().toStdString())
                               : gui::user_paths();
  const gui::Preferences preferences = gui::read_preferences(
      QSettings(QString::fromStdString(paths.window.string()), QSettings::IniFormat));
  const auto given = [&](const QCommandLineOption& option, const QString& otherwise) {
    return flags.isSet(option) ? flags.value(option) : otherwise;
  };
  try {
    gui::apply_theme(application, given(theme, preferences.theme));
    gui::install_translation(application, given(language, preferences.language));
    QApplication::setWindowIcon(QIcon(":/icons/studio.svg"));
    std::unique_ptr<gui::MainWindow> window;
    // Another language is another window around the same studio: what is being drawn goes on.
    const std::function<void(std::unique_ptr<gui::Studio>)> show = [&](auto studio) {
      auto next = std::make_unique<gui::MainWindow>(
          std::move(studio), QDir(QApplication::applicationDirPath()).filePath("tessera"));
      QObject::connect(
          next.get(),
          &gui::MainWindow::languageChosen,
          &application,
          [&](const QString& chosen) {
            gui::install_translation(application, chosen);
            show(window->releaseStudio());
          },
          Qt::QueuedConnection);
      next->show();
      window = std::move(next);
    };
    show(std::make_unique<gui::Studio>(engine::Engine::open, paths));
    window->studio().openModel(
        {.model = given(model, window->lastModel()).toStdString(),
         .device = given(device, preferences.device).toStdString(),
         .threads = given(threads, QString::number(preferences.threads)).toInt()});
    if (!flags.positionalArguments().isEmpty()) {
      window->openDropped(flags.positionalArguments().front());
    }
    return QApplication::exec();
  } catch (const Error& error) {
    std::cerr << "tessera-gui: " << error.what() << "\n";
    if (error.code() == ErrorCode::kInvalidArgument) return 2;
    return error.code() == ErrorCode::kNotFound ? 3 : 1;
  }
}
