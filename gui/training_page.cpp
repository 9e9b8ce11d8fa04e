#include "gui/training_page.h"

#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QSpinBox>
#include <QSplitter>
#include <QStorageInfo>
#include <QTabWidget>
#include <QVBoxLayout>

#include "core/error.h"
#include "engine/installation.h"
#include "gui/error_text.h"
#include "gui/form_row.h"
#include "gui/loss_chart.h"
#include "gui/picture_view.h"
#include "gui/time_text.h"

namespace tessera::gui {
namespace fs = std::filesystem;

TrainingPage::TrainingPage(QString program, fs::path runs, QWidget* parent)
    : QWidget(parent),
      program_(std::move(program)),
      runs_(std::move(runs)),
      name_(new QLineEdit),
      stage_(new QComboBox),
      data_(new QLineEdit),
      vqvae_(new QComboBox),
      tokenizer_(new QComboBox),
      resolution_(new QSpinBox),
      steps_(new QSpinBox),
      batch_(new QSpinBox),
      list_(new QListWidget),
      pause_(new QPushButton(tr("&Pause"))),
      resume_(new QPushButton(tr("&Resume"))),
      progress_(new QProgressBar),
      estimate_(new QLabel),
      chart_(new LossChart),
      samples_(new PictureView),
      output_(new QPlainTextEdit) {
  auto* split = new QSplitter(Qt::Horizontal);
  split->addWidget(makeForm());
  split->addWidget(makeWatch());
  split->setStretchFactor(1, 1);
  split->setChildrenCollapsible(false);
  auto* layout = new QHBoxLayout(this);
  layout->addWidget(split);
  refreshRuns();
  proposeName();
  showStage();
  showRun();
}

QWidget* TrainingPage::makeForm() {
  auto* part = new QWidget;
  auto* column = new QVBoxLayout(part);
  auto* form = new QFormLayout;
  column->addLayout(form);
  const auto add = [&](const QString& label, QWidget* field, const QString& help) {
    add_form_row(*form, label, field, help);
  };
  stage_->addItem(tr("Codec (VQ-VAE)"), "vqvae");
  stage_->addItem(tr("Words (tokenizer)"), "tokenizer");
  stage_->addItem(tr("Denoiser of codes (diffusion)"), "diffusion");
  stage_->addItem(tr("Denoiser of latents (Gaussian)"), "ddpm");
  stage_->addItem(tr("Judge of pictures (CLIP)"), "clip");
  stage_->setObjectName("stage");
  name_->setObjectName("name");
  name_->setValidator(new QRegularExpressionValidator(QRegularExpression("[\\w.-]{1,80}"), this));
  data_->setPlaceholderText(tr("the scenes that come with the program"));
  resolution_->setRange(16, 512);
  resolution_->setSingleStep(16);
  resolution_->setValue(64);
  steps_->setRange(1, 10'000'000);
  steps_->setValue(2000);
  batch_->setRange(1, 4096);
  batch_->setValue(16);
  vqvae_->setEditable(true);
  tokenizer_->setEditable(true);
  auto* browse = new QPushButton(tr("&Choose a folder …"));
  auto* begin = new QPushButton(tr("&Start training"));
  begin->setObjectName("start");
  add(tr("&What"),
      stage_,
      tr("A model is trained in this order: codec, words, denoiser. A judge ranks what it "
         "draws."));
  add(tr("&Name"), name_, tr("Of the run and its folder."));
  add(tr("&Pictures"),
      data_,
      tr("A folder of pictures, with captions beside them for a denoiser."));
  form->addRow({}, browse);
  add(tr("C&odec"), vqvae_, tr("The run or model whose codes are learned."));
  add(tr("Wo&rds"), tokenizer_, tr("The run or folder with the tokenizer."));
  add(tr("S&ide"), resolution_, tr("Pixels of a picture's side; a denoiser has its codec's."));
  add(tr("S&teps"), steps_, tr("Optimisation steps."));
  add(tr("&Batch"), batch_, tr("Pictures a step."));
  column->addWidget(begin);
  column->addWidget(new QLabel(tr("Runs")));
  list_->setAccessibleName(tr("Runs"));
  column->addWidget(list_, 1);
  connect(stage_, &QComboBox::currentIndexChanged, this, [this] {
    proposeName();
    showStage();
  });
  connect(vqvae_, &QComboBox::currentTextChanged, this, &TrainingPage::showStage);
  connect(begin, &QPushButton::clicked, this, &TrainingPage::start);
  connect(browse, &QPushButton::clicked, this, [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder of pictures"));
    if (!folder.isEmpty()) data_->setText(folder);
  });
  connect(list_, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
    if (item != nullptr) choose(item->data(Qt::UserRole).toString().toStdString());
  });
  return part;
}

QWidget* TrainingPage::makeWatch() {
  auto* part = new QWidget;
  auto* column = new QVBoxLayout(part);
  auto* row = new QHBoxLayout;
  row->addWidget(progress_, 1);
  row->addWidget(pause_);
  row->addWidget(resume_);
  column->addLayout(row);
  column->addWidget(estimate_);
  samples_->setPlaceholder(tr("Sheets of samples appear here while a run goes on."));
  samples_->setAccessibleName(tr("Newest sheet of samples"));
  output_->setReadOnly(true);
  output_->setAccessibleName(tr("What the run printed"));
  auto* tabs = new QTabWidget;
  tabs->addTab(chart_, tr("&Curves"));
  tabs->addTab(samples_, tr("&Samples"));
  tabs->addTab(output_, tr("&Log"));
  column->addWidget(tabs, 1);
  connect(pause_, &QPushButton::clicked, this, [this] {
    if (run_) run_->pause();
  });
  connect(resume_, &QPushButton::clicked, this, [this] {
    try {
      if (run_) run_->resume();
    } catch (const Error& error) {
      Q_EMIT failed(plain_words(error));
    }
  });
  return part;
}

void TrainingPage::showStage() {
  const QString stage = stage_->currentData().toString();
  const bool denoiser = stage == "diffusion" || stage == "ddpm";
  vqvae_->setEnabled(denoiser);
  tokenizer_->setEnabled(denoiser || stage == "clip");
  resolution_->setEnabled(stage == "vqvae" || stage == "clip");
  const int codecs = side_of_codec(vqvae_->currentText().toStdString());
  if (denoiser && codecs > 0) resolution_->setValue(codecs);
  for (QSpinBox* box : {steps_, batch_}) box->setEnabled(stage != "tokenizer");
}

/// A free name that says what is trained, unless somebody has written another.
void TrainingPage::proposeName() {
  if (name_->isModified()) return;
  const QString stem = stage_->currentData() == "vqvae"       ? "my-codec"
                       : stage_->currentData() == "tokenizer" ? "my-words"
                       : stage_->currentData() == "clip"      ? "my-judge"
                                                              : "my-denoiser";
  QString name = stem;
  for (int number = 2; fs::exists(runs_ / name.toStdString()); ++number) {
    name = QString("%1-%2").arg(stem).arg(number);
  }
  name_->setText(name);
}

TrainingPlan TrainingPage::plan() const {
  return {.name = name_->text(),
          .stage = stage_->currentData().toString(),
          .data = data_->text().trimmed(),
          .resolution = resolution_->value(),
          .steps = steps_->value(),
          .batch = batch_->value(),
          .vqvae = vqvae_->currentText(),
          .tokenizer = tokenizer_->currentText()};
}

void TrainingPage::start() {
  const TrainingPlan wanted = plan();
  if (wanted.name.isEmpty()) {
    Q_EMIT failed(tr("Give the run a name of letters, digits, points and hyphens."));
    return;
  }
  try {
    choose(runs_ / wanted.name.toStdString());
    run_->start(wanted);
    refreshRuns();
    name_->setModified(false);
    proposeName();
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
}

void TrainingPage::choose(const fs::path& folder) {
  if (run_ && run_->folder() == folder) return;
  run_ = std::make_unique<TrainingRun>(program_, folder);
  sample_shown_.clear();
  samples_->setPicture({});
  connect(run_.get(), &TrainingRun::changed, this, &TrainingPage::showRun);
  showRun();
}

void TrainingPage::refreshRuns() {
  const QSignalBlocker quiet(list_);
  const fs::path chosen = run_ ? run_->folder() : fs::path();
  list_->clear();
  const QString codec = vqvae_->currentText();
  const QString words = tokenizer_->currentText();
  vqvae_->clear();
  tokenizer_->clear();
  for (const fs::path& run : list_runs(runs_)) {
    auto* item = new QListWidgetItem(QString::fromStdString(run.filename().string()), list_);
    item->setData(Qt::UserRole, QString::fromStdString(run.string()));
    if (run == chosen) list_->setCurrentItem(item);
    if (fs::exists(run / "tokens.tsv")) tokenizer_->addItem(QString::fromStdString(run.string()));
    if (fs::exists(run / "model" / "vqvae")) vqvae_->addItem(QString::fromStdString(run.string()));
  }
  try {
    const fs::path shipped = engine::default_model();
    vqvae_->addItem(QString::fromStdString(shipped.string()));
    tokenizer_->addItem(QString::fromStdString((shipped / "tokenizer").string()));
  } catch (const Error&) {
    // No model was shipped: the boxes can be filled in by hand.
  }
  if (!codec.isEmpty()) vqvae_->setCurrentText(codec);
  if (!words.isEmpty()) tokenizer_->setCurrentText(words);
}

void TrainingPage::showRun() {
  const auto state = run_ ? run_->state() : TrainingRun::State::kNone;
  pause_->setEnabled(state == TrainingRun::State::kRunning);
  resume_->setEnabled(state == TrainingRun::State::kStopped);
  if (!run_) {
    estimate_->setText(tr("Start a run, or choose one from the list."));
    return;
  }
  progress_->setRange(0, std::max(run_->steps(), 1));
  progress_->setValue(run_->step());
  progress_->setFormat(tr("step %1 of %2").arg(run_->step()).arg(run_->steps()));
  const double pace = run_->pace();
  const QStorageInfo disk(QString::fromStdString(runs_.parent_path().string()));
  const QString space =
      tr("%1 free on the disk").arg(QLocale().formattedDataSize(disk.bytesAvailable()));
  const QString what = state == TrainingRun::State::kRunning ? tr("running")
                       : state == TrainingRun::State::kStopping
                           ? tr("finishing its step and saving")
                       : run_->step() > 0 && run_->step() >= run_->steps() ? tr("done")
                                                                           : tr("stopped");
  QStringList parts{what};
  if (pace > 0 && state == TrainingRun::State::kRunning) {
    parts << tr("%1 steps a second").arg(pace, 0, 'g', 3)
          << tr("%1 left").arg(duration_text((run_->steps() - run_->step()) / pace));
  }
  parts << space;
  estimate_->setText(parts.join("  ·  "));
  chart_->show(run_->series());
  const QString sample = run_->newestSample();
  if (sample != sample_shown_) {
    sample_shown_ = sample;
    samples_->setPicture(sample.isEmpty() ? QImage() : QImage(sample));
  }
  const QString printed = run_->output();
  if (printed != output_->toPlainText()) {
    output_->setPlainText(printed);
    output_->moveCursor(QTextCursor::End);
  }
}

}  // namespace tessera::gui
