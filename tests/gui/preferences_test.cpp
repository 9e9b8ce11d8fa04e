// What is settled for the whole program: kept, checked, shown.

#include "gui/preferences.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "gui/picture_name.h"
#include "gui/preferences_dialog.h"
#include "gui/shortcuts.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PreferencesTest : public ::testing::Test {
 protected:
  QString ini() const { return QString::fromStdString((folder_.path() / "studio.ini").string()); }
  test::TemporaryFolder folder_;
};

TEST_F(PreferencesTest, AreKept) {
  const Preferences other{.pictures = "/tmp/elsewhere",
                          .name = "{model}/{seed}",
                          .settings_inside = false,
                          .ask_before_delete = false,
                          .theme = "dark",
                          .language = "de",
                          .preview_every = 5,
                          .device = "cuda:1",
                          .threads = 3};
  {
    QSettings settings(ini(), QSettings::IniFormat);
    EXPECT_EQ(read_preferences(settings), (Preferences{.name = kOwnPictureName}));
    write_preferences(settings, other);
  }
  EXPECT_EQ(read_preferences(QSettings(ini(), QSettings::IniFormat)), other);
}

TEST_F(PreferencesTest, NothingInTheFileKeepsTheProgramFromStarting) {
  QSettings settings(ini(), QSettings::IniFormat);
  settings.setValue("pictures/name", "{nothing}/..");
  settings.setValue("look/theme", "striped");
  settings.setValue("look/preview-every", "often");
  settings.setValue("engine/device", "toaster");
  settings.setValue("engine/threads", -4);
  const Preferences read = read_preferences(settings);
  EXPECT_EQ(read.name, kOwnPictureName);
  EXPECT_EQ(read.theme, "system");
  EXPECT_EQ(read.device, "auto");
  EXPECT_EQ(read.threads, 0);
  EXPECT_EQ(read.preview_every, 0);
}

TEST_F(PreferencesTest, AWrongFolderOrDeviceIsOneLine) {
  const auto problem = [](const fs::path& folder, const QString& device = "auto") {
    return problem_of({.pictures = folder, .name = kOwnPictureName, .device = device})
        .toStdString();
  };
  write_file_atomically(folder_.path() / "file", "x");
  EXPECT_EQ(problem({}), "");
  EXPECT_EQ(problem(folder_.path() / "not" / "yet" / "there"), "");
  EXPECT_FALSE(fs::exists(folder_.path() / "not")) << "nothing is made while one types";
  EXPECT_THAT(problem(folder_.path() / "file" / "below"), HasSubstr("file is no folder"));
  EXPECT_THAT(problem("pictures"), HasSubstr("begins with a slash"));
  EXPECT_THAT(problem({}, "gpu"), HasSubstr("auto, cpu, cuda"));
}

TEST(PictureName, FillsItsFields) {
  const PictureNameFields fields{.prompt = "a red/apple: \"now\" 🍎",
                                 .seed = 18446744073709551615ULL,
                                 .model = "tessera-starter",
                                 .when = QDateTime(QDate(2026, 3, 4), QTime(5, 6, 7))};
  EXPECT_EQ(picture_name(kOwnPictureName, fields),
            "2026-03-04/a-red-apple-now-🍎-18446744073709551615.png");
  EXPECT_EQ(picture_name("{model}_{time}", fields), "tessera-starter_050607.png");
  EXPECT_EQ(picture_name("plain", {}), "plain.png");
  EXPECT_EQ(picture_name("{prompt}", {.prompt = "../{seed}/.."}), "seed.png")
      << "a prompt is no pattern and leads nowhere";
  EXPECT_LT(picture_name("{prompt}", {.prompt = std::string(4000, 'x')}).string().size(), 255u);
}

TEST(PictureName, RefusesWhatIsNone) {
  const auto problem = [](const char* pattern) {
    return problem_of_picture_name(pattern).toStdString();
  };
  EXPECT_EQ(problem(kOwnPictureName), "");
  EXPECT_EQ(problem("Bilder von {date}/{prompt}"), "");
  EXPECT_THAT(problem("{prmpt}"), HasSubstr("{prmpt} is no field"));
  EXPECT_THAT(problem("{prompt"), HasSubstr("bracket"));
  for (const char* pattern : {"", "a//b", "../a", "a/..", "a/", " "}) {
    EXPECT_THAT(problem(pattern), HasSubstr("no name")) << pattern;
  }
  EXPECT_THAT(problem("/etc/{seed}"), HasSubstr("slash"));
  EXPECT_THAT(problem("a:b"), HasSubstr("character :"));
  EXPECT_THAT(problem(std::string(300, 'x').c_str()), HasSubstr("too long"));
}

TEST(PictureName, NeverTakesAFileThatIsThere) {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "a.b.png";
  EXPECT_EQ(free_name(file), file);
  write_file_atomically(file, "x");
  EXPECT_EQ(free_name(file), folder.path() / "a.b-2.png");
  fs::create_symlink("/nonexistent", folder.path() / "a.b-2.png");
  EXPECT_EQ(free_name(file), folder.path() / "a.b-3.png") << "a link to nowhere is there too";
}

TEST_F(PreferencesTest, TheDialogShowsAnExampleAndRefusesWhatIsWrong) {
  QSettings settings(ini(), QSettings::IniFormat);
  Shortcuts shortcuts(settings);
  PreferencesDialog dialog(
      {.name = kOwnPictureName, .theme = "dark", .language = "de"}, "/own/folder", shortcuts);
  EXPECT_THAT(dialog.example().toStdString(), HasSubstr("/own/folder/"));
  EXPECT_THAT(dialog.example().toStdString(), HasSubstr("a-red-apple-1234.png"));
  EXPECT_EQ(dialog.preferences().theme, "dark");
  EXPECT_EQ(dialog.preferences().language, "de");
  auto* ok = dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok);
  EXPECT_TRUE(ok->isEnabled());
  dialog.findChild<QLineEdit*>("name")->setText("{seed}-{what}");
  EXPECT_FALSE(ok->isEnabled());
  EXPECT_THAT(dialog.problem().toStdString(), HasSubstr("{what}"));
  EXPECT_EQ(dialog.problem().count('\n'), 0);
  dialog.findChild<QLineEdit*>("name")->setText("{seed}");
  EXPECT_TRUE(ok->isEnabled());
  EXPECT_THAT(dialog.example().toStdString(), HasSubstr("/own/folder/1234.png"));
  dialog.findChild<QLineEdit*>("folder")->setText("/dev/null/below");
  EXPECT_FALSE(ok->isEnabled());
  dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::RestoreDefaults)->click();
  EXPECT_EQ(dialog.preferences(), (Preferences{.name = kOwnPictureName}));
}

TEST_F(PreferencesTest, KeysGoBackToWhatTheyWere) {
  QSettings settings(ini(), QSettings::IniFormat);
  Shortcuts shortcuts(settings);
  QAction draw;
  draw.setText("&Draw");
  draw.setShortcut(QKeySequence("Ctrl+Return"));
  shortcuts.add("draw", &draw);
  PreferencesDialog dialog({.name = kOwnPictureName}, "/own", shortcuts);
  auto* edit = dialog.findChild<QKeySequenceEdit*>();
  edit->setKeySequence(QKeySequence("F5"));
  Q_EMIT edit->editingFinished();
  EXPECT_EQ(draw.shortcut(), QKeySequence("F5"));
  shortcuts.restore();
  EXPECT_EQ(draw.shortcut(), QKeySequence("Ctrl+Return"));
  QAction again;
  again.setShortcut(QKeySequence("Ctrl+Return"));
  Shortcuts(settings).add("draw", &again);
  EXPECT_EQ(again.shortcut(), QKeySequence("Ctrl+Return")) << "nothing is left in the file";
}

}  // namespace
}  // namespace tessera::gui
