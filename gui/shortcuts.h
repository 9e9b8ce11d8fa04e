#pragma once

#include <QHash>
#include <QKeySequence>
#include <QList>
#include <QString>

class QAction;
class QSettings;
class QWidget;

namespace tessera::gui {

/// Every action of the window with its keys, shown on F1 and in the settings, open to change there.
class Shortcuts final {
 public:
  /// `settings` keeps what the user changed; must outlive this.
  explicit Shortcuts(QSettings& settings) : settings_(settings) {}
  /// `id` names it in the settings; the user's own keys are put in.
  void add(const QString& id, QAction* action);
  /// False, and nothing changes, where another action has these keys; `taken` is then its text.
  bool change(QAction* action, const QKeySequence& keys, QString* taken);
  /// Gives every action the keys that it came with.
  void restore();
  /// A row for each action, and what is said about keys that are taken.
  QWidget* makeList();
  void showDialog(QWidget* parent);
  const QList<QAction*>& actions() const { return actions_; }

 private:
  QSettings& settings_;
  QList<QAction*> actions_{};
  QHash<const QAction*, QKeySequence> own_{};
};

}  // namespace tessera::gui
