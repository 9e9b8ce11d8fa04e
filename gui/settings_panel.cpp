#include "gui/settings_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/form_row.h"
#include "gui/prompt_edit.h"
#include "gui/seed_field.h"

namespace tessera::gui {
namespace {

/// Steps as a share of the model's own number.
struct Preset {
  const char* name;
  double steps;
};
constexpr Preset kPresets[] = {{QT_TRANSLATE_NOOP("Preset", "Balanced (the model's own)"), 1.0},
                               {QT_TRANSLATE_NOOP("Preset", "Fast"), 0.5},
                               {QT_TRANSLATE_NOOP("Preset", "Fine"), 2.0}};

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
      count_(new QSpinBox),
      seed_(new SeedField),
      preset_(new QComboBox),
      advanced_(new QWidget),
      path_(new QComboBox),
      sampler_(new QComboBox),
      steps_(new QSpinBox),
      guidance_(new QDoubleSpinBox),
      truncation_(new QLineEdit),
      preview_(new QSpinBox),
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

QWidget* SettingsPanel::makePromptPart() {
  auto* part = new QWidget;
  auto* layout = new QVBoxLayout(part);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* label = new QLabel(tr("&Prompt"));
  label->setBuddy(prompt_);
  prompt_->setObjectName("prompt");
  prompt_->setPlaceholderText(tr("a red apple on a blue background"));
  prompt_->setAccessibleName(tr("Prompt"));
  prompt_->setAccessibleDescription(tr("What is to be drawn. Enter draws it."));
  negative_->setObjectName("negative");
  negative_->setLines(2);
  negative_->setPlaceholderText(tr("what to stay away from"));
  negative_->setAccessibleName(tr("Negative prompt"));
  negative_shown_ = make_disclosure(tr("&Negative prompt"), negative_, this);
  layout->addWidget(label);
  layout->addWidget(prompt_);
  layout->addWidget(negative_shown_);
  layout->addWidget(negative_);

  auto* form = new QFormLayout;
  count_->setRange(1, 1000);
  count_->setObjectName("count");
  add_form_row(
      *form, tr("&Pictures"), count_, tr("How many pictures; each has a seed of its own."));
  add_form_row(*form, tr("&Seed"), seed_, tr("The same seed draws the same picture again."));
  for (const Preset& preset : kPresets) {
    preset_->addItem(QCoreApplication::translate("Preset", preset.name));
  }
  add_form_row(*form, tr("P&reset"), preset_, tr("Fewer steps are faster, more steps are finer."));
  connect(preset_, &QComboBox::activated, this, &SettingsPanel::applyPreset);
  layout->addLayout(form);
  return part;
}

QWidget* SettingsPanel::makeAdvancedPart() {
  auto* form = new QFormLayout(advanced_);
  form->setContentsMargins(0, 0, 0, 0);
  path_->setObjectName("path");
  steps_->setObjectName("steps");
  steps_->setRange(1, 1000);
  guidance_->setRange(0.0, 100.0);
  guidance_->setSingleStep(0.5);
  guidance_->setDecimals(2);
  preview_->setRange(0, 100);
  preview_->setValue(1);
  preview_->setSpecialValueText(tr("off"));
  preview_->setPrefix(tr("every "));
  preview_->setSuffix(tr(" steps"));
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
  add_form_row(*form, tr("Pre&view"), preview_, tr("How often the forming picture is shown."));
  literal_->setToolTip(
      tr("Otherwise the prompt is first read as one of the captions that the model was taught."));
  form->addRow(literal_);
  connect(path_, &QComboBox::currentIndexChanged, this, &SettingsPanel::showSamplers);
  return advanced_;
}

void SettingsPanel::setModel(const ModelFacts& facts) {
  model_ = facts;
  path_->clear();
  path_->addItems(facts.paths);
  path_->setEnabled(facts.paths.size() > 1);
  showSamplers();
  const SampleOptions& own = facts.defaults.sampling;
  steps_->setValue(static_cast<int>(own.steps));
  guidance_->setValue(own.guidance);
  truncation_->setText(QString::fromStdString(own.truncation));
  sampler_->setCurrentText(QString::fromStdString(own.sampler));
  setCanDraw(!facts.paths.isEmpty());
}

void SettingsPanel::showSamplers() {
  const QString chosen = sampler_->currentText();
  sampler_->clear();
  sampler_->addItems(model_.samplers.value(path_->currentText()));
  if (sampler_->findText(chosen) >= 0) sampler_->setCurrentText(chosen);
}

void SettingsPanel::applyPreset(int index) {
  const double own = static_cast<double>(std::max<std::int64_t>(model_.defaults.sampling.steps, 1));
  steps_->setValue(std::max(1, static_cast<int>(own * kPresets[index].steps)));
}

engine::GenerateRequest SettingsPanel::request() const {
  engine::GenerateRequest request{.prompt = prompt_->text().trimmed().toStdString(),
                                  .negative = negative_->text().trimmed().toStdString(),
                                  .count = count_->value(),
                                  .seed = seed_->seed(),
                                  .preview_every = preview_->value()};
  request.sampling.path = path_->currentText().toStdString();
  request.sampling.steps = steps_->value();
  request.sampling.guidance = guidance_->value();
  request.sampling.sampler = sampler_->currentText().toStdString();
  request.sampling.truncation = truncation_->text().trimmed().toStdString();
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
  const SampleOptions& sampling = request.sampling;
  if (path_->findText(QString::fromStdString(sampling.path)) >= 0) {
    path_->setCurrentText(QString::fromStdString(sampling.path));
  }
  if (sampling.steps > 0) steps_->setValue(static_cast<int>(sampling.steps));
  if (sampling.guidance >= 0) guidance_->setValue(sampling.guidance);
  if (!sampling.sampler.empty()) sampler_->setCurrentText(QString::fromStdString(sampling.sampler));
  truncation_->setText(QString::fromStdString(sampling.truncation));
  literal_->setChecked(request.literal);
}

void SettingsPanel::setPromptHistory(const QStringList& prompts) {
  prompt_->setHistory(prompts);
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
  const bool drawn = !now.seed.has_value();
  QJsonObject state{{"request", QString::fromStdString(engine::to_json(now))},
                    {"count", now.count},
                    {"seed_mode", drawn ? SeedField::kRandom : seed_->mode()},
                    {"preview", preview_->value()},
                    {"advanced", advanced_shown_->isChecked()}};
  return QString::fromUtf8(QJsonDocument(state).toJson(QJsonDocument::Compact));
}

void SettingsPanel::restore(const QString& saved) {
  const QJsonObject state = QJsonDocument::fromJson(saved.toUtf8()).object();
  if (state.isEmpty()) return;
  try {
    setRequest(engine::request_from_json(state["request"].toString().toStdString()), Recall::kAll);
  } catch (const std::exception&) {
    return;  // of another version: begin with the model's own values
  }
  seed_->setMode(static_cast<SeedField::Mode>(state["seed_mode"].toInt()));
  count_->setValue(state["count"].toInt(1));
  preview_->setValue(state["preview"].toInt(1));
  advanced_shown_->setChecked(state["advanced"].toBool());
}

}  // namespace tessera::gui
