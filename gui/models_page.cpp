#include "gui/models_page.h"

#include <QDir>
#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMessageBox>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "core/error.h"
#include "engine/file_info.h"
#include "engine/installation.h"
#include "engine/pull.h"
#include "gui/error_text.h"
#include "gui/plain_table.h"
#include "gui/studio.h"

namespace tessera::gui {

ModelsPage::ModelsPage(Studio& studio, QWidget* parent)
    : QWidget(parent),
      studio_(studio),
      table_(make_plain_table({tr("Model"), tr("Origin"), tr("Size"), tr("Folder")},
                              tr("Models on this machine"))),
      details_(new QTextBrowser),
      open_(new QPushButton(tr("&Open"))),
      remove_(new QPushButton(tr("&Delete …"))),
      repository_(new QLineEdit),
      pull_(new QPushButton(tr("&Fetch"))),
      progress_(new QProgressBar) {
  details_->setAccessibleName(tr("Details of the model"));
  details_->setLineWrapMode(QTextEdit::NoWrap);
  repository_->setPlaceholderText("microsoft/vq-diffusion-ithq");
  repository_->setAccessibleName(tr("Published model, ORGANISATION/NAME"));
  progress_->setRange(0, 1000);
  progress_->hide();
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(open_);
  buttons->addWidget(remove_);
  auto* again = new QPushButton(tr("&Look again"));
  buttons->addWidget(again);
  buttons->addStretch(1);
  buttons->addWidget(new QLabel(tr("Published model:")));
  buttons->addWidget(repository_, 1);
  buttons->addWidget(pull_);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(table_, 1);
  layout->addLayout(buttons);
  layout->addWidget(progress_);
  layout->addWidget(details_, 1);

  connect(again, &QPushButton::clicked, this, &ModelsPage::refresh);
  connect(open_, &QPushButton::clicked, this, &ModelsPage::openSelected);
  connect(remove_, &QPushButton::clicked, this, &ModelsPage::removeSelected);
  connect(table_, &QTableWidget::itemSelectionChanged, this, &ModelsPage::showDetails);
  connect(table_, &QTableWidget::cellDoubleClicked, this, &ModelsPage::openSelected);
  connect(repository_, &QLineEdit::returnPressed, this, &ModelsPage::pull);
  connect(pull_, &QPushButton::clicked, this, &ModelsPage::pull);
  connect(this, &ModelsPage::pullProgressed, this, [this](double share, const QString& text) {
    progress_->setValue(static_cast<int>(share * 1000));
    progress_->setFormat(text);
  });
  connect(this, &ModelsPage::pullEnded, this, [this](const QString& error) {
    progress_->hide();
    pull_->setText(tr("&Fetch"));
    if (!error.isEmpty()) Q_EMIT failed(error);
    refresh();
  });
}

void ModelsPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refresh();
}

ModelsPage::~ModelsPage() {
  puller_.request_stop();
}

void ModelsPage::refresh() {
  try {
    models_ = engine::list_models();
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
    models_.clear();
  }
  table_->setRowCount(static_cast<int>(models_.size()));
  int row = 0;
  for (const engine::LocalModel& model : models_) {
    const QString name =
        model.name.empty() ? tr("(the shipped one)") : QString::fromStdString(model.name);
    fill_row(table_,
             row++,
             {name,
              QString::fromStdString(model.origin),
              QLocale().formattedDataSize(static_cast<qint64>(model.bytes)),
              QString::fromStdString(model.folder.string())});
  }
  table_->resizeColumnsToContents();
  if (!models_.empty() && table_->currentRow() < 0) table_->selectRow(0);
  showDetails();
}

const engine::LocalModel* ModelsPage::selected() const {
  const int row = table_->currentRow();
  return row < 0 || row >= static_cast<int>(models_.size())
             ? nullptr
             : &models_[static_cast<std::size_t>(row)];
}

void ModelsPage::showDetails() {
  const engine::LocalModel* model = selected();
  open_->setEnabled(model != nullptr);
  // The shipped model is the program's; the shared cache is other programs' too.
  remove_->setEnabled(model != nullptr && model->origin == "own");
  if (model == nullptr) return;
  try {
    details_->setPlainText(QString::fromStdString(engine::describe_file(model->folder).text));
  } catch (const Error& error) {
    details_->setPlainText(plain_words(error));
  }
}

void ModelsPage::openSelected() {
  const engine::LocalModel* model = selected();
  if (model == nullptr) return;
  engine::EngineOptions options = studio_.options();
  options.model = model->folder;
  studio_.openModel(options);
}

void ModelsPage::removeSelected() {
  const engine::LocalModel* model = selected();
  if (model == nullptr) return;
  const QString folder = QString::fromStdString(model->folder.string());
  const auto answer = QMessageBox::question(
      this, tr("Delete"), tr("Move the model in %1 to the trash?").arg(folder));
  if (answer != QMessageBox::Yes) return;
  if (!QFile::moveToTrash(folder)) {
    Q_EMIT failed(tr("%1 could not be moved to the trash and is kept.").arg(folder));
  }
  refresh();
}

void ModelsPage::pull() {
  if (progress_->isVisible()) {  // the button says "Stop" then
    puller_.request_stop();
    return;
  }
  const std::string name = repository_->text().trimmed().toStdString();
  if (name.empty()) return;
  progress_->show();
  progress_->setValue(0);
  pull_->setText(tr("&Stop"));
  puller_ = std::jthread([this, name](const std::stop_token& stop) {
    engine::PullWatch watch;
    watch.progress = [this](const Progress& progress) {
      if (progress.total == 0) return;
      const QLocale locale;
      Q_EMIT pullProgressed(
          static_cast<double>(progress.step) / static_cast<double>(progress.total),
          QString("%1 / %2").arg(locale.formattedDataSize(progress.step),
                                 locale.formattedDataSize(progress.total)));
    };
    try {
      engine::pull_model({.repository = name}, watch, stop);
      Q_EMIT pullEnded({});
    } catch (const Error& error) {
      Q_EMIT pullEnded(error.code() == ErrorCode::kCancelled ? QString() : plain_words(error));
    } catch (const std::exception& error) {
      Q_EMIT pullEnded(plain_words(error));
    }
  });
}

}  // namespace tessera::gui
