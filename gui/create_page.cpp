#include "gui/create_page.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDesktopServices>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QLabel>
#include <QScrollArea>
#include <QSplitter>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "core/error.h"
#include "gui/error_text.h"
#include "gui/film_bar.h"
#include "gui/gallery.h"
#include "gui/picture_view.h"
#include "gui/prompt_edit.h"
#include "gui/prompts_dialog.h"
#include "gui/studio.h"

namespace tessera::gui {
namespace {

constexpr int kPromptsKept = 200;

QString pretty(const std::string& json) {
  const QJsonDocument record = QJsonDocument::fromJson(QByteArray::fromStdString(json));
  return QString::fromUtf8(record.toJson(QJsonDocument::Indented));
}

}  // namespace

CreatePage::CreatePage(Studio& studio, QWidget* parent)
    : QWidget(parent),
      studio_(studio),
      settings_(new SettingsPanel),
      view_(new PictureView),
      film_(new FilmBar(view_)),
      info_(new QLabel),
      details_(new QTextBrowser),
      gallery_(new Gallery(studio.history())),
      splitter_(new QSplitter(Qt::Horizontal, this)) {
  auto* left = new QScrollArea;
  left->setWidget(settings_);
  left->setWidgetResizable(true);
  left->setFrameShape(QFrame::NoFrame);
  left->setMinimumWidth(280);
  splitter_->addWidget(left);
  splitter_->addWidget(makeCentre());
  splitter_->addWidget(gallery_);
  splitter_->setStretchFactor(1, 1);
  splitter_->setSizes({300, 640, 260});
  splitter_->setChildrenCollapsible(false);
  auto* layout = new QHBoxLayout(this);
  layout->addWidget(splitter_);
  view_->setPlaceholder(tr("The model is loading. You can write your prompt already."));
  connectStudio();
  connect(settings_, &SettingsPanel::submitted, this, &CreatePage::generate);
  connect(settings_, &SettingsPanel::starAsked, this, &CreatePage::star);
  connect(settings_, &SettingsPanel::promptsAsked, this, &CreatePage::choosePrompt);
  connect(gallery_, &Gallery::activated, this, &CreatePage::showEntry);
  connect(gallery_, &Gallery::failed, this, &CreatePage::failed);
  connect(gallery_, &Gallery::selectionChanged, this, [this] {
    const auto entries = gallery_->selected();
    if (entries.size() == 1) showEntry(entries.front());
  });
}

QWidget* CreatePage::makeCentre() {
  auto* centre = new QWidget;
  auto* layout = new QVBoxLayout(centre);
  info_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  info_->setObjectName("info");
  details_->setAccessibleName(tr("All that the picture says about itself"));
  details_->setLineWrapMode(QTextEdit::NoWrap);
  details_->setMaximumHeight(220);
  details_->hide();
  layout->addWidget(view_, 1);
  layout->addWidget(film_);
  layout->addWidget(info_);
  layout->addWidget(details_);
  return centre;
}

void CreatePage::connectStudio() {
  const auto refresh_prompts = [this] {
    QStringList prompts;
    try {
      for (const std::string& prompt : studio_.history().prompts(kPromptsKept)) {
        prompts.push_back(QString::fromStdString(prompt));
      }
    } catch (const Error& error) {
      Q_EMIT failed(plain_words(error));
    }
    settings_->setPromptHistory(prompts);
    showStars();
  };
  refresh_prompts();
  connect(&studio_, &Studio::modelOpened, this, [this] {
    settings_->setModel(studio_.model());
    view_->setPlaceholder(studio_.model().paths.isEmpty()
                              ? tr("This model is a codec: it can reconstruct pictures (page "
                                   "\"Tokens\"), not draw them.")
                              : tr("Write what you want to see and press Enter."));
  });
  connect(&studio_, &Studio::modelOpening, this, [this] { settings_->setCanDraw(false); });
  connect(&studio_, &Studio::modelFailed, this, [this] {
    view_->setPlaceholder(tr("No model is open. Choose one on the page \"Models\"."));
  });
  connect(&studio_, &Studio::filmChanged, this, [this] {
    shown_.reset();
    const auto running = studio_.queue().running();
    if (running) info_->setText(QString::fromStdString(running->request.prompt));
    film_->showFilm(studio_.film());
    studio_.previewShown();
  });
  connect(&studio_, &Studio::pictureFinished, this, [this](std::int64_t entry, const QImage&) {
    const int row = gallery_->model().rowOf(entry);
    if (row < 0) return;
    shown_ = gallery_->model().entryAt(row);
    if (shown_) settings_->setLastSeed(QString::fromStdString(shown_->seed).toULongLong());
    showInfo();
  });
  connect(&studio_, &Studio::historyChanged, this, [this, refresh_prompts] {
    gallery_->refresh();
    refresh_prompts();
  });
  connect(&studio_.queue(), &JobQueue::changed, this, [this] {
    settings_->setWaiting(studio_.queue().waiting());
  });
}

void CreatePage::showStars() {
  QStringList starred;
  try {
    for (const std::string& prompt : studio_.history().starred_prompts()) {
      starred.push_back(QString::fromStdString(prompt));
    }
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  settings_->setStarredPrompts(starred);
}

void CreatePage::star(const QString& prompt, bool starred) {
  try {
    if (starred) {
      studio_.history().star_prompt(prompt.toStdString());
    } else {
      studio_.history().unstar_prompt(prompt.toStdString());
    }
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  showStars();
}

void CreatePage::toggleStar() {
  settings_->findChild<QToolButton*>("star")->click();
}

void CreatePage::choosePrompt() {
  PromptsDialog dialog(studio_.history(), this);
  connect(&dialog, &PromptsDialog::failed, this, &CreatePage::failed);
  if (dialog.exec() == QDialog::Accepted) {
    settings_->prompt()->setPlainText(dialog.taken());
    settings_->prompt()->moveCursor(QTextCursor::End);
    settings_->prompt()->setFocus();
  }
  showStars();
}

void CreatePage::generate() {
  if (studio_.ready()) studio_.enqueue(settings_->takeRequest());
}

void CreatePage::generateNext() {
  if (studio_.ready()) studio_.enqueueNext(settings_->takeRequest());
}

void CreatePage::showEntry(const history::Entry& entry) {
  const QImage picture(QString::fromStdString(entry.file.string()));
  if (picture.isNull()) {
    Q_EMIT failed(tr("%1 cannot be read: it was moved, deleted or damaged.")
                      .arg(QString::fromStdString(entry.file.string())));
    return;
  }
  film_->clear();
  shown_ = entry;
  view_->setPicture(picture.convertToFormat(QImage::Format_RGB888));
  showInfo();
}

void CreatePage::showInfo() {
  if (!shown_) return;
  info_->setText(
      tr("seed %1  ·  %2×%3  ·  %4  ·  %5")
          .arg(QString::fromStdString(shown_->seed))
          .arg(shown_->width)
          .arg(shown_->height)
          .arg(QString::fromStdString(shown_->model), QString::fromStdString(shown_->prompt)));
  details_->setPlainText(QString::fromStdString(shown_->file.string()) + "\n" +
                         pretty(shown_->record));
}

void CreatePage::setDetailsShown(bool shown) {
  details_->setVisible(shown);
}

void CreatePage::toggleTokens() {
  if (film_->tokensBox()->isEnabled()) film_->tokensBox()->toggle();
}

void CreatePage::recall(Recall what) {
  if (!shown_) return;
  try {
    settings_->setRequest(engine::request_from_json(shown_->record), what);
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
}

void CreatePage::makeVariations(int count) {
  if (!shown_ || !studio_.ready()) return;
  try {
    engine::GenerateRequest request = engine::request_from_json(shown_->record);
    request.seed.reset();
    request.count = count;
    studio_.enqueue(request);
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
}

void CreatePage::copySeed() const {
  if (shown_) QApplication::clipboard()->setText(QString::fromStdString(shown_->seed));
}

void CreatePage::openFolder() {
  const std::filesystem::path folder =
      shown_ ? shown_->file.parent_path() : studio_.picturesFolder();
  QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(folder.string())));
}

void CreatePage::copyPicture() const {
  if (!view_->picture().isNull()) QApplication::clipboard()->setImage(view_->picture());
}

QByteArray CreatePage::layoutState() const {
  return splitter_->saveState();
}

void CreatePage::restoreLayout(const QByteArray& state) {
  splitter_->restoreState(state);
}

}  // namespace tessera::gui
