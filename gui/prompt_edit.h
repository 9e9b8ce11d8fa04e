#pragma once

#include <QPlainTextEdit>
#include <QStringList>

namespace tessera::gui {

/// A few lines of prompt. Enter submits, Shift+Enter begins a line, Alt+Up and Alt+Down go through
/// earlier prompts; Tab leaves. Any script, in its own direction.
class PromptEdit final : public QPlainTextEdit {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(PromptEdit)

 public:
  explicit PromptEdit(QWidget* parent = nullptr);
  QString text() const { return toPlainText(); }
  /// Newest first.
  void setHistory(const QStringList& prompts);
  void setLines(int lines);

 public Q_SLOTS:
  void earlier();
  void later();

 Q_SIGNALS:
  void submitted();

 protected:
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void show(int place);
  QStringList history_{};
  QString draft_{};  // what was being written before one went back
  int place_ = -1;   // in history_; -1 = the draft
};

}  // namespace tessera::gui
