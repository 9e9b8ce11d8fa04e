#include "gui/preferences_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDateTime>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QVBoxLayout>

#include "gui/form_row.h"
#include "gui/picture_name.h"
#include "gui/shortcuts.h"
#include "gui/translation.h"

namespace tessera::gui {

PreferencesDialog::PreferencesDialog(const Preferences& now,
                                     const QString& own_folder,
                                     Shortcuts& shortcuts,
                                     QWidget* parent)
    : QDialog(parent),
      own_folder_(own_folder),
      folder_(new QLineEdit),
      name_(new QLineEdit),
      fields_(new QLabel(tr("Fields: {date}, {time}, {prompt}, {seed}, {model}. A slash begins a "
                            "folder."))),
      example_(new QLabel),
      inside_(new QCheckBox(tr("Write prompt and &settings into each PNG"))),
      ask_(new QCheckBox(tr("&Ask before pictures go to the trash"))),
      theme_(new QComboBox),
      language_(new QComboBox),
      preview_(new QComboBox),
      device_(new QComboBox),
      threads_(new QSpinBox),
      problem_(new QLabel) {
  setWindowTitle(tr("Settings"));
  auto* tabs = new QTabWidget;
  tabs->addTab(makePicturesPart(), tr("&Pictures"));
  tabs->addTab(makeLookPart(), tr("&Look"));
  tabs->addTab(makeMachinePart(), tr("&Machine"));
  tabs->addTab(shortcuts.makeList(), tr("&Keys"));
  problem_->setWordWrap(true);
  problem_->setObjectName("problem");
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel |
                                       QDialogButtonBox::RestoreDefaults);
  take_ = buttons->button(QDialogButtonBox::Ok);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(tabs, 1);
  layout->addWidget(problem_);
  layout->addWidget(buttons);
  constexpr QSize kSize(560, 440);
  resize(kSize);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(buttons->button(QDialogButtonBox::RestoreDefaults), &QPushButton::clicked, this, [this] {
    fill({.name = kOwnPictureName});
  });
  for (QLineEdit* edit : {folder_, name_}) {
    connect(edit, &QLineEdit::textChanged, this, &PreferencesDialog::check);
  }
  connect(device_, &QComboBox::currentTextChanged, this, &PreferencesDialog::check);
  fill(now);
}

QWidget* PreferencesDialog::makePicturesPart() {
  auto* part = new QWidget;
  auto* form = new QFormLayout(part);
  folder_->setObjectName("folder");
  folder_->setPlaceholderText(own_folder_);
  name_->setObjectName("name");
  example_->setWordWrap(true);
  example_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* browse = new QPushButton(tr("&Choose …"));
  auto* folder = new QHBoxLayout;
  folder->addWidget(folder_, 1);
  folder->addWidget(browse);
  connect(browse, &QPushButton::clicked, this, [this] {
    const QString chosen = QFileDialog::getExistingDirectory(this, tr("Folder of pictures"));
    if (!chosen.isEmpty()) folder_->setText(chosen);
  });
  const QString there =
      tr("Pictures that are made from now on go there; the others stay where they are.");
  auto* label = new QLabel(tr("&Folder"));
  label->setBuddy(folder_);
  folder_->setAccessibleName(tr("Folder of pictures"));
  folder_->setAccessibleDescription(there);
  folder_->setToolTip(there);
  form->addRow(label, folder);
  fields_->setWordWrap(true);
  add_form_row(*form, tr("File &name"), name_, fields_->text());
  form->addRow({}, fields_);
  form->addRow(tr("For example"), example_);
  inside_->setToolTip(
      tr("Then a picture can be dropped on the window to bring its settings back, and whoever gets "
         "it can read them. Without, only the history knows them."));
  form->addRow(inside_);
  form->addRow(ask_);
  return part;
}

QWidget* PreferencesDialog::makeLookPart() {
  auto* part = new QWidget;
  auto* form = new QFormLayout(part);
  theme_->setObjectName("theme");
  theme_->addItem(tr("As the desktop"), "system");
  theme_->addItem(tr("Light"), "light");
  theme_->addItem(tr("Dark"), "dark");
  language_->setObjectName("language");
  language_->addItem(tr("As the desktop"), QString());
  for (const QString& code : known_languages()) {
    language_->addItem(QLocale(code).nativeLanguageName(), code);
  }
  preview_->setObjectName("preview");
  preview_->addItem(tr("At every step"), 1);
  preview_->addItem(tr("At every second step"), 2);
  preview_->addItem(tr("At every fifth step"), 5);
  preview_->addItem(tr("At every tenth step"), 10);
  preview_->addItem(tr("Not at all"), 0);
  add_form_row(*form, tr("&Theme"), theme_, tr("Colours of the window."));
  add_form_row(*form, tr("La&nguage"), language_, tr("Of the window; it changes at once."));
  add_form_row(*form,
               tr("Forming &picture"),
               preview_,
               tr("How often it is shown while it forms. Seldom is a little faster."));
  return part;
}

QWidget* PreferencesDialog::makeMachinePart() {
  auto* part = new QWidget;
  auto* form = new QFormLayout(part);
  device_->setObjectName("device");
  device_->setEditable(true);
  device_->addItems({"auto", "cpu", "cuda"});
  threads_->setObjectName("threads");
  threads_->setRange(0, 1024);
  threads_->setSpecialValueText(tr("one a core"));
  add_form_row(*form,
               tr("&Device"),
               device_,
               tr("What draws: auto takes a graphics card where there is one, cuda:1 the second."));
  add_form_row(*form,
               tr("&Threads"),
               threads_,
               tr("Of the processor. Fewer leave more of it to other programs."));
  auto* told = new QLabel(tr("The model is opened anew when these change."));
  told->setWordWrap(true);
  form->addRow(told);
  return part;
}

void PreferencesDialog::fill(const Preferences& preferences) {
  const auto choose = [](QComboBox* box, const QVariant& value) {
    box->setCurrentIndex(std::max(0, box->findData(value)));
  };
  folder_->setText(QString::fromStdString(preferences.pictures.string()));
  name_->setText(preferences.name);
  inside_->setChecked(preferences.settings_inside);
  ask_->setChecked(preferences.ask_before_delete);
  choose(theme_, preferences.theme);
  choose(language_, preferences.language);
  choose(preview_, preferences.preview_every);
  device_->setCurrentText(preferences.device);
  threads_->setValue(preferences.threads);
  check();
}

Preferences PreferencesDialog::preferences() const {
  return {.pictures = folder_->text().trimmed().toStdString(),
          .name = name_->text().trimmed(),
          .settings_inside = inside_->isChecked(),
          .ask_before_delete = ask_->isChecked(),
          .theme = theme_->currentData().toString(),
          .language = language_->currentData().toString(),
          .preview_every = preview_->currentData().toInt(),
          .device = device_->currentText().trimmed(),
          .threads = threads_->value()};
}

QString PreferencesDialog::problem() const {
  return problem_->text();
}

QString PreferencesDialog::example() const {
  return example_->text();
}

void PreferencesDialog::check() {
  const Preferences wanted = preferences();
  const QString wrong = problem_of(wanted);
  problem_->setText(wrong);
  take_->setEnabled(wrong.isEmpty());
  if (!problem_of_picture_name(wanted.name).isEmpty()) {
    example_->clear();
    return;
  }
  std::filesystem::path folder = wanted.pictures;
  if (folder.empty()) folder = own_folder_.toStdString();
  const std::filesystem::path file =
      folder / picture_name(wanted.name,
                            {.prompt = tr("a red apple").toStdString(),
                             .seed = 1234,
                             .model = "tessera",
                             .when = QDateTime::currentDateTime()});
  example_->setText(QString::fromStdString(file.string()));
}

}  // namespace tessera::gui
