#pragma once

#include <QFrame>
#include <functional>

class QLabel;
class QPushButton;

namespace tessera::gui {

/// One message in the window, above the pages, until it is closed: what happened and what to do,
/// with at most one button for the latter. Screen readers are told.
class NoticeBar final : public QFrame {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(NoticeBar)

 public:
  enum class Kind { kNote, kWarning, kError };
  explicit NoticeBar(QWidget* parent = nullptr);
  void tell(Kind kind, const QString& text);
  void ask(const QString& text,
           const QString& button,
           std::function<void()> action,
           Kind kind = Kind::kNote);
  QString text() const;

 private:
  void show(Kind kind, const QString& text);
  QLabel* sign_;
  QLabel* text_;
  QPushButton* act_;
  std::function<void()> action_{};
};

}  // namespace tessera::gui
