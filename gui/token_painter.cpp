#include "gui/token_painter.h"

#include <QCoreApplication>
#include <QPainter>
#include <algorithm>

namespace tessera::gui {

QColor colour_of(TokenState state) {
  // Okabe and Ito's palette.
  switch (state) {
    case TokenState::kMasked:
      return {0x56, 0x56, 0x56};
    case TokenState::kNew:
      return {0x00, 0x9E, 0x73};
    case TokenState::kReplaced:
      return {0xD5, 0x5E, 0x00};
    case TokenState::kSettled:
      return {0x56, 0xB4, 0xE9};
  }
  return {};
}

QString name_of(TokenState state) {
  switch (state) {
    case TokenState::kMasked:
      return QCoreApplication::translate("TokenState", "masked");
    case TokenState::kNew:
      return QCoreApplication::translate("TokenState", "new");
    case TokenState::kReplaced:
      return QCoreApplication::translate("TokenState", "replaced");
    case TokenState::kSettled:
      return QCoreApplication::translate("TokenState", "settled");
  }
  return {};
}

QRectF cell_rect(const QRectF& area, const engine::TokenGrid& tokens, int cell) {
  const double width = area.width() / tokens.width;
  const double height = area.height() / tokens.height;
  return {area.x() + width * (cell % tokens.width),
          area.y() + height * (cell / tokens.width),
          width,
          height};
}

namespace {

void paint_cell(QPainter& painter, const QRectF& cell, TokenState state, float confidence) {
  const QColor colour = colour_of(state);
  const QRectF inner = cell.adjusted(0.5, 0.5, -0.5, -0.5);
  if (state == TokenState::kMasked) {
    QColor veil = colour;
    veil.setAlpha(215);
    painter.fillRect(cell, veil);
    painter.fillRect(cell, QBrush(QColor(255, 255, 255, 60), Qt::BDiagPattern));
  } else {
    QColor doubt = Qt::white;
    doubt.setAlphaF(static_cast<float>(0.75 * (1.0 - std::clamp<double>(confidence, 0.0, 1.0))));
    painter.fillRect(cell, doubt);
  }
  QPen pen(colour, state == TokenState::kNew || state == TokenState::kReplaced ? 2.0 : 1.0);
  if (state == TokenState::kSettled) pen.setColor(QColor(0, 0, 0, 60));
  painter.setPen(pen);
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(inner);
  if (state == TokenState::kReplaced) {
    painter.drawLine(inner.topLeft(), inner.bottomRight());
    painter.drawLine(inner.topRight(), inner.bottomLeft());
  }
}

}  // namespace

void paint_tokens(QPainter& painter,
                  const QRectF& area,
                  const engine::TokenGrid& tokens,
                  const std::vector<TokenState>& states) {
  if (tokens.cells.empty() || states.size() != tokens.cells.size()) return;
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  for (std::size_t cell = 0; cell < states.size(); ++cell) {
    const float sure = tokens.confidence.size() == states.size() ? tokens.confidence[cell] : 1.0F;
    paint_cell(painter, cell_rect(area, tokens, static_cast<int>(cell)), states[cell], sure);
  }
  painter.restore();
}

}  // namespace tessera::gui
