#pragma once

#include <QDialog>

#include "engine/engine.h"

class QCheckBox;

namespace tessera::gui {

/// Settings found in a picture: which of them are to be taken over?
class RecallDialog final : public QDialog {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(RecallDialog)

 public:
  RecallDialog(const engine::GenerateRequest& found, QWidget* parent = nullptr);
  /// `now` with the chosen fields of what was found.
  engine::GenerateRequest merged(engine::GenerateRequest now) const;

 private:
  engine::GenerateRequest found_;
  QCheckBox* prompt_;
  QCheckBox* negative_;
  QCheckBox* seed_;
  QCheckBox* sampling_;
};

/// The request in a Tessera picture's text. Throws Error: not readable, or no such text.
engine::GenerateRequest request_in_picture(const QString& file);

}  // namespace tessera::gui
