#pragma once

#include <QMainWindow>
#include <QSettings>
#include <memory>

#include "gui/preferences.h"
#include "gui/shortcuts.h"
#include "gui/studio.h"

class QDockWidget;
class QLabel;
class QProgressBar;
class QTabWidget;

namespace tessera::gui {

class CreatePage;
class EditPage;
class EvaluationPage;
class ModelsPage;
class NoticeBar;
class TokensPage;
class TrainingPage;

/// The window: pages, menus, keys, the state between two starts. Knows the studio, never the
/// engine.
class MainWindow final : public QMainWindow {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(MainWindow)

 public:
  /// `program` is the command line's, for training.
  MainWindow(std::unique_ptr<Studio> studio, const QString& program, QWidget* parent = nullptr);
  ~MainWindow() override;

  Studio& studio() { return *studio_; }
  CreatePage& createPage() { return *create_; }
  EditPage& editPage() { return *edit_; }
  TokensPage& tokensPage() { return *tokens_; }
  ModelsPage& modelsPage() { return *models_; }
  TrainingPage& trainingPage() { return *training_; }
  EvaluationPage& evaluationPage() { return *evaluation_; }
  NoticeBar& notice() { return *notice_; }
  QTabWidget& pages() { return *pages_; }
  Shortcuts& shortcuts() { return shortcuts_; }
  /// A picture with settings, or any other: as if it had been dropped.
  void openDropped(const QString& file);
  const Preferences& preferences() const { return preferences_; }
  /// Kept, and in force from now on.
  void setPreferences(const Preferences& preferences);
  /// The model that was open last; "" = the shipped one.
  QString lastModel() const { return settings_.value("model/folder").toString(); }
  /// Gives the studio away, for a window in another language around it; this one is then done with.
  std::unique_ptr<Studio> releaseStudio();

 Q_SIGNALS:
  /// Another window is to take the place of this one.
  void languageChosen(const QString& language);

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void makePages();
  void makeStatus();
  void makeQueue();
  void makeMenus();
  void makePictureMenu();
  void connectStudio();
  QAction* addAction(QMenu* menu,
                     const char* id,
                     const QString& text,
                     const QKeySequence& keys,
                     const std::function<void()>& act);
  void applyPreferences();
  /// Does it; what it throws is told in the window.
  void attempt(const std::function<void()>& act);
  void restoreState();
  void saveState();
  void editShown();
  void tokeniseShown();
  void compareSelected();
  void exportSelected();
  void exportSheet();
  void exportHistory();
  void offerJobs();
  void editPreferences();
  void tellHeld(int count, const QString& why);
  bool mayClose();
  void showProgress(double share, double seconds);

  QSettings settings_;
  Preferences preferences_;
  Shortcuts shortcuts_;
  std::unique_ptr<Studio> studio_;
  QString program_;
  NoticeBar* notice_;
  QTabWidget* pages_;
  CreatePage* create_ = nullptr;
  EditPage* edit_ = nullptr;
  TokensPage* tokens_ = nullptr;
  TrainingPage* training_ = nullptr;
  EvaluationPage* evaluation_ = nullptr;
  ModelsPage* models_ = nullptr;
  QDockWidget* queue_dock_ = nullptr;
  QLabel* model_label_ = nullptr;
  QLabel* status_ = nullptr;
  QProgressBar* progress_ = nullptr;
};

}  // namespace tessera::gui
