#include "gui/paths.h"

#include <QDir>
#include <QStandardPaths>

namespace tessera::gui {
namespace fs = std::filesystem;
namespace {

/// The value of an XDG variable where it is an absolute path, else `otherwise` in the home folder.
fs::path xdg(const char* variable, const char* otherwise) {
  const QString value = qEnvironmentVariable(variable);
  if (QDir::isAbsolutePath(value)) return value.toStdString();
  return fs::path(QDir::homePath().toStdString()) / otherwise;
}

}  // namespace

Paths user_paths() {
  const fs::path data = xdg("XDG_DATA_HOME", ".local/share") / "tessera";
  const QString pictures = QStandardPaths::writableLocation(QStandardPaths::PicturesLocation);
  return {.history = data / "history.sqlite",
          .pictures = fs::path(pictures.toStdString()) / "Tessera",
          .window = xdg("XDG_STATE_HOME", ".local/state") / "tessera" / "studio.ini",
          .runs = data / "runs"};
}

Paths paths_in(const fs::path& folder) {
  return {.history = folder / "history.sqlite",
          .pictures = folder / "pictures",
          .window = folder / "studio.ini",
          .runs = folder / "runs"};
}

}  // namespace tessera::gui
