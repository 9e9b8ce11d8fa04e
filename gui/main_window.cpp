#include "gui/main_window.h"

#include <QAccessible>
#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QFileDialog>
#include <QImageWriter>
#include <QLabel>
#include <QMessageBox>
#include <QMimeData>
#include <QProgressBar>
#include <QStatusBar>
#include <QTabWidget>
#include <QVBoxLayout>
#include <utility>

#include "core/error.h"
#include "gui/compare_dialog.h"
#include "gui/create_page.h"
#include "gui/edit_page.h"
#include "gui/error_text.h"
#include "gui/evaluation_page.h"
#include "gui/export.h"
#include "gui/gallery.h"
#include "gui/mask_canvas.h"
#include "gui/models_page.h"
#include "gui/notice_bar.h"
#include "gui/picture_file.h"
#include "gui/picture_view.h"
#include "gui/preferences_dialog.h"
#include "gui/prompt_edit.h"
#include "gui/queue_view.h"
#include "gui/recall_dialog.h"
#include "gui/theme.h"
#include "gui/time_text.h"
#include "gui/tokens_page.h"
#include "gui/training_page.h"

namespace tessera::gui {

MainWindow::MainWindow(std::unique_ptr<Studio> studio, const QString& program, QWidget* parent)
    : QMainWindow(parent),
      settings_(QString::fromStdString(studio->paths().window.string()), QSettings::IniFormat),
      preferences_(read_preferences(settings_)),
      shortcuts_(settings_),
      studio_(std::move(studio)),
      program_(program),
      notice_(new NoticeBar),
      pages_(new QTabWidget) {
  setWindowTitle("Tessera Studio");
  setAcceptDrops(true);
  makePages();
  makeStatus();
  makeQueue();
  makeMenus();
  makePictureMenu();
  connectStudio();
  restoreState();
  applyPreferences();
  studio_->tellState();
  if (!studio_->historyNote().isEmpty()) {
    notice_->tell(NoticeBar::Kind::kWarning, studio_->historyNote());
  }
  offerJobs();
  create_->settings().prompt()->setFocus();
}

MainWindow::~MainWindow() {
  // The pages watch the studio and must not hear of its end.
  if (studio_) disconnect(studio_.get(), nullptr, nullptr, nullptr);
}

std::unique_ptr<Studio> MainWindow::releaseStudio() {
  saveState();
  disconnect(studio_.get(), nullptr, this, nullptr);
  return std::move(studio_);
}

void MainWindow::setPreferences(const Preferences& preferences) {
  const Preferences before = std::exchange(preferences_, preferences);
  write_preferences(settings_, preferences_);
  applyPreferences();
  if (before.theme != preferences_.theme) {
    apply_theme(*qobject_cast<QApplication*>(qApp), preferences_.theme);
  }
  if (before.language != preferences_.language) Q_EMIT languageChosen(preferences_.language);
}

void MainWindow::applyPreferences() {
  studio_->setPreferences(preferences_);
  create_->gallery().setAskBeforeDelete(preferences_.ask_before_delete);
}

void MainWindow::editPreferences() {
  const QString own = QString::fromStdString(studio_->paths().pictures.string());
  PreferencesDialog dialog(preferences_, own, shortcuts_, this);
  if (dialog.exec() == QDialog::Accepted) setPreferences(dialog.preferences());
}

void MainWindow::makePages() {
  create_ = new CreatePage(*studio_);
  edit_ = new EditPage(*studio_);
  tokens_ = new TokensPage(*studio_);
  training_ = new TrainingPage(program_, studio_->paths().runs);
  evaluation_ = new EvaluationPage(program_, studio_->paths().runs.parent_path() / "evaluation");
  models_ = new ModelsPage(*studio_);
  pages_->addTab(create_, tr("Create"));
  pages_->addTab(edit_, tr("Edit"));
  pages_->addTab(tokens_, tr("Tokens"));
  pages_->addTab(training_, tr("Train"));
  pages_->addTab(evaluation_, tr("Measure"));
  pages_->addTab(models_, tr("Models"));
  pages_->setDocumentMode(true);
  auto* centre = new QWidget;
  auto* layout = new QVBoxLayout(centre);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(notice_);
  layout->addWidget(pages_, 1);
  setCentralWidget(centre);
  const auto tell = [this](const QString& message) {
    notice_->tell(NoticeBar::Kind::kError, message);
  };
  connect(create_, &CreatePage::failed, this, tell);
  connect(edit_, &EditPage::failed, this, tell);
  connect(tokens_, &TokensPage::failed, this, tell);
  connect(training_, &TrainingPage::failed, this, tell);
  connect(evaluation_, &EvaluationPage::failed, this, tell);
  connect(models_, &ModelsPage::failed, this, tell);
}

void MainWindow::makeStatus() {
  status_ = new QLabel;
  progress_ = new QProgressBar;
  model_label_ = new QLabel;
  progress_->setRange(0, 1000);
  progress_->setTextVisible(false);
  progress_->setFixedWidth(180);
  progress_->setAccessibleName(tr("Progress of the running job"));
  progress_->hide();
  statusBar()->addWidget(status_, 1);
  statusBar()->addPermanentWidget(progress_);
  statusBar()->addPermanentWidget(model_label_);
}

void MainWindow::makeQueue() {
  queue_dock_ = new QDockWidget(tr("Queue"), this);
  queue_dock_->setObjectName("queue-dock");
  queue_dock_->setWidget(new QueueView(*studio_));
  addDockWidget(Qt::BottomDockWidgetArea, queue_dock_);
  queue_dock_->hide();
}

void MainWindow::connectStudio() {
  Studio* studio = studio_.get();
  connect(studio, &Studio::modelOpening, this, [this] {
    model_label_->setText(tr("opening the model …"));
  });
  connect(studio, &Studio::modelOpened, this, [this] {
    model_label_->setText(studio_->model().name);
    model_label_->setToolTip(studio_->model().description);
    settings_.setValue("model/folder", QString::fromStdString(studio_->options().model.string()));
  });
  connect(studio, &Studio::modelFailed, this, [this](const QString& message) {
    model_label_->setText(tr("no model"));
    engine::EngineOptions options = studio_->options();
    if (options.model.empty()) {
      notice_->tell(NoticeBar::Kind::kError, message);
      return;
    }
    options.model.clear();
    notice_->ask(
        message,
        tr("Open the shipped model"),
        [this, options] { studio_->openModel(options); },
        NoticeBar::Kind::kError);
  });
  connect(studio, &Studio::picturesHeldChanged, this, &MainWindow::tellHeld);
  connect(studio, &Studio::recovered, this, [this](const QString& message) {
    notice_->tell(NoticeBar::Kind::kNote, message);
  });
  connect(studio, &Studio::warned, this, [this](const QString& message) {
    notice_->tell(NoticeBar::Kind::kWarning, message);
  });
  connect(studio, &Studio::failed, this, [this](const QString& message) {
    notice_->tell(NoticeBar::Kind::kError, message);
  });
  connect(studio, &Studio::progressed, this, &MainWindow::showProgress);
  connect(studio, &Studio::jobEnded, this, [this](const Job& job) {
    if (studio_->queue().waiting() == 0) progress_->hide();
    if (job.state == JobState::kFailed) {
      notice_->tell(NoticeBar::Kind::kError, job.message);
    }
    status_->setText(
        job.state == JobState::kFinished
            ? tr("%n picture(s) in %1", nullptr, job.finished).arg(duration_text(job.seconds))
        : job.state == JobState::kCancelled ? tr("cancelled")
                                            : tr("failed"));
    QAccessibleEvent alert(status_, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
  });
}

void MainWindow::showProgress(double share, double seconds) {
  progress_->show();
  progress_->setValue(static_cast<int>(share * 1000));
  const auto running = studio_->queue().running();
  const auto left = studio_->queue().secondsLeft();
  const auto steps =
      running ? static_cast<double>(running->request.sampling.steps * running->request.count) : 0;
  QString text = tr("step %1 of %2").arg(std::llround(share * steps)).arg(std::llround(steps));
  if (seconds > 0) text += tr("  ·  %1 steps a second").arg(share * steps / seconds, 0, 'f', 1);
  if (left) text += tr("  ·  %1 left").arg(duration_text(*left));
  const int waiting = studio_->queue().waiting();
  if (waiting > 0) text += tr("  ·  %n job(s) waiting", nullptr, waiting);
  status_->setText(text);
}

void MainWindow::tellHeld(int count, const QString& why) {
  if (count == 0) {
    notice_->tell(NoticeBar::Kind::kNote, tr("All pictures are saved now; nothing was lost."));
    return;
  }
  notice_->ask(
      tr("%n picture(s) could not be saved and are kept in memory. That is tried again "
         "by itself; jobs that wait begin then.",
         nullptr,
         count) +
          "\n" + why,
      tr("Try again now"),
      [this] { studio_->keepHeld(); },
      NoticeBar::Kind::kError);
}

void MainWindow::offerJobs() {
  const int left = studio_->jobsLeft();
  if (left == 0) return;
  notice_->ask(tr("%n job(s) waited when the program ended.", nullptr, left),
               tr("Draw them now"),
               [this] { studio_->resumeJobs(); });
}

void MainWindow::editShown() {
  const auto& shown = create_->shown();
  edit_->load(create_->view().picture(), shown ? QString::fromStdString(shown->prompt) : QString());
  pages_->setCurrentWidget(edit_);
}

void MainWindow::tokeniseShown() {
  if (create_->view().picture().isNull()) return;
  tokens_->load(create_->view().picture());
  pages_->setCurrentWidget(tokens_);
}

void MainWindow::compareSelected() {
  const std::vector<history::Entry> entries = create_->gallery().selected();
  if (entries.size() != 2) {
    notice_->tell(NoticeBar::Kind::kNote,
                  tr("Choose two pictures of the gallery to compare them."));
    return;
  }
  auto* dialog = new CompareDialog(entries[0], entries[1], this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->show();
}

void MainWindow::attempt(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    notice_->tell(NoticeBar::Kind::kError, plain_words(error));
  }
}

void MainWindow::exportSelected() {
  std::vector<history::Entry> entries = create_->gallery().selected();
  if (entries.empty() && create_->shown()) entries.push_back(*create_->shown());
  if (entries.empty()) return;
  const QString name = QString::fromStdString(entries.front().file.filename().string());
  QString kinds = tr("PNG with its settings (*.png);;JPEG (*.jpg)");
  // A plug-in that not every machine has.
  if (QImageWriter::supportedImageFormats().contains("webp")) kinds += ";;WebP (*.webp)";
  const QString target = QFileDialog::getSaveFileName(this, tr("Export"), name, kinds);
  if (target.isEmpty()) return;
  attempt([&] { export_pictures(entries, target); });
}

void MainWindow::exportSheet() {
  const std::vector<history::Entry> entries = create_->gallery().selected();
  if (entries.empty()) return;
  const QString target =
      QFileDialog::getSaveFileName(this, tr("Contact sheet"), "sheet.png", tr("PNG (*.png)"));
  if (target.isEmpty()) return;
  attempt([&] { export_sheet(entries, target); });
}

void MainWindow::exportHistory() {
  const QString target = QFileDialog::getSaveFileName(
      this, tr("Export the history"), "history.json", tr("JSON (*.json)"));
  if (target.isEmpty()) return;
  attempt([&] { export_history(studio_->history(), target); });
}

void MainWindow::openDropped(const QString& file) {
  try {
    RecallDialog dialog(request_in_picture(file), this);
    if (dialog.exec() == QDialog::Accepted) {
      SettingsPanel& settings = create_->settings();
      settings.setRequest(dialog.merged(settings.request()), Recall::kAll);
      pages_->setCurrentWidget(create_);
    }
  } catch (const Error&) {
    // No settings in it: then it is a picture to work on.
    QString problem;
    const QImage picture = read_picture(file, &problem);
    if (picture.isNull()) {
      notice_->tell(NoticeBar::Kind::kError, problem);
      return;
    }
    if (pages_->currentWidget() == tokens_) {
      tokens_->load(picture);
    } else {
      edit_->load(picture, {});
      pages_->setCurrentWidget(edit_);
    }
  }
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls() && event->source() == nullptr) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QList<QUrl> urls = event->mimeData()->urls();
  if (urls.isEmpty() || !urls.front().isLocalFile()) return;
  event->acceptProposedAction();
  openDropped(urls.front().toLocalFile());
}

void MainWindow::restoreState() {
  constexpr QSize kFirst(1280, 800);
  resize(kFirst);
  restoreGeometry(settings_.value("window/geometry").toByteArray());
  QMainWindow::restoreState(settings_.value("window/docks").toByteArray());
  create_->restoreLayout(settings_.value("window/panels").toByteArray());
  create_->settings().restore(settings_.value("form").toString());
  pages_->setCurrentIndex(settings_.value("window/page", 0).toInt());
}

void MainWindow::saveState() {
  settings_.setValue("window/geometry", saveGeometry());
  settings_.setValue("window/docks", QMainWindow::saveState());
  settings_.setValue("window/panels", create_->layoutState());
  settings_.setValue("window/page", pages_->currentIndex());
  settings_.setValue("form", create_->settings().save());
  settings_.sync();
}

/// Pictures that are in memory alone would be lost.
bool MainWindow::mayClose() {
  const int held = studio_ ? studio_->picturesHeld() : 0;
  if (held == 0) return true;
  const QString question =
      tr("%n picture(s) are not saved yet. Close all the same, and lose them?", nullptr, held);
  return QMessageBox::question(this, tr("Close"), question) == QMessageBox::Yes;
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (!mayClose()) {
    event->ignore();
    return;
  }
  if (!studio_) return;
  saveState();
  event->accept();
}

}  // namespace tessera::gui
