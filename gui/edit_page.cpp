#include "gui/edit_page.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/error.h"
#include "engine/image_files.h"
#include "gui/error_text.h"
#include "gui/image_convert.h"
#include "gui/mask_canvas.h"
#include "gui/picture_file.h"
#include "gui/prompt_edit.h"
#include "gui/studio.h"

namespace tessera::gui {

EditPage::EditPage(Studio& studio, QWidget* parent)
    : QWidget(parent),
      studio_(studio),
      canvas_(new MaskCanvas),
      prompt_(new PromptEdit),
      brush_(new QSpinBox),
      strength_(new QDoubleSpinBox),
      generate_(new QPushButton(tr("&Draw the painted part anew"))),
      undo_(new QToolButton),
      redo_(new QToolButton),
      state_(new QLabel) {
  canvas_->setPlaceholder(
      tr("Open a picture, drop one here, or choose \"Edit\" on a picture of the gallery."));
  auto* side = new QWidget;
  side->setFixedWidth(300);
  auto* column = new QVBoxLayout(side);
  auto* open = new QPushButton(tr("&Open a picture …"));
  column->addWidget(open);
  column->addWidget(makeTools());
  column->addWidget(makeForm());
  column->addWidget(generate_);
  column->addWidget(state_);
  column->addStretch(1);
  state_->setWordWrap(true);
  auto* layout = new QHBoxLayout(this);
  layout->addWidget(side);
  layout->addWidget(canvas_, 1);

  connect(open, &QPushButton::clicked, this, &EditPage::openFile);
  connect(generate_, &QPushButton::clicked, this, &EditPage::generate);
  connect(prompt_, &PromptEdit::submitted, this, &EditPage::generate);
  connect(canvas_, &MaskCanvas::maskChanged, this, &EditPage::showState);
  connect(&studio, &Studio::modelOpened, this, &EditPage::showState);
  connect(&studio, &Studio::modelOpening, this, &EditPage::showState);
  connect(&studio, &Studio::filmChanged, this, [this] {
    const auto running = studio_.queue().running();
    const QImage forming = studio_.film().picture_at(studio_.film().size() - 1);
    if (running && running->id == job_ && !forming.isNull()) canvas_->setPicture(forming);
  });
  connect(&studio, &Studio::jobEnded, this, [this](const Job& job) {
    if (job.id != job_) return;
    if (job.state == JobState::kFinished) {
      canvas_->setPicture(studio_.film().picture_at(studio_.film().size() - 1));
    } else if (job.request.start) {
      canvas_->setPicture(to_qimage(*job.request.start));
    }
    showState();
  });
  showState();
}

QWidget* EditPage::makeTools() {
  auto* tools = new QWidget;
  auto* layout = new QVBoxLayout(tools);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* group = new QButtonGroup(this);
  auto* row = new QHBoxLayout;
  const auto add = [&](const QString& text, const QString& help, MaskCanvas::Tool tool) {
    auto* button = new QToolButton;
    button->setText(text);
    button->setToolTip(help);
    button->setCheckable(true);
    button->setChecked(tool == MaskCanvas::Tool::kBrush);
    group->addButton(button);
    row->addWidget(button);
    connect(button, &QToolButton::clicked, canvas_, [this, tool] { canvas_->setTool(tool); });
  };
  add(tr("Brush"), tr("Paint what is to be drawn anew (B)"), MaskCanvas::Tool::kBrush);
  add(tr("Eraser"), tr("Keep it after all (E)"), MaskCanvas::Tool::kEraser);
  add(tr("Rectangle"), tr("A whole area"), MaskCanvas::Tool::kRectangle);
  row->addStretch(1);
  layout->addLayout(row);

  auto* strokes = new QHBoxLayout;
  const auto act = [&](QToolButton* button, const QString& text, const auto& slot) {
    button->setText(text);
    strokes->addWidget(button);
    connect(button, &QToolButton::clicked, canvas_, slot);
  };
  act(undo_, tr("Undo"), &MaskCanvas::undo);
  act(redo_, tr("Redo"), &MaskCanvas::redo);
  act(new QToolButton, tr("Invert"), &MaskCanvas::invertMask);
  act(new QToolButton, tr("Clear"), &MaskCanvas::clearMask);
  strokes->addStretch(1);
  layout->addLayout(strokes);
  auto* files = new QHBoxLayout;
  const auto file = [&](const QString& text, const QString& help, const auto& slot) {
    auto* button = new QToolButton;
    button->setText(text);
    button->setToolTip(help);
    files->addWidget(button);
    connect(button, &QToolButton::clicked, this, slot);
  };
  file(tr("Open a mask …"), tr("A picture: what is light is drawn anew"), &EditPage::openMask);
  file(tr("Save the mask …"), tr("As a PNG: white is drawn anew"), &EditPage::saveMask);
  files->addStretch(1);
  layout->addLayout(files);
  auto* undo = new QShortcut(QKeySequence::Undo, this);
  auto* redo = new QShortcut(QKeySequence::Redo, this);
  connect(undo, &QShortcut::activated, canvas_, &MaskCanvas::undo);
  connect(redo, &QShortcut::activated, canvas_, &MaskCanvas::redo);

  auto* cells = new QCheckBox(tr("By &tokens"));
  cells->setToolTip(tr("Paint whole cells of the token grid: the others are locked"));
  connect(cells, &QCheckBox::toggled, canvas_, &MaskCanvas::setByCells);
  layout->addWidget(cells);
  return tools;
}

QWidget* EditPage::makeForm() {
  auto* part = new QWidget;
  auto* form = new QFormLayout(part);
  form->setContentsMargins(0, 0, 0, 0);
  brush_->setRange(1, 256);
  brush_->setValue(canvas_->brush());
  brush_->setSuffix(tr(" px"));
  brush_->setAccessibleName(tr("Size of the brush"));
  strength_->setRange(0.05, 1.0);
  strength_->setSingleStep(0.05);
  strength_->setValue(1.0);
  strength_->setAccessibleName(tr("Strength"));
  strength_->setToolTip(tr("How much of the painted part is forgotten; 1 is all of it."));
  prompt_->setAccessibleName(tr("What the whole picture shows then"));
  prompt_->setPlaceholderText(tr("what the whole picture shows then"));
  form->addRow(tr("&Brush"), brush_);
  form->addRow(tr("S&trength"), strength_);
  form->addRow(prompt_);
  connect(brush_, &QSpinBox::valueChanged, canvas_, &MaskCanvas::setBrush);
  return part;
}

void EditPage::load(const QImage& picture, const QString& prompt) {
  const int side = studio_.model().side;
  if (side == 0) {
    Q_EMIT failed(tr("Wait until the model is open: the picture is brought to its size."));
    return;
  }
  const engine::Image fitted = engine::fit_square(to_engine_image(picture), side);
  canvas_->begin(to_qimage(fitted), studio_.model().cell);
  if (!prompt.isEmpty()) prompt_->setPlainText(prompt);
}

void EditPage::openFile() {
  const QString file = ask_for_picture(this);
  if (file.isEmpty()) return;
  QString problem;
  const QImage picture = read_picture(file, &problem);
  if (picture.isNull()) {
    Q_EMIT failed(problem);
  } else {
    load(picture, {});
  }
}

void EditPage::openMask() {
  const QString file = ask_for_picture(this);
  if (file.isEmpty()) return;
  QString problem;
  const QImage mask = read_picture(file, &problem);
  if (mask.isNull()) {
    Q_EMIT failed(problem);
  } else {
    canvas_->setMask(mask);
  }
}

void EditPage::saveMask() {
  if (canvas_->mask().isNull()) return;
  const QString target =
      QFileDialog::getSaveFileName(this, tr("Save the mask"), "mask.png", tr("PNG (*.png)"));
  if (target.isEmpty()) return;
  try {
    engine::write_png(target.toStdString(), to_engine_image(canvas_->mask()));
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
}

void EditPage::generate() {
  if (!generate_->isEnabled()) return;
  engine::GenerateRequest request{.prompt = prompt_->text().trimmed().toStdString(),
                                  .start = to_engine_image(canvas_->picture()),
                                  .mask = to_engine_image(canvas_->mask()),
                                  .strength = strength_->value()};
  job_ = studio_.enqueueNext(request);
  showState();
}

void EditPage::showState() {
  undo_->setEnabled(canvas_->canUndo());
  redo_->setEnabled(canvas_->canRedo());
  const bool painted = !canvas_->picture().isNull() && !canvas_->isEmpty();
  generate_->setEnabled(painted && studio_.ready());
  if (canvas_->picture().isNull()) {
    state_->clear();
  } else if (!painted) {
    state_->setText(tr("Paint over what is to be drawn anew."));
  } else {
    const int cell = studio_.model().cell > 0 ? studio_.model().cell : 1;
    const int all = (canvas_->picture().width() / cell) * (canvas_->picture().height() / cell);
    state_->setText(tr("%1 of %2 tokens are drawn anew, the others are locked.")
                        .arg(canvas_->cellsChosen())
                        .arg(all));
  }
}

}  // namespace tessera::gui
