#pragma once

#include <QHash>
#include <QImage>
#include <QObject>
#include <deque>

namespace tessera::gui {

class Studio;

/// What the codes of the open model look like, each painted once. They are asked for one at a time,
/// so that drawing and opening never wait for more than one, and what is no longer wanted is never
/// painted.
class CodeTiles final : public QObject {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(CodeTiles)

 public:
  explicit CodeTiles(Studio& studio, QObject* parent = nullptr);
  /// These next, of a codebook of `codes`, instead of what was wanted before; known ones are not
  /// painted again.
  void want(const std::vector<int>& wanted, int codes);
  /// Null where it is not painted yet.
  QImage tile(int code) const { return painted_.value(code); }

 Q_SIGNALS:
  void painted(int code);

 private:
  void askNext();

  Studio& studio_;
  QHash<int, QImage> painted_{};
  std::deque<int> wanted_{};
  int codes_ = 0;
  bool asked_ = false;
};

}  // namespace tessera::gui
