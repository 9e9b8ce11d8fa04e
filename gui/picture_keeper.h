#pragma once

#include <QDateTime>
#include <QImage>
#include <QString>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/engine.h"
#include "engine/history/history.h"
#include "engine/image_files.h"

namespace tessera::gui {

/// Where finished pictures go.
struct KeepingRules {
  std::filesystem::path folder{};
  QString name{};               // pattern of their files: picture_name.h
  bool settings_inside = true;  // prompt and settings go into the PNG; the history has them anyway
};

/// A picture that has just been drawn.
struct FinishedPicture {
  std::int64_t job = 0;
  int picture = 0;  // of the job
  engine::Image pixels{};
  QImage image{};  // the same
  engine::PictureText text{};
  std::string prompt{};
  std::uint64_t seed = 0;
  std::string model{};
  QDateTime when{};
  std::filesystem::path file{};  // where it lies; "" = nowhere yet
};

/// Puts finished pictures on the disk and into the history. What a full disk or a locked history
/// refuses is held in memory until it is taken: nothing that was drawn is lost while the program
/// runs. Of one thread.
class PictureKeeper final {
 public:
  /// `history` is opened with the first picture.
  PictureKeeper(std::filesystem::path history, KeepingRules rules);
  void setRules(const KeepingRules& rules) { rules_ = rules; }

  struct Kept {
    FinishedPicture picture{};
    std::int64_t entry = 0;  // row of the history
  };
  /// Behind those that are held. Kept by the next call of keepNext().
  void hold(FinishedPicture picture) { held_.push_back(std::move(picture)); }
  /// Keeps the oldest of the held pictures; absent where there is none. Throws Error where it is
  /// refused, and holds it still.
  std::optional<Kept> keepNext();
  int held() const { return static_cast<int>(held_.size()); }

 private:
  std::filesystem::path history_file_;
  KeepingRules rules_;
  std::unique_ptr<history::History> history_{};
  std::deque<FinishedPicture> held_{};
};

}  // namespace tessera::gui
