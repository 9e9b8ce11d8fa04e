#include "gui/seed_field.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QRegularExpressionValidator>
#include <QToolButton>

namespace tessera::gui {

SeedField::SeedField(QWidget* parent)
    : QWidget(parent), mode_(new QComboBox(this)), value_(new QLineEdit(this)) {
  mode_->addItem(tr("random"), kRandom);
  mode_->addItem(tr("fixed"), kFixed);
  mode_->addItem(tr("step"), kStep);
  mode_->setAccessibleName(tr("How the seed is chosen"));
  mode_->setToolTip(
      tr("random: drawn for every job; fixed: the same picture again; step: one more "
         "for every picture"));
  value_->setAccessibleName(tr("Seed"));
  value_->setPlaceholderText(tr("drawn"));
  value_->setValidator(new QRegularExpressionValidator(QRegularExpression("[0-9]{0,20}"), this));
  auto* again = new QToolButton(this);
  again->setText("♻");
  again->setToolTip(tr("Use the seed of the last picture again"));
  again->setAccessibleName(tr("Use the last seed"));
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(mode_);
  layout->addWidget(value_, 1);
  layout->addWidget(again);
  connect(again, &QToolButton::clicked, this, &SeedField::useLast);
  connect(mode_, &QComboBox::currentIndexChanged, this, [this] {
    value_->setEnabled(mode() != kRandom);
    if (mode() != kRandom && value_->text().isEmpty()) useLast();
  });
  connect(value_, &QLineEdit::textEdited, this, [this] {
    if (mode() == kRandom) setMode(kFixed);
  });
  value_->setEnabled(false);
  setFocusProxy(mode_);
}

SeedField::Mode SeedField::mode() const {
  return static_cast<Mode>(mode_->currentData().toInt());
}

void SeedField::setMode(Mode mode) {
  mode_->setCurrentIndex(mode_->findData(mode));
}

std::optional<std::uint64_t> SeedField::seed() const {
  if (mode() == kRandom) return {};
  bool whole = false;
  const qulonglong seed = value_->text().toULongLong(&whole);
  return whole ? seed : 0;
}

void SeedField::setSeed(std::uint64_t seed) {
  value_->setText(QString::number(seed));
  if (mode() == kRandom) setMode(kFixed);
}

void SeedField::advance(int pictures) {
  if (mode() != kStep) return;
  value_->setText(QString::number(*seed() + static_cast<std::uint64_t>(pictures)));
}

void SeedField::useLast() {
  setSeed(last_.value_or(0));
}

}  // namespace tessera::gui
