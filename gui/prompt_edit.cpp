#include "gui/prompt_edit.h"

#include <QFontMetrics>
#include <QKeyEvent>

namespace tessera::gui {

PromptEdit::PromptEdit(QWidget* parent) : QPlainTextEdit(parent) {
  setTabChangesFocus(true);
  setLines(3);
}

void PromptEdit::setLines(int lines) {
  const int frame = 2 * (frameWidth() + static_cast<int>(document()->documentMargin()));
  setFixedHeight(fontMetrics().lineSpacing() * lines + frame);
}

void PromptEdit::setHistory(const QStringList& prompts) {
  history_ = prompts;
  place_ = -1;
}

void PromptEdit::show(int place) {
  if (place_ == -1) draft_ = text();
  place_ = place;
  setPlainText(place < 0 ? draft_ : history_[place]);
  moveCursor(QTextCursor::End);
}

void PromptEdit::earlier() {
  if (place_ + 1 < history_.size()) show(place_ + 1);
}

void PromptEdit::later() {
  if (place_ >= 0) show(place_ - 1);
}

void PromptEdit::keyPressEvent(QKeyEvent* event) {
  const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
  if (enter && (event->modifiers() & ~Qt::KeypadModifier) == Qt::NoModifier) {
    Q_EMIT submitted();
  } else if (event->modifiers() == Qt::AltModifier && event->key() == Qt::Key_Up) {
    earlier();
  } else if (event->modifiers() == Qt::AltModifier && event->key() == Qt::Key_Down) {
    later();
  } else {
    QPlainTextEdit::keyPressEvent(event);
  }
}

}  // namespace tessera::gui
