#include "gui/notice_bar.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>
#include <utility>

namespace tessera::gui {

NoticeBar::NoticeBar(QWidget* parent)
    : QFrame(parent), sign_(new QLabel), text_(new QLabel), act_(new QPushButton) {
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  setObjectName("notice");
  text_->setWordWrap(true);
  text_->setTextFormat(Qt::PlainText);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  auto* copy = new QToolButton;
  copy->setText(tr("Copy"));
  copy->setToolTip(tr("Copy this message"));
  auto* close = new QToolButton;
  close->setText("✕");
  close->setAccessibleName(tr("Close this message"));
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(8, 4, 8, 4);
  layout->addWidget(sign_);
  layout->addWidget(text_, 1);
  layout->addWidget(act_);
  layout->addWidget(copy);
  layout->addWidget(close);
  connect(
      copy, &QToolButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
  connect(close, &QToolButton::clicked, this, &QWidget::hide);
  connect(act_, &QPushButton::clicked, this, [this] {
    hide();
    if (const auto action = std::exchange(action_, {})) action();
  });
  hide();
}

QString NoticeBar::text() const {
  return text_->text();
}

void NoticeBar::show(Kind kind, const QString& text) {
  const auto icon = kind == Kind::kError     ? QStyle::SP_MessageBoxCritical
                    : kind == Kind::kWarning ? QStyle::SP_MessageBoxWarning
                                             : QStyle::SP_MessageBoxInformation;
  sign_->setPixmap(style()->standardIcon(icon, nullptr, this).pixmap(22, 22));
  text_->setText(text);
  act_->setVisible(static_cast<bool>(action_));
  QWidget::show();
  setAccessibleName(text);
  QAccessibleEvent alert(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

void NoticeBar::tell(Kind kind, const QString& text) {
  action_ = {};
  show(kind, text);
}

void NoticeBar::ask(const QString& text,
                    const QString& button,
                    std::function<void()> action,
                    Kind kind) {
  action_ = std::move(action);
  act_->setText(button);
  show(kind, text);
}

}  // namespace tessera::gui
