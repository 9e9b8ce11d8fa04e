// The menus of the main window: every action, its keys and what it does.
#include <QAction>
#include <QDockWidget>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QShortcut>
#include <QTabWidget>

#include "engine/version.h"
#include "gui/create_page.h"
#include "gui/gallery.h"
#include "gui/main_window.h"
#include "gui/picture_file.h"
#include "gui/picture_view.h"
#include "gui/prompt_edit.h"

namespace tessera::gui {

QAction* MainWindow::addAction(QMenu* menu,
                               const char* id,
                               const QString& text,
                               const QKeySequence& keys,
                               const std::function<void()>& act) {
  auto* action = new QAction(text, this);
  action->setShortcut(keys);
  connect(action, &QAction::triggered, this, [act] { act(); });
  menu->addAction(action);
  shortcuts_.add(id, action);
  return action;
}

void MainWindow::makeMenus() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  addAction(file, "open", tr("&Open a picture …"), QKeySequence::Open, [this] {
    const QString name = ask_for_picture(this);
    if (!name.isEmpty()) openDropped(name);
  });
  addAction(file, "folder", tr("Open the folder of the &pictures"), QKeySequence("Ctrl+L"), [this] {
    create_->openFolder();
  });
  addAction(file, "history", tr("Export the &history …"), {}, [this] { exportHistory(); });
  addAction(
      file, "settings", tr("&Settings …"), QKeySequence("Ctrl+,"), [this] { editPreferences(); });
  addAction(file, "quit", tr("&Quit"), QKeySequence::Quit, [this] { close(); });

  QMenu* job = menuBar()->addMenu(tr("&Generate"));
  addAction(job, "generate", tr("&Generate"), QKeySequence("Ctrl+Return"), [this] {
    create_->generate();
  });
  addAction(job, "generate-next", tr("Generate &next"), QKeySequence("Ctrl+Shift+Return"), [this] {
    create_->generateNext();
  });
  addAction(job, "cancel", tr("&Cancel the running job"), QKeySequence("Esc"), [this] {
    studio_->cancelRunning();
  });
  addAction(job,
            "finish-picture",
            tr("&Finish this picture, drop the rest"),
            QKeySequence("Shift+Esc"),
            [this] { studio_->finishPicture(); });
  addAction(job, "cancel-all", tr("Cancel &all jobs"), QKeySequence("Ctrl+Shift+X"), [this] {
    studio_->cancelAll();
  });
  addAction(job, "prompt", tr("Write the &prompt"), QKeySequence("Alt+A"), [this] {
    pages_->setCurrentWidget(create_);
    create_->settings().prompt()->setFocus();
  });
  addAction(job, "prompts", tr("Favo&urite and earlier prompts …"), QKeySequence("Ctrl+H"), [this] {
    pages_->setCurrentWidget(create_);
    create_->choosePrompt();
  });
  addAction(job, "star-prompt", tr("&Star the prompt"), QKeySequence("Ctrl+Shift+B"), [this] {
    create_->toggleStar();
  });

  QMenu* view = menuBar()->addMenu(tr("&View"));
  addAction(view, "fit", tr("&Fit"), QKeySequence("Ctrl+0"), [this] { create_->view().fit(); });
  addAction(view, "pixels", tr("&One to one"), QKeySequence("Ctrl+1"), [this] {
    create_->view().actualSize();
  });
  addAction(
      view, "zoom-in", tr("Zoom &in"), QKeySequence::ZoomIn, [this] { create_->view().zoomIn(); });
  addAction(view, "zoom-out", tr("Zoom o&ut"), QKeySequence::ZoomOut, [this] {
    create_->view().zoomOut();
  });
  addAction(view, "tokens", tr("&Tokens of the picture"), QKeySequence("Ctrl+T"), [this] {
    create_->toggleTokens();
  });
  QAction* details = addAction(view, "details", tr("&Details"), QKeySequence("Ctrl+I"), [] {});
  details->setCheckable(true);
  connect(details, &QAction::toggled, create_, &CreatePage::setDetailsShown);
  QAction* queue = queue_dock_->toggleViewAction();
  queue->setShortcut(QKeySequence("Ctrl+Shift+Q"));
  view->addAction(queue);
  shortcuts_.add("queue", queue);
  for (int page = 0; page < pages_->count(); ++page) {
    addAction(view,
              qPrintable(QString("page-%1").arg(page + 1)),
              tr("Page %1").arg(pages_->tabText(page)),
              QKeySequence(QString("Alt+%1").arg(page + 1)),
              [this, page] { pages_->setCurrentIndex(page); });
  }

  QMenu* help = menuBar()->addMenu(tr("&Help"));
  addAction(help, "keys", tr("&Keyboard shortcuts"), QKeySequence::HelpContents, [this] {
    shortcuts_.showDialog(this);
  });
  addAction(help, "about", tr("&About"), {}, [this] {
    QMessageBox::about(this, tr("About Tessera"), QString::fromStdString(engine::version_text()));
  });
}

void MainWindow::makePictureMenu() {
  QMenu* menu = menuBar()->addMenu(tr("&Picture"));
  menuBar()->insertMenu(menuBar()->actions().at(3), menu);
  Gallery& gallery = create_->gallery();
  QList<QAction*> actions;
  const auto add = [&](const char* id,
                       const QString& text,
                       const QKeySequence& keys,
                       const std::function<void()>& act) {
    actions.push_back(addAction(menu, id, text, keys, act));
  };
  add("recall-all", tr("Use &all its settings"), QKeySequence("Ctrl+R"), [this] {
    create_->recall(Recall::kAll);
  });
  add("recall-prompt", tr("Use its &prompt"), QKeySequence("Ctrl+Shift+P"), [this] {
    create_->recall(Recall::kPrompt);
  });
  add("recall-seed", tr("Use its &seed"), QKeySequence("Ctrl+Shift+S"), [this] {
    create_->recall(Recall::kSeed);
  });
  add("recall-remix", tr("Use all b&ut the seed"), QKeySequence("Ctrl+Shift+R"), [this] {
    create_->recall(Recall::kAllButSeed);
  });
  constexpr int kVariations = 4;
  add("variations", tr("Four &variations"), QKeySequence("Ctrl+Shift+V"), [this] {
    create_->makeVariations(kVariations);
  });
  add("edit", tr("&Edit a part …"), QKeySequence("Ctrl+E"), [this] { editShown(); });
  add("tokenise", tr("Its &tokens …"), QKeySequence("Ctrl+K"), [this] { tokeniseShown(); });
  add("compare", tr("&Compare two …"), QKeySequence("Ctrl+D"), [this] { compareSelected(); });
  add("favourite", tr("&Favourite"), QKeySequence("Ctrl+B"), [&gallery] {
    gallery.toggleFavourite();
  });
  add("copy", tr("C&opy the picture"), QKeySequence("Ctrl+Shift+C"), [this] {
    create_->copyPicture();
  });
  add("copy-seed", tr("Copy its see&d"), {}, [this] { create_->copySeed(); });
  add("export", tr("E&xport …"), QKeySequence::Save, [this] { exportSelected(); });
  add("sheet", tr("Export a contact s&heet …"), QKeySequence("Ctrl+Shift+E"), [this] {
    exportSheet();
  });
  add("delete", tr("&Delete …"), QKeySequence("Ctrl+Delete"), [&gallery] {
    gallery.removeSelected();
  });
  add("delete-others", tr("Delete all but the favou&rites …"), {}, [&gallery] {
    gallery.removeOthers();
  });
  auto* in_gallery = new QShortcut(QKeySequence::Delete, gallery.view());
  in_gallery->setContext(Qt::WidgetShortcut);
  connect(in_gallery, &QShortcut::activated, &gallery, &Gallery::removeSelected);
  gallery.setMenu(actions);
  create_->view().addActions(actions);
}

}  // namespace tessera::gui
