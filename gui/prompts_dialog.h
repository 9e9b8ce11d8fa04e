#pragma once

#include <QDialog>
#include <QStringList>

#include "engine/history/history.h"

class QLineEdit;
class QTableWidget;

namespace tessera::gui {

/// Prompts to take up again: those with a star first, then the earlier ones, newest first. Typing
/// searches, Enter takes, Ctrl+B or a click on the star sets and removes it.
class PromptsDialog final : public QDialog {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(PromptsDialog)

 public:
  explicit PromptsDialog(history::History& history, QWidget* parent = nullptr);
  /// What was taken; "" where the dialog was left.
  QString taken() const { return taken_; }
  QTableWidget* table() const { return table_; }
  QLineEdit* words() const { return words_; }

 public Q_SLOTS:
  void toggleStar();

 Q_SIGNALS:
  void failed(const QString& message);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void read();
  void fill(const QString& chosen);
  void take();
  QString selected() const;

  history::History& history_;
  QLineEdit* words_;
  QTableWidget* table_;
  QStringList starred_{};
  QStringList earlier_{};
  QString taken_{};
};

}  // namespace tessera::gui
