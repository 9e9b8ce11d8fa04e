#include "gui/film_bar.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/picture_view.h"
#include "gui/token_painter.h"

namespace tessera::gui {
namespace {

QString legend_of(const TokenCount& count) {
  const auto item = [](TokenState state, const char* sign, int cells) {
    return QString("<span style='color:%1'>%2</span> %3 %4")
        .arg(colour_of(state).name(), QString::fromUtf8(sign), name_of(state))
        .arg(cells);
  };
  return item(TokenState::kMasked, "▨", count.masked) + " &nbsp; " +
         item(TokenState::kNew, "▣", count.fresh) + " &nbsp; " +
         item(TokenState::kReplaced, "☒", count.replaced) + " &nbsp; " +
         item(TokenState::kSettled, "□", count.settled);
}

}  // namespace

FilmBar::FilmBar(PictureView* view, QWidget* parent)
    : QWidget(parent),
      view_(view),
      play_(new QToolButton(this)),
      slider_(new QSlider(Qt::Horizontal, this)),
      step_(new QLabel(this)),
      legend_(new QLabel(this)),
      tokens_(new QCheckBox(tr("&Tokens"), this)) {
  play_->setText("▶");
  play_->setToolTip(tr("Play the steps"));
  play_->setAccessibleName(tr("Play the steps"));
  slider_->setAccessibleName(tr("Step of the picture"));
  slider_->setToolTip(tr("Go through the steps of this picture"));
  slider_->setPageStep(1);
  tokens_->setToolTip(tr("Show the tokens and how sure the model is of each"));
  legend_->setTextFormat(Qt::RichText);
  auto* row = new QHBoxLayout;
  row->addWidget(play_);
  row->addWidget(slider_, 1);
  row->addWidget(step_);
  row->addWidget(tokens_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addLayout(row);
  layout->addWidget(legend_);
  legend_->hide();

  connect(slider_, &QSlider::valueChanged, this, &FilmBar::showFrame);
  connect(tokens_, &QCheckBox::toggled, this, [this](bool on) {
    view_->setTokensShown(on);
    legend_->setVisible(on);
  });
  auto* clock = new QTimer(this);
  connect(clock, &QTimer::timeout, this, [this, clock] {
    slider_->setValue(slider_->value() + 1);
    if (slider_->value() == slider_->maximum()) clock->stop();
  });
  connect(play_, &QToolButton::clicked, this, [this, clock] {
    constexpr int kFrame = 120;  // ms
    slider_->setValue(0);
    clock->start(kFrame);
  });
  clear();
}

void FilmBar::clear() {
  film_ = {};
  slider_->setRange(0, 0);
  setEnabled(false);
  step_->clear();
  legend_->clear();
  view_->setTokens({}, {});
}

void FilmBar::showFilm(const Film& film) {
  const bool at_end = slider_->value() == slider_->maximum();
  const bool follow = at_end || film.size() < film_.size();
  film_ = film;
  if (film.empty()) {
    clear();
    return;
  }
  setEnabled(true);
  const QSignalBlocker quiet(slider_);
  slider_->setRange(0, film.size() - 1);
  if (follow) slider_->setValue(film.size() - 1);
  showFrame(slider_->value());
}

void FilmBar::showFrame(int index) {
  if (index < 0 || index >= film_.size()) return;
  const Frame& frame = film_.frame(index);
  const QImage picture = film_.picture_at(index);
  if (!picture.isNull()) view_->setPicture(picture);
  const auto states = token_states(film_.tokens_before(index), frame.tokens);
  view_->setTokens(frame.tokens, states);
  step_->setText(tr("step %1").arg(frame.step));
  tokens_->setEnabled(!frame.tokens.cells.empty());
  legend_->setText(states.empty() ? tr("No tokens: this picture was drawn by the Gaussian path.")
                                  : legend_of(count_tokens(states)));
}

}  // namespace tessera::gui
