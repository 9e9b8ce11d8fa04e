#include "gui/loss_chart.h"

#include <QChart>
#include <QChartView>
#include <QComboBox>
#include <QEvent>
#include <QLineSeries>
#include <QVBoxLayout>
#include <QValueAxis>
#include <algorithm>
#include <limits>

namespace tessera::gui {

LossChart::LossChart(QWidget* parent)
    : QWidget(parent), quantity_(new QComboBox), chart_(new QChart) {
  quantity_->setAccessibleName(tr("Which number is shown"));
  quantity_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  auto* view = new QChartView(chart_);
  view->setRenderHint(QPainter::Antialiasing);
  view->setAccessibleName(tr("Chart"));
  chart_->setMargins({0, 0, 0, 0});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(quantity_, 0, Qt::AlignLeft);
  layout->addWidget(view, 1);
  connect(quantity_, &QComboBox::activated, this, &LossChart::draw);
  quantity_->hide();
  followTheme();
}

void LossChart::followTheme() {
  const bool dark = palette().color(QPalette::Window).lightness() < 128;
  chart_->setTheme(dark ? QChart::ChartThemeDark : QChart::ChartThemeLight);
  chart_->setBackgroundVisible(false);
}

void LossChart::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) followTheme();
}

void LossChart::show(const TrainingRun::Series& series) {
  QStringList names;
  for (const auto& [name, points] : series) {
    if (!name.startsWith("val/")) names.push_back(name);
  }
  for (const auto& [name, points] : series) {
    if (name.startsWith("val/") && !names.contains(name.mid(4))) names.push_back(name);
  }
  QStringList known;
  for (int k = 0; k < quantity_->count(); ++k) known.push_back(quantity_->itemText(k));
  if (names != known) {
    const QString chosen = quantity_->currentText();
    quantity_->clear();
    quantity_->addItems(names);
    quantity_->setCurrentText(names.contains(chosen) ? chosen : QString("loss"));
  }
  quantity_->setVisible(!names.isEmpty());
  series_ = series;
  draw();
}

void LossChart::draw() {
  chart_->removeAllSeries();
  for (QAbstractAxis* axis : chart_->axes()) {
    chart_->removeAxis(axis);
    delete axis;
  }
  const QString name = quantity_->currentText();
  double low = std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::lowest();
  double last = 1;
  for (const QString& key : {name, "val/" + name}) {
    const auto found = series_.find(key);
    if (found == series_.end() || found->second.empty()) continue;
    auto* line = new QLineSeries;
    line->setName(key);
    for (const QPointF& point : found->second) {
      line->append(point);
      low = std::min(low, point.y());
      high = std::max(high, point.y());
      last = std::max(last, point.x());
    }
    if (found->second.size() < 50) line->setPointsVisible(true);
    chart_->addSeries(line);
  }
  if (chart_->series().isEmpty()) return;
  chart_->createDefaultAxes();
  auto* across = qobject_cast<QValueAxis*>(chart_->axes(Qt::Horizontal).front());
  auto* up = qobject_cast<QValueAxis*>(chart_->axes(Qt::Vertical).front());
  across->setRange(0, last);
  across->setLabelFormat("%d");
  across->setTitleText(tr("step"));
  const double margin = high > low ? 0.05 * (high - low) : 0.5;
  up->setRange(low - margin, high + margin);
}

}  // namespace tessera::gui
