#pragma once

#include <QColor>
#include <QRectF>
#include <vector>

#include "engine/token_grid.h"
#include "gui/token_state.h"

class QPainter;

namespace tessera::gui {

/// Colours that differ for every kind of colour vision; a sign goes with each.
QColor colour_of(TokenState state);
/// For a legend: "masked", …
QString name_of(TokenState state);

/// Every cell over the picture at `area`: masked ones hatched, new ones framed, replaced ones with
/// a cross; the less sure the network is of a cell, the paler its picture.
void paint_tokens(QPainter& painter,
                  const QRectF& area,
                  const engine::TokenGrid& tokens,
                  const std::vector<TokenState>& states);

/// The rectangle of a cell.
QRectF cell_rect(const QRectF& area, const engine::TokenGrid& tokens, int cell);

}  // namespace tessera::gui
