#pragma once

#include <QString>
#include <filesystem>

class QSettings;

namespace tessera::gui {

/// What a person has settled for the whole program, not for one picture. Kept in studio.ini.
struct Preferences {
  std::filesystem::path pictures{};  // folder of pictures; "" = the desktop's own
  QString name{};                    // pattern of their files: picture_name.h
  bool settings_inside = true;       // prompt and settings go into each PNG
  bool ask_before_delete = true;
  QString theme = "system";  // system, light, dark
  QString language{};        // code of a translation; "" = the desktop's
  int preview_every = 1;     // steps between two pictures that form; 0 = none
  QString device = "auto";   // auto, cpu, cuda, cuda:N
  int threads = 0;           // 0 = one a core

  friend bool operator==(const Preferences&, const Preferences&) = default;
};

/// What is there and sound; anything else has its default, so that no file can keep the program
/// from starting.
Preferences read_preferences(const QSettings& settings);
void write_preferences(QSettings& settings, const Preferences& preferences);

/// What is wrong, in one line; "" = nothing. A folder of pictures may still be missing where it can
/// be made.
QString problem_of(const Preferences& preferences);

}  // namespace tessera::gui
