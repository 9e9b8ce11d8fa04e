#pragma once

#include <QWidget>
#include <cstdint>
#include <map>

#include "gui/engine_worker.h"

class QLabel;
class QTableWidget;

namespace tessera::gui {

class CodeTiles;
class PictureView;
class Studio;

/// A picture as the codec sees it: original and reconstruction, the codes it is made of, what each
/// looks like, and how often it occurs. A code chosen in the table is shown in the picture.
class TokensPage final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(TokensPage)

 public:
  explicit TokensPage(Studio& studio, QWidget* parent = nullptr);
  void load(const QImage& picture);
  QTableWidget* codes() const { return codes_; }

 Q_SIGNALS:
  void failed(const QString& message);

 private:
  void show(const Tokenised& result);
  void fillTable(const std::map<std::int32_t, int>& uses);  // code -> how often
  void highlight(int code);
  void showTile(int row, int code);
  void openFile();

  Studio& studio_;
  PictureView* original_;
  PictureView* reconstruction_;
  QLabel* summary_;
  QLabel* hovered_;
  QTableWidget* codes_;
  CodeTiles* tiles_;
  engine::TokenGrid tokens_{};
};

}  // namespace tessera::gui
