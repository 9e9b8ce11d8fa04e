#pragma once

#include <QStringList>

class QTableWidget;

namespace tessera::gui {

/// An empty table to read and to choose one row of; `name` is for those who hear the screen.
QTableWidget* make_plain_table(const QStringList& columns, const QString& name);

/// Texts of a row, from the first column on.
void fill_row(QTableWidget* table, int row, const QStringList& cells);

}  // namespace tessera::gui
