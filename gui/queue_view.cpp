#include "gui/queue_view.h"

#include <QHBoxLayout>
#include <QListView>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/studio.h"

namespace tessera::gui {

QueueView::QueueView(Studio& studio, QWidget* parent)
    : QWidget(parent), studio_(studio), view_(new QListView(this)) {
  view_->setModel(&studio.queue());
  view_->setObjectName("queue");
  view_->setAccessibleName(tr("Queue"));
  view_->setWordWrap(true);
  view_->setSpacing(2);
  auto* layout = new QVBoxLayout(this);
  auto* buttons = new QHBoxLayout;
  const auto add = [&](const QString& sign, const QString& text, const auto& act) {
    auto* button = new QToolButton(this);
    button->setText(sign);
    button->setToolTip(text);
    button->setAccessibleName(text);
    connect(button, &QToolButton::clicked, this, act);
    buttons->addWidget(button);
    return button;
  };
  auto* pause = add("⏸", tr("Pause the queue"), [] {});
  pause->setCheckable(true);
  connect(pause, &QToolButton::toggled, &studio.queue(), &JobQueue::setPaused);
  add("↑", tr("Earlier"), [this] { withSelected([&](auto id) { studio_.queue().moveUp(id); }); });
  add("↓", tr("Later"), [this] { withSelected([&](auto id) { studio_.queue().moveDown(id); }); });
  add("✕", tr("Take the selected job out"), [this] {
    withSelected([&](auto id) {
      const auto running = studio_.queue().running();
      if (running && running->id == id) {
        studio_.cancelRunning();
      } else {
        studio_.queue().remove(id);
      }
    });
  });
  buttons->addStretch(1);
  add("⌫", tr("Clear the jobs that wait"), [this] { studio_.queue().clearWaiting(); });
  add("✓", tr("Clear the jobs that ended"), [this] { studio_.queue().clearEnded(); });
  layout->addLayout(buttons);
  layout->addWidget(view_, 1);
}

template <typename Act>
void QueueView::withSelected(const Act& act) {
  const QModelIndex index = view_->currentIndex();
  if (index.isValid()) act(index.data(JobQueue::kJobRole).value<Job>().id);
}

}  // namespace tessera::gui
