#pragma once

class QFormLayout;
class QString;
class QWidget;

namespace tessera::gui {

/// A field with its label, the keyboard's way to it (the letter behind &), and its name and help
/// for those who hear the screen.
void add_form_row(QFormLayout& form, const QString& label, QWidget* field, const QString& help);

}  // namespace tessera::gui
