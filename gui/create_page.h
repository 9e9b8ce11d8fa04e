#pragma once

#include <QWidget>
#include <optional>

#include "engine/history/history.h"
#include "gui/settings_panel.h"

class QLabel;
class QSplitter;
class QTextBrowser;

namespace tessera::gui {

class FilmBar;
class Gallery;
class PictureView;
class Studio;

/// What is wanted on the left, the picture in the middle, everything made so far on the right.
class CreatePage final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(CreatePage)

 public:
  explicit CreatePage(Studio& studio, QWidget* parent = nullptr);

  SettingsPanel& settings() { return *settings_; }
  Gallery& gallery() { return *gallery_; }
  PictureView& view() { return *view_; }
  /// The entry that is shown; absent while a picture forms.
  const std::optional<history::Entry>& shown() const { return shown_; }
  /// Takes settings of the shown entry over into the form.
  void recall(Recall what);
  /// More like the shown picture: the same settings, new seeds.
  void makeVariations(int count);
  void copyPicture() const;
  void copySeed() const;
  /// In the desktop's file manager: that of the shown picture, else that of all.
  void openFolder();
  QByteArray layoutState() const;
  void restoreLayout(const QByteArray& state);

 public Q_SLOTS:
  void generate();
  void generateNext();
  void showEntry(const tessera::history::Entry& entry);
  void setDetailsShown(bool shown);
  void toggleTokens();
  /// Of the prompt that is written.
  void toggleStar();
  /// Shows favourite and earlier prompts and takes the chosen one.
  void choosePrompt();

 Q_SIGNALS:
  void failed(const QString& message);

 private:
  QWidget* makeCentre();
  void connectStudio();
  void showInfo();
  void showStars();
  void star(const QString& prompt, bool starred);

  Studio& studio_;
  SettingsPanel* settings_;
  PictureView* view_;
  FilmBar* film_;
  QLabel* info_;
  QTextBrowser* details_;
  Gallery* gallery_;
  QSplitter* splitter_;
  std::optional<history::Entry> shown_{};
};

}  // namespace tessera::gui
