#include "gui/plain_table.h"

#include <QHeaderView>
#include <QTableWidget>

namespace tessera::gui {

QTableWidget* make_plain_table(const QStringList& columns, const QString& name) {
  auto* table = new QTableWidget(0, static_cast<int>(columns.size()));
  table->setHorizontalHeaderLabels(columns);
  table->setAccessibleName(name);
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setSelectionMode(QAbstractItemView::SingleSelection);
  table->verticalHeader()->hide();
  table->horizontalHeader()->setStretchLastSection(true);
  return table;
}

void fill_row(QTableWidget* table, int row, const QStringList& cells) {
  for (int column = 0; column < cells.size(); ++column) {
    table->setItem(row, column, new QTableWidgetItem(cells[column]));
  }
}

}  // namespace tessera::gui
