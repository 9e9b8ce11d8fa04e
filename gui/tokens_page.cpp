#include "gui/tokens_page.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "gui/code_tiles.h"
#include "gui/picture_file.h"
#include "gui/picture_view.h"
#include "gui/plain_table.h"
#include "gui/studio.h"

namespace tessera::gui {
namespace {

constexpr int kTile = 30;  // pixels of the picture of a code

/// exp of the entropy: how many codes a picture of evenly used ones would have.
double perplexity_of(const std::map<std::int32_t, int>& uses, std::size_t cells) {
  double entropy = 0;
  for (const auto& [code, count] : uses) {
    const double share = static_cast<double>(count) / static_cast<double>(cells);
    entropy -= share * std::log(share);
  }
  return std::exp(entropy);
}

}  // namespace

TokensPage::TokensPage(Studio& studio, QWidget* parent)
    : QWidget(parent),
      studio_(studio),
      original_(new PictureView),
      reconstruction_(new PictureView),
      summary_(new QLabel),
      hovered_(new QLabel),
      codes_(make_plain_table({tr("Code"), tr("Uses"), tr("Share")}, tr("Codes of this picture"))),
      tiles_(new CodeTiles(studio, this)) {
  original_->setPlaceholder(tr("Open a picture, or choose \"Tokens\" on one of the gallery."));
  reconstruction_->setPlaceholder(tr("What the codec makes of it."));
  original_->setAccessibleName(tr("The picture"));
  reconstruction_->setAccessibleName(tr("The picture through the codec and back"));
  codes_->setFixedWidth(260);
  constexpr int kCodeColumn = 92;
  constexpr int kUsesColumn = 60;
  codes_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  codes_->setColumnWidth(0, kCodeColumn);
  codes_->setColumnWidth(1, kUsesColumn);
  codes_->setIconSize({kTile, kTile});
  codes_->verticalHeader()->setDefaultSectionSize(kTile + 4);
  auto* open = new QPushButton(tr("&Open a picture …"));
  auto* pictures = new QHBoxLayout;
  pictures->addWidget(original_, 1);
  pictures->addWidget(reconstruction_, 1);
  auto* left = new QVBoxLayout;
  left->addLayout(pictures, 1);
  left->addWidget(summary_);
  left->addWidget(hovered_);
  auto* right = new QVBoxLayout;
  right->addWidget(open);
  right->addWidget(codes_, 1);
  auto* layout = new QHBoxLayout(this);
  layout->addLayout(left, 1);
  layout->addLayout(right);

  connect(open, &QPushButton::clicked, this, &TokensPage::openFile);
  connect(&studio, &Studio::tokenised, this, &TokensPage::show);
  connect(tiles_, &CodeTiles::painted, this, [this](int code) {
    for (int row = 0; row < codes_->rowCount(); ++row) {
      if (codes_->item(row, 0)->data(Qt::DisplayRole).toInt() == code) showTile(row, code);
    }
  });
  connect(codes_, &QTableWidget::currentCellChanged, this, [this](int row) {
    const QTableWidgetItem* item = row < 0 ? nullptr : codes_->item(row, 0);
    highlight(item == nullptr ? -1 : item->data(Qt::DisplayRole).toInt());
  });
  connect(reconstruction_, &PictureView::cellHovered, this, [this](int cell) {
    hovered_->setText(cell < 0 ? QString()
                               : tr("cell %1, %2: code %3")
                                     .arg(cell % tokens_.width)
                                     .arg(cell / tokens_.width)
                                     .arg(tokens_.cells[static_cast<std::size_t>(cell)]));
  });
}

void TokensPage::openFile() {
  const QString file = ask_for_picture(this);
  if (file.isEmpty()) return;
  QString problem;
  const QImage picture = read_picture(file, &problem);
  if (picture.isNull()) {
    Q_EMIT failed(problem);
  } else {
    load(picture);
  }
}

void TokensPage::load(const QImage& picture) {
  studio_.tokenise(picture);
}

void TokensPage::show(const Tokenised& result) {
  tokens_ = result.tokens;
  original_->setPicture(result.picture);
  reconstruction_->setPicture(result.reconstruction);
  reconstruction_->setTokensShown(true);
  std::map<std::int32_t, int> uses;
  for (const std::int32_t code : tokens_.cells) ++uses[code];
  fillTable(uses);
  highlight(-1);
  summary_->setText(tr("%1 tokens, %2 different of %3 codes, perplexity %4, PSNR %5 dB")
                        .arg(tokens_.cells.size())
                        .arg(uses.size())
                        .arg(tokens_.codes)
                        .arg(perplexity_of(uses, tokens_.cells.size()), 0, 'f', 1)
                        .arg(result.psnr, 0, 'f', 2));
}

void TokensPage::fillTable(const std::map<std::int32_t, int>& uses) {
  std::vector<std::pair<int, std::int32_t>> order;
  for (const auto& [code, count] : uses) order.emplace_back(-count, code);
  std::sort(order.begin(), order.end());
  codes_->setRowCount(static_cast<int>(order.size()));
  int row = 0;
  for (const auto& [negative, code] : order) {
    const auto cell = [&](int column, const QVariant& value) {
      auto* item = new QTableWidgetItem;
      item->setData(Qt::DisplayRole, value);
      codes_->setItem(row, column, item);
    };
    cell(0, code);
    cell(1, -negative);
    cell(2,
         QString("%1 %").arg(
             -100.0 * negative / static_cast<double>(tokens_.cells.size()), 0, 'f', 1));
    showTile(row, code);
    ++row;
  }
  std::vector<int> wanted;
  for (const auto& [negative, code] : order) wanted.push_back(code);
  tiles_->want(wanted, tokens_.codes);
}

void TokensPage::showTile(int row, int code) {
  const QImage tile = tiles_->tile(code);
  if (tile.isNull()) return;
  const double scale = devicePixelRatioF();
  const int side = static_cast<int>(kTile * scale);
  QPixmap pixmap = QPixmap::fromImage(tile.scaled(side, side));  // a pixel stays a pixel
  pixmap.setDevicePixelRatio(scale);
  codes_->item(row, 0)->setIcon(QIcon(pixmap));
}

/// Cells of the code are framed; -1 = none.
void TokensPage::highlight(int code) {
  std::vector<TokenState> states(tokens_.cells.size(), TokenState::kSettled);
  for (std::size_t cell = 0; cell < states.size(); ++cell) {
    if (tokens_.cells[cell] == code) states[cell] = TokenState::kNew;
  }
  reconstruction_->setTokens(tokens_, states);
}

}  // namespace tessera::gui
