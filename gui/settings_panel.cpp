#include "gui/settings_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

#include "engine/presets.h"
#include "gui/form_row.h"
#include "gui/prompt_edit.h"
#include "gui/seed_field.h"

namespace tessera::gui {
namespace {

/// What engine::kPresets are called here, in their order.
constexpr std::array kPresetTitles = {QT_TRANSLATE_NOOP("Preset", "Balanced (the model's own)"),
                                      QT_TRANSLATE_NOOP("Preset", "Fast"),
                                      QT_TRANSLATE_NOOP("Preset", "Fine")};
static_assert(kPresetTitles.size() == engine::kPresets.size());

QToolButton* make_disclosure(const QString& text, QWidget* shown, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setCheckable(true);
  button->setAutoRaise(true);
  button->setArrowType(Qt::RightArrow);
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  shown->setVisible(false);
  QObject::connect(button, &QToolButton::toggled, shown, [button, shown](bool on) {
    button->setArrowType(on ? Qt::DownArrow : Qt::RightArrow);
    shown->setVisible(on);
  });
  return button;
}

}  // namespace

SettingsPanel::SettingsPanel(QWidget* parent)
    : QWidget(parent),
      prompt_(new PromptEdit),
      negative_(new PromptEdit),
      star_(new QToolButton),
      size_(new QLabel),
      count_(new QSpinBox),
      seed_(new SeedField),
      preset_(new QComboBox),
      advanced_(new QWidget),
      path_(new QComboBox),
      sampler_(new QComboBox),
      steps_(new QSpinBox),
      guidance_(new QDoubleSpinBox),
      truncation_(new QLineEdit),
      eta_(new QDoubleSpinBox),
      literal_(new QCheckBox(tr("Take the prompt word for &word"))),
      generate_(new QPushButton(tr("&Generate"))) {
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(makePromptPart());
  advanced_shown_ = make_disclosure(tr("&Advanced"), advanced_, this);
  advanced_shown_->setObjectName("advanced");
  layout->addWidget(advanced_shown_);
  makeAdvancedPart();
  layout->addWidget(advanced_);
  generate_->setDefault(true);
  generate_->setObjectName("generate");
  generate_->setToolTip(tr("Draw it (Enter in the prompt, or Ctrl+Enter)"));
  layout->addWidget(generate_);
  layout->addStretch(1);
  connect(generate_, &QPushButton::clicked, this, &SettingsPanel::submitted);
  connect(prompt_, &PromptEdit::submitted, this, &SettingsPanel::submitted);
  connect(negative_, &PromptEdit::submitted, this, &SettingsPanel::submitted);
  setCanDraw(false);
}

/// The label of the prompt, its star, and the way to the favourites.
QWidget* SettingsPanel::makePromptHead() {
  auto* head = new QWidget;
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(0, 0, 0, 0);
  auto* label = new QLabel(tr("&Prompt"));
  label->setBuddy(prompt_);
  star_->setObjectName("star");
  star_->setAutoRaise(true);
  star_->setCheckable(true);
  auto* list = new QToolButton;
  list->setObjectName("prompts");
  list->setText("▾");
  list->setAutoRaise(true);
  list->setToolTip(tr("Favourite and earlier prompts (Ctrl+H)"));
  list->setAccessibleName(tr("Favourite and earlier prompts"));
  row->addWidget(label, 1);
  row->addWidget(star_);
  row->addWidget(list);
  connect(star_, &QToolButton::clicked, this, [this](bool starred) {
    if (!prompt_->text().trimmed().isEmpty()) {
      Q_EMIT starAsked(prompt_->text().trimmed(), starred);
    }
    showStar();
  });
  connect(list, &QToolButton::clicked, this, &SettingsPanel::promptsAsked);
  connect(prompt_, &PromptEdit::textChanged, this, &SettingsPanel::showStar);
  showStar();
  return head;
}

QWidget* SettingsPanel::makePromptPart() {
  auto* part = new QWidget;
  auto* layout = new QVBoxLayout(part);
  layout->setContentsMargins(0, 0, 0, 0);
  prompt_->setObjectName("prompt");
  prompt_->setPlaceholderText(tr("a red apple on a blue background"));
  prompt_->setAccessibleName(tr("Prompt"));
  prompt_->setAccessibleDescription(tr("What is to be drawn. Enter draws it."));
  negative_->setObjectName("negative");
  negative_->setLines(2);
  negative_->setPlaceholderText(tr("what to stay away from"));
  negative_->setAccessibleName(tr("Negative prompt"));
  negative_shown_ = make_disclosure(tr("&Negative prompt"), negative_, this);
  layout->addWidget(makePromptHead());
  layout->addWidget(prompt_);
  layout->addWidget(negative_shown_);
  layout->addWidget(negative_);

  auto* form = new QFormLayout;
  count_->setRange(1, 1000);
  count_->setObjectName("count");
  add_form_row(
      *form, tr("&Pictures"), count_, tr("How many pictures; each has a seed of its own."));
  size_->setObjectName("size");
  add_form_row(*form,
               tr("Size"),
               size_,
               tr("Of every picture of this model: it has learned places for this size alone."));
  add_form_row(*form, tr("&Seed"), seed_, tr("The same seed draws the same picture again."));
  for (const char* title : kPresetTitles) {
    preset_->addItem(QCoreApplication::translate("Preset", title));
  }
  preset_->setObjectName("preset");
  add_form_row(*form, tr("P&reset"), preset_, tr("Fewer steps are faster, more steps are finer."));
  connect(preset_, &QComboBox::activated, this, &SettingsPanel::applyPreset);
  layout->addLayout(form);
  return part;
}

QWidget* SettingsPanel::makeAdvancedPart() {
  auto* form = new QFormLayout(advanced_);
  sampling_form_ = form;
  form->setContentsMargins(0, 0, 0, 0);
  path_->setObjectName("path");
  sampler_->setObjectName("sampler");
  steps_->setObjectName("steps");
  steps_->setRange(1, 1000);
  guidance_->setRange(0.0, 100.0);
  guidance_->setSingleStep(0.5);
  guidance_->setDecimals(2);
  eta_->setObjectName("eta");
  eta_->setRange(-0.05, 1.0);  // the least stands for the sampler's own
  eta_->setSingleStep(0.05);
  eta_->setSpecialValueText(tr("its own"));
  eta_->setValue(eta_->minimum());
  add_form_row(*form, tr("Pa&th"), path_, tr("Discrete codes, or Gaussian noise in latents."));
  add_form_row(*form,
               tr("S&teps"),
               steps_,
               tr("Denoising steps. More is slower and, up to a point, finer."));
  add_form_row(
      *form, tr("Gui&dance"), guidance_, tr("How strongly the words are followed; 1 is off."));
  add_form_row(*form, tr("Sa&mpler"), sampler_, tr("How a step is drawn."));
  add_form_row(*form,
               tr("Tr&uncation"),
               truncation_,
               tr("Kept probability mass: 0.86, top0.86r or top100p; 1 is off."));
  add_form_row(*form,
               tr("N&oise"),
               eta_,
               tr("Share of fresh noise in a step (eta): 0 draws the same way each time, 1 is "
                  "ancestral."));
  literal_->setToolTip(
      tr("Otherwise the prompt is first read as one of the captions that the model was taught."));
  form->addRow(literal_);
  connect(path_, &QComboBox::currentIndexChanged, this, &SettingsPanel::showPath);
  connect(sampler_, &QComboBox::currentTextChanged, this, [this](const QString& sampler) {
    sampling_form_->setRowVisible(eta_, sampler == "ddim");
  });
  return advanced_;
}

void SettingsPanel::setModel(const ModelFacts& facts) {
  model_ = facts;
  size_->setText(tr("%1 × %1 pixels").arg(facts.side));
  {
    const QSignalBlocker quiet(path_);
    path_->clear();
    path_->addItems(facts.paths);
    path_->setEnabled(facts.paths.size() > 1);
  }
  showPath();
  if (last_sampling_ && last_model_ == facts.name) setSampling(*last_sampling_);
  last_sampling_.reset();
  setCanDraw(!facts.paths.isEmpty());
}

void SettingsPanel::showPath() {
  const QString path = path_->currentText();
  const SampleOptions own = model_.sampling.value(path, model_.defaults.sampling);
  sampler_->clear();
  sampler_->addItems(model_.samplers.value(path));
  setSampling(own);
  preset_->setCurrentIndex(0);
  sampling_form_->setRowVisible(truncation_, path != "gaussian");
}

/// What is not given (0, negative, empty) stays as it is.
void SettingsPanel::setSampling(const SampleOptions& sampling) {
  const auto choose = [](QComboBox* box, const std::string& text) {
    const int place = box->findText(QString::fromStdString(text));
    if (place >= 0) box->setCurrentIndex(place);
  };
  choose(path_, sampling.path);
  choose(sampler_, sampling.sampler);
  if (sampling.steps > 0) steps_->setValue(static_cast<int>(sampling.steps));
  if (sampling.guidance >= 0) guidance_->setValue(sampling.guidance);
  if (!sampling.truncation.empty()) {
    truncation_->setText(QString::fromStdString(sampling.truncation));
  }
  eta_->setValue(sampling.tuning.eta < 0 ? eta_->minimum() : sampling.tuning.eta);
}

void SettingsPanel::applyPreset(int index) {
  const SampleOptions own = model_.sampling.value(path_->currentText(), model_.defaults.sampling);
  steps_->setValue(
      static_cast<int>(engine::steps_of(engine::kPresets[static_cast<std::size_t>(index)],
                                        own.steps,
                                        model_.description.toStdString())));
}

engine::GenerateRequest SettingsPanel::request() const {
  engine::GenerateRequest request{.prompt = prompt_->text().trimmed().toStdString(),
                                  .negative = negative_->text().trimmed().toStdString(),
                                  .count = count_->value(),
                                  .seed = seed_->seed()};
  request.sampling.path = path_->currentText().toStdString();
  request.sampling.steps = steps_->value();
  request.sampling.guidance = guidance_->value();
  request.sampling.sampler = sampler_->currentText().toStdString();
  const bool discrete = path_->currentText() != "gaussian";
  if (discrete) request.sampling.truncation = truncation_->text().trimmed().toStdString();
  if (sampler_->currentText() == "ddim" && eta_->value() >= 0)
    request.sampling.tuning.eta = eta_->value();
  request.literal = literal_->isChecked();
  return request;
}

engine::GenerateRequest SettingsPanel::takeRequest() {
  engine::GenerateRequest taken = request();
  seed_->advance(taken.count);
  return taken;
}

void SettingsPanel::setRequest(const engine::GenerateRequest& request, Recall what) {
  if (what != Recall::kSeed) {
    prompt_->setPlainText(QString::fromStdString(request.prompt));
    negative_->setPlainText(QString::fromStdString(request.negative));
    negative_shown_->setChecked(!request.negative.empty());
  }
  if (what == Recall::kSeed || what == Recall::kAll) seed_->setSeed(request.seed.value_or(0));
  if (what != Recall::kAll && what != Recall::kAllButSeed) return;
  setSampling(request.sampling);
  literal_->setChecked(request.literal);
}

void SettingsPanel::setPromptHistory(const QStringList& prompts) {
  prompt_->setHistory(prompts);
}

void SettingsPanel::setStarredPrompts(const QStringList& prompts) {
  starred_ = prompts;
  showStar();
}

void SettingsPanel::showStar() {
  const bool starred = starred_.contains(prompt_->text().trimmed());
  star_->setChecked(starred);
  star_->setText(starred ? "★" : "☆");
  const QString told =
      starred ? tr("Take the star from this prompt") : tr("Keep this prompt among the favourites");
  star_->setToolTip(told);
  star_->setAccessibleName(told);
}

void SettingsPanel::setLastSeed(std::uint64_t seed) {
  seed_->setLast(seed);
}

void SettingsPanel::setWaiting(int jobs) {
  generate_->setText(jobs > 0 ? tr("&Generate  (%n waiting)", nullptr, jobs) : tr("&Generate"));
}

void SettingsPanel::setCanDraw(bool can) {
  generate_->setEnabled(can);
}

QString SettingsPanel::save() const {
  engine::GenerateRequest now = request();
  if (last_sampling_) now.sampling = *last_sampling_;  // no model was opened
  const bool drawn = !now.seed.has_value();
  QJsonObject state{{"request", QString::fromStdString(engine::to_json(now))},
                    {"count", now.count},
                    {"seed_mode", drawn ? SeedField::kRandom : seed_->mode()},
                    {"model", last_sampling_ ? last_model_ : model_.name},
                    {"advanced", advanced_shown_->isChecked()}};
  return QString::fromUtf8(QJsonDocument(state).toJson(QJsonDocument::Compact));
}

void SettingsPanel::restore(const QString& saved) {
  const QJsonObject state = QJsonDocument::fromJson(saved.toUtf8()).object();
  if (state.isEmpty()) return;
  try {
    const engine::GenerateRequest request =
        engine::request_from_json(state["request"].toString().toStdString());
    setRequest(request, Recall::kAll);
    // No model is open yet at the start: its own values are put in when it is.
    last_sampling_ = request.sampling;
    last_model_ = state["model"].toString();
  } catch (const std::exception&) {
    return;  // of another version: begin with the model's own values
  }
  seed_->setMode(static_cast<SeedField::Mode>(state["seed_mode"].toInt()));
  count_->setValue(state["count"].toInt(1));
  advanced_shown_->setChecked(state["advanced"].toBool());
}

}  // namespace tessera::gui
