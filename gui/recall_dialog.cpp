#include "gui/recall_dialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>

#include "core/error.h"
#include "engine/image_files.h"

namespace tessera::gui {

engine::GenerateRequest request_in_picture(const QString& file) {
  const auto texts = engine::read_texts(file.toStdString());
  const auto record = texts.find("tessera");
  TESSERA_CHECK(record != texts.end(),
                kNotFound,
                file.toStdString(),
                ": holds no settings of Tessera; only pictures that were saved with them do");
  return engine::request_from_json(record->second);
}

RecallDialog::RecallDialog(const engine::GenerateRequest& found, QWidget* parent)
    : QDialog(parent),
      found_(found),
      prompt_(new QCheckBox(tr("&Prompt"))),
      negative_(new QCheckBox(tr("&Negative prompt"))),
      seed_(new QCheckBox(tr("&Seed"))),
      sampling_(new QCheckBox(tr("S&teps, sampler, guidance"))) {
  setWindowTitle(tr("Settings of this picture"));
  auto* form = new QFormLayout(this);
  const auto add = [&](QCheckBox* box, const std::string& value) {
    auto* label = new QLabel(QString::fromStdString(value));
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    box->setChecked(!value.empty());
    box->setAccessibleDescription(label->text());
    form->addRow(box, label);
  };
  const SampleOptions& sampling = found.sampling;
  add(prompt_, found.prompt);
  add(negative_, found.negative);
  add(seed_, found.seed ? std::to_string(*found.seed) : "");
  add(sampling_, concat(sampling.steps, ", ", sampling.sampler, ", ", sampling.guidance));
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Apply | QDialogButtonBox::Cancel);
  connect(buttons, &QDialogButtonBox::clicked, this, [this, buttons](QAbstractButton* button) {
    done(buttons->standardButton(button) == QDialogButtonBox::Apply ? Accepted : Rejected);
  });
  form->addRow(buttons);
}

engine::GenerateRequest RecallDialog::merged(engine::GenerateRequest now) const {
  if (prompt_->isChecked()) now.prompt = found_.prompt;
  if (negative_->isChecked()) now.negative = found_.negative;
  if (seed_->isChecked()) now.seed = found_.seed;
  if (sampling_->isChecked()) now.sampling = found_.sampling;
  return now;
}

}  // namespace tessera::gui
