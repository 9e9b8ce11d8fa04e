#include "gui/shortcuts.h"

#include <QAction>
#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QVBoxLayout>

namespace tessera::gui {
namespace {

QString plain(const QAction* action) {
  return action->text().remove('&');
}

}  // namespace

void Shortcuts::add(const QString& id, QAction* action) {
  action->setObjectName(id);
  own_[action] = action->shortcut();
  const QString key = "keys/" + id;
  if (settings_.contains(key)) {
    action->setShortcut(QKeySequence(settings_.value(key).toString(), QKeySequence::PortableText));
  }
  actions_.push_back(action);
}

bool Shortcuts::change(QAction* action, const QKeySequence& keys, QString* taken) {
  for (const QAction* other : actions_) {
    if (other != action && !keys.isEmpty() && other->shortcut() == keys) {
      *taken = plain(other);
      return false;
    }
  }
  action->setShortcut(keys);
  settings_.setValue("keys/" + action->objectName(), keys.toString(QKeySequence::PortableText));
  return true;
}

void Shortcuts::restore() {
  for (QAction* action : actions_) {
    action->setShortcut(own_[action]);
    settings_.remove("keys/" + action->objectName());
  }
}

QWidget* Shortcuts::makeList() {
  auto* rows = new QWidget;
  auto* form = new QFormLayout(rows);
  auto* told = new QLabel;
  told->setWordWrap(true);
  QList<QKeySequenceEdit*> edits;
  for (QAction* action : actions_) {
    auto* edit = new QKeySequenceEdit(action->shortcut());
    edit->setAccessibleName(plain(action));
    QObject::connect(edit, &QKeySequenceEdit::editingFinished, told, [this, action, edit, told] {
      QString taken;
      if (change(action, edit->keySequence(), &taken)) {
        told->clear();
      } else {
        told->setText(QAction::tr("%1 belongs to \"%2\".")
                          .arg(edit->keySequence().toString(QKeySequence::NativeText), taken));
        edit->setKeySequence(action->shortcut());
      }
    });
    form->addRow(plain(action), edit);
    edits.push_back(edit);
  }
  auto* area = new QScrollArea;
  area->setWidget(rows);
  area->setWidgetResizable(true);
  area->setFrameShape(QFrame::NoFrame);
  auto* again = new QPushButton(QAction::tr("&The keys that the program came with"));
  again->setAutoDefault(false);
  QObject::connect(again, &QPushButton::clicked, told, [this, edits, told] {
    restore();
    told->clear();
    for (qsizetype row = 0; row < edits.size(); ++row) {
      edits[row]->setKeySequence(actions_[row]->shortcut());
    }
  });
  auto* list = new QWidget;
  auto* layout = new QVBoxLayout(list);
  layout->addWidget(area, 1);
  layout->addWidget(told);
  layout->addWidget(again, 0, Qt::AlignLeft);
  return list;
}

void Shortcuts::showDialog(QWidget* parent) {
  QDialog dialog(parent);
  dialog.setWindowTitle(QAction::tr("Keyboard shortcuts"));
  auto* close = new QDialogButtonBox(QDialogButtonBox::Close);
  QObject::connect(close, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
  auto* layout = new QVBoxLayout(&dialog);
  layout->addWidget(makeList(), 1);
  layout->addWidget(close);
  constexpr QSize kSize(460, 560);
  dialog.resize(kSize);
  dialog.exec();
}

}  // namespace tessera::gui
