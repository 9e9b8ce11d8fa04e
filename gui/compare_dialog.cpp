#include "gui/compare_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "gui/pair_view.h"
#include "gui/plain_table.h"

namespace tessera::gui {
namespace {

QImage picture_of(const history::Entry& entry) {
  return QImage(QString::fromStdString(entry.file.string()));
}

QString shown(const QJsonValue& value) {
  if (value.isObject()) {
    return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
  }
  return value.toVariant().toString();
}

}  // namespace

CompareDialog::CompareDialog(const history::Entry& left,
                             const history::Entry& right,
                             QWidget* parent)
    : QDialog(parent),
      view_(new PairView(picture_of(left), picture_of(right))),
      differences_(
          make_plain_table({tr("Setting"), tr("Left"), tr("Right")}, tr("Settings that differ"))) {
  setWindowTitle(tr("Compare"));
  auto* mode = new QComboBox;
  mode->addItems({tr("Side by side"), tr("Slider"), tr("Difference")});
  mode->setAccessibleName(tr("How the pictures are compared"));
  auto* swap = new QPushButton(tr("&Swap"));
  connect(mode, &QComboBox::currentIndexChanged, view_, &PairView::setMode);
  connect(swap, &QPushButton::clicked, view_, &PairView::swap);
  auto* row = new QHBoxLayout;
  row->addWidget(mode);
  row->addWidget(swap);
  row->addStretch(1);
  differences_->setMaximumHeight(180);
  fillDifferences(left, right);
  auto* close = new QDialogButtonBox(QDialogButtonBox::Close);
  connect(close, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(row);
  layout->addWidget(view_, 1);
  layout->addWidget(differences_);
  layout->addWidget(close);
}

void CompareDialog::fillDifferences(const history::Entry& left, const history::Entry& right) {
  const auto record_of = [](const history::Entry& entry) {
    return QJsonDocument::fromJson(QByteArray::fromStdString(entry.record)).object();
  };
  const QJsonObject a = record_of(left);
  const QJsonObject b = record_of(right);
  QStringList keys = a.keys() + b.keys();
  keys.removeDuplicates();
  keys.sort();
  for (const QString& key : keys) {
    if (a[key] == b[key]) continue;
    const int row = differences_->rowCount();
    differences_->insertRow(row);
    fill_row(differences_, row, {key, shown(a[key]), shown(b[key])});
  }
  differences_->resizeColumnsToContents();
}

}  // namespace tessera::gui
