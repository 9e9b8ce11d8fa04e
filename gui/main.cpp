// tessera-gui: the desktop program.

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QIcon>
#include <iostream>

#include "core/error.h"
#include "engine/version.h"
#include "gui/main_window.h"
#include "gui/theme.h"
#include "gui/translation.h"

using namespace tessera;  // NOLINT: a program of one file

int main(int count, char** words) {
  QApplication application(count, words);
  QApplication::setApplicationName("Tessera Studio");
  QApplication::setDesktopFileName("io.github.tessera.Studio");

  QCommandLineParser flags;
  flags.setApplicationDescription("Tessera Studio: write a prompt and watch the picture form.");
  flags.addHelpOption();
  flags.addVersionOption();
  QApplication::setApplicationVersion(
      QString::fromStdString(engine::version_text()).section('\n', 0, 0));
  const QCommandLineOption model("model", "Model folder or name [the shipped one].", "MODEL");
  const QCommandLineOption device("device", "auto, cpu, cuda or cuda:N.", "DEVICE", "auto");
  const QCommandLineOption threads("threads", "Threads, 0 = one a core.", "N", "0");
  const QCommandLineOption data("data", "Keep history and pictures in this folder.", "FOLDER");
  const QCommandLineOption language("language", "de, en; left out: the desktop's.", "CODE");
  const QCommandLineOption theme("theme", "system, dark or light.", "THEME", "system");
  flags.addOptions({model, device, threads, data, language, theme});
  flags.addPositionalArgument("PICTURE", "A picture to open.", "[PICTURE]");
  flags.process(application);
  gui::install_translation(application, flags.value(language));
  QApplication::setWindowIcon(QIcon(":/icons/studio.svg"));

  const gui::Paths paths = flags.isSet(data)
                               ? gui::paths_in(QDir(flags.value(data)).absolutePath().toStdString())
                               : gui::user_paths();
  try {
    gui::apply_theme(application, flags.value(theme));
    auto studio = std::make_unique<gui::Studio>(engine::Engine::open, paths);
    gui::MainWindow window(std::move(studio),
                           QDir(QApplication::applicationDirPath()).filePath("tessera"));
    window.show();
    window.studio().openModel({.model = flags.value(model).toStdString(),
                               .device = flags.value(device).toStdString(),
                               .threads = flags.value(threads).toInt()});
    if (!flags.positionalArguments().isEmpty()) {
      window.openDropped(flags.positionalArguments().front());
    }
    return QApplication::exec();
  } catch (const Error& error) {
    std::cerr << "tessera-gui: " << error.what() << "\n";
    if (error.code() == ErrorCode::kInvalidArgument) return 2;
    return error.code() == ErrorCode::kNotFound ? 3 : 1;
  }
}
