#pragma once

#include <QWidget>
#include <cstdint>
#include <optional>

class QComboBox;
class QLineEdit;

namespace tessera::gui {

/// The seed of the next picture: drawn anew each time, the same each time, or one more each time.
class SeedField final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(SeedField)

 public:
  enum Mode { kRandom, kFixed, kStep };
  explicit SeedField(QWidget* parent = nullptr);

  Mode mode() const;
  void setMode(Mode mode);
  /// Absent where it is to be drawn.
  std::optional<std::uint64_t> seed() const;
  /// Fixes it.
  void setSeed(std::uint64_t seed);
  /// After a job of `pictures` pictures was asked for: the next one's seed, where it steps.
  void advance(int pictures);
  /// What was drawn last, for "use it again".
  void setLast(std::uint64_t seed) { last_ = seed; }

 public Q_SLOTS:
  void useLast();

 private:
  QComboBox* mode_;
  QLineEdit* value_;
  std::optional<std::uint64_t> last_{};
};

}  // namespace tessera::gui
