#pragma once

#include <QWidget>

#include "gui/film.h"

class QCheckBox;
class QLabel;
class QSlider;
class QToolButton;

namespace tessera::gui {

class PictureView;

/// Goes through the steps of a picture, and shows its tokens: which are masked, new, replaced or
/// settled, and how sure the network is.
class FilmBar final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(FilmBar)

 public:
  FilmBar(PictureView* view, QWidget* parent = nullptr);
  /// Of a film that may still grow: stays at its end unless the user has gone back.
  void showFilm(const Film& film);
  void clear();
  QCheckBox* tokensBox() const { return tokens_; }

 private:
  void showFrame(int index);
  PictureView* view_;
  Film film_{};
  QToolButton* play_;
  QSlider* slider_;
  QLabel* step_;
  QLabel* legend_;
  QCheckBox* tokens_;
};

}  // namespace tessera::gui
