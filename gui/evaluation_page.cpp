#include "gui/evaluation_page.h"

#include <QComboBox>
#include <QDesktopServices>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QTableWidget>
#include <QUrl>
#include <QVBoxLayout>

#include "core/error.h"
#include "engine/models.h"
#include "gui/error_text.h"
#include "gui/picture_view.h"
#include "gui/plain_table.h"

namespace tessera::gui {
namespace {

QString percent(const QJsonObject& value) {
  if (!value["mean"].isDouble()) return "–";
  return QString("%1 %  (%2 – %3)")
      .arg(100 * value["mean"].toDouble(), 0, 'f', 1)
      .arg(100 * value["low"].toDouble(), 0, 'f', 1)
      .arg(100 * value["high"].toDouble(), 0, 'f', 1);
}

QString points(const QJsonObject& difference) {
  if (!difference["mean"].isDouble()) return "–";
  const QJsonObject interval = difference["bca"].toObject();
  return QString("%1  (%2 – %3)")
      .arg(100 * difference["mean"].toDouble(), 0, 'f', 1)
      .arg(100 * interval["low"].toDouble(), 0, 'f', 1)
      .arg(100 * interval["high"].toDouble(), 0, 'f', 1);
}

}  // namespace

EvaluationPage::EvaluationPage(const QString& program,
                               const std::filesystem::path& folder,
                               QWidget* parent)
    : QWidget(parent),
      run_(program, folder),
      a_(new QComboBox),
      b_(new QComboBox),
      count_(new QSpinBox),
      seed_(new QSpinBox),
      start_(new QPushButton(tr("&Measure"))),
      stop_(new QPushButton(tr("S&top"))),
      page_(new QPushButton(tr("Open the &page"))),
      busy_(new QProgressBar),
      scores_(make_plain_table(
          {tr("What is right"), tr("First"), tr("Second"), tr("Difference, points")},
          tr("Scores"))),
      prompts_(
          make_plain_table({tr("First"), tr("Second"), tr("Prompt")}, tr("Prompts, worst first"))),
      picture_a_(new PictureView),
      picture_b_(new PictureView) {
  for (QComboBox* box : {a_, b_}) box->setEditable(true);
  a_->setAccessibleName(tr("First model"));
  b_->setAccessibleName(tr("Second model"));
  count_->setRange(1, 100'000);
  count_->setValue(100);
  count_->setAccessibleName(tr("How many prompts"));
  count_->setSuffix(tr(" prompts"));
  seed_->setRange(0, 1'000'000);
  seed_->setPrefix(tr("seed "));
  seed_->setAccessibleName(tr("Seed"));
  picture_a_->setPlaceholder(tr("What the first model draws of the chosen prompt."));
  picture_b_->setPlaceholder(tr("What the second one draws of it."));
  picture_a_->setAccessibleName(tr("Picture of the first model"));
  picture_b_->setAccessibleName(tr("Picture of the second model"));
  busy_->setRange(0, 0);
  busy_->hide();
  auto* row = new QHBoxLayout;
  for (QWidget* widget : std::initializer_list<QWidget*>{new QLabel(tr("First")),
                                                         a_,
                                                         new QLabel(tr("Second")),
                                                         b_,
                                                         count_,
                                                         seed_,
                                                         start_,
                                                         stop_,
                                                         page_}) {
    row->addWidget(widget);
  }
  row->setStretch(1, 1);
  row->setStretch(3, 1);
  auto* pictures = new QSplitter(Qt::Horizontal);
  pictures->addWidget(picture_a_);
  pictures->addWidget(picture_b_);
  auto* below = new QSplitter(Qt::Horizontal);
  below->addWidget(prompts_);
  below->addWidget(pictures);
  below->setSizes({520, 680});
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(row);
  layout->addWidget(busy_);
  layout->addWidget(scores_, 1);
  layout->addWidget(below, 2);

  connect(start_, &QPushButton::clicked, this, &EvaluationPage::start);
  connect(stop_, &QPushButton::clicked, &run_, &EvaluationRun::stop);
  connect(page_, &QPushButton::clicked, this, [this] {
    QDesktopServices::openUrl(QUrl::fromLocalFile(run_.page()));
  });
  connect(prompts_, &QTableWidget::itemSelectionChanged, this, &EvaluationPage::showPictures);
  connect(
      &run_, &EvaluationRun::stage, this, [this](const QString& what) { busy_->setFormat(what); });
  connect(&run_, &EvaluationRun::ended, this, [this](bool done, const QString& error) {
    busy_->hide();
    start_->setEnabled(true);
    stop_->setEnabled(false);
    if (!error.isEmpty()) Q_EMIT failed(error);
    if (done) showReport();
  });
  stop_->setEnabled(false);
  page_->setEnabled(false);
}

void EvaluationPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refreshModels();
}

void EvaluationPage::refreshModels() {
  const QString first = a_->currentText();
  const QString second = b_->currentText();
  a_->clear();
  b_->clear();
  b_->addItem(QString());
  try {
    for (const engine::LocalModel& model : engine::list_models()) {
      const QString folder = QString::fromStdString(model.folder.string());
      a_->addItem(folder);
      b_->addItem(folder);
    }
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  if (!first.isEmpty()) a_->setCurrentText(first);
  b_->setCurrentText(second);
}

void EvaluationPage::start() {
  start_->setEnabled(false);
  stop_->setEnabled(true);
  page_->setEnabled(false);
  busy_->show();
  scores_->setRowCount(0);
  prompts_->setRowCount(0);
  run_.start({.a = a_->currentText().trimmed(),
              .b = b_->currentText().trimmed(),
              .count = count_->value(),
              .seed = seed_->value()});
}

void EvaluationPage::showReport() {
  page_->setEnabled(!run_.page().isEmpty());
  const QJsonArray metrics = run_.report()["metrics"].toArray();
  scores_->setRowCount(static_cast<int>(metrics.size()));
  for (int row = 0; row < scores_->rowCount(); ++row) {
    const QJsonObject metric = metrics[row].toObject();
    fill_row(scores_,
             row,
             {metric["metric"].toString(),
              percent(metric["a"].toObject()),
              percent(metric["b"].toObject()),
              points(metric["difference"].toObject())});
  }
  scores_->resizeColumnsToContents();
  const auto& verdicts = run_.verdicts();
  const bool two = !run_.page().isEmpty();
  prompts_->setRowCount(static_cast<int>(verdicts.size()));
  for (int row = 0; row < prompts_->rowCount(); ++row) {
    const PromptVerdict& verdict = verdicts[static_cast<std::size_t>(row)];
    const auto told = [](bool right) { return right ? tr("✓ right") : tr("✗ wrong"); };
    fill_row(prompts_,
             row,
             {told(verdict.right_a), two ? told(verdict.right_b) : QString(), verdict.prompt});
  }
  prompts_->resizeColumnsToContents();
  if (prompts_->rowCount() > 0) prompts_->selectRow(0);
}

void EvaluationPage::showPictures() {
  const int row = prompts_->currentRow();
  if (row < 0 || row >= static_cast<int>(run_.verdicts().size())) return;
  const PromptVerdict& verdict = run_.verdicts()[static_cast<std::size_t>(row)];
  const auto picture = [](const QString& file) { return file.isEmpty() ? QImage() : QImage(file); };
  picture_a_->setPicture(picture(verdict.picture_a));
  picture_b_->setPicture(picture(verdict.picture_b));
}

}  // namespace tessera::gui
