#include "gui/form_row.h"

#include <QFormLayout>
#include <QLabel>

namespace tessera::gui {

void add_form_row(QFormLayout& form, const QString& label, QWidget* field, const QString& help) {
  auto* text = new QLabel(label);
  text->setBuddy(field);
  QString name = label;
  field->setAccessibleName(name.remove('&'));
  field->setAccessibleDescription(help);
  field->setToolTip(help);
  form.addRow(text, field);
}

}  // namespace tessera::gui
