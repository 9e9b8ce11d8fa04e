#include "gui/prompts_dialog.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QShortcut>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "core/error.h"
#include "gui/error_text.h"
#include "gui/plain_table.h"

namespace tessera::gui {
namespace {

constexpr std::int64_t kEarlier = 500;
constexpr int kStar = 0;  // columns
constexpr int kPrompt = 1;

QStringList texts_of(const std::vector<std::string>& prompts) {
  QStringList texts;
  for (const std::string& prompt : prompts) texts.push_back(QString::fromStdString(prompt));
  return texts;
}

}  // namespace

PromptsDialog::PromptsDialog(history::History& history, QWidget* parent)
    : QDialog(parent),
      history_(history),
      words_(new QLineEdit),
      table_(make_plain_table({"★", tr("Prompt")}, tr("Favourite and earlier prompts"))) {
  setWindowTitle(tr("Prompts"));
  words_->setPlaceholderText(tr("Search prompts"));
  words_->setAccessibleName(tr("Search prompts"));
  words_->setClearButtonEnabled(true);
  words_->installEventFilter(this);
  table_->setWordWrap(false);
  table_->horizontalHeader()->setSectionResizeMode(kStar, QHeaderView::ResizeToContents);
  auto* star = new QPushButton(tr("&Star"));
  star->setToolTip(tr("Keep this prompt among the favourites, or no longer (Ctrl+B)"));
  star->setAutoDefault(false);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
  auto* use = buttons->addButton(tr("&Use it"), QDialogButtonBox::AcceptRole);
  buttons->addButton(star, QDialogButtonBox::ActionRole);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(words_);
  layout->addWidget(table_, 1);
  layout->addWidget(buttons);
  use->setDefault(true);  // only now: before, it is no button of a dialog
  constexpr QSize kSize(620, 420);
  resize(kSize);

  connect(words_, &QLineEdit::textChanged, this, [this] { fill(selected()); });
  connect(star, &QPushButton::clicked, this, &PromptsDialog::toggleStar);
  connect(new QShortcut(QKeySequence("Ctrl+B"), this),
          &QShortcut::activated,
          this,
          &PromptsDialog::toggleStar);
  connect(buttons, &QDialogButtonBox::accepted, this, &PromptsDialog::take);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(table_, &QTableWidget::cellDoubleClicked, this, [this](int, int column) {
    if (column == kPrompt) take();
  });
  connect(table_, &QTableWidget::cellClicked, this, [this](int, int column) {
    if (column == kStar) toggleStar();
  });
  read();
  fill({});
}

void PromptsDialog::read() {
  try {
    starred_ = texts_of(history_.starred_prompts());
    earlier_ = texts_of(history_.prompts(kEarlier));
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  for (const QString& prompt : starred_) earlier_.removeAll(prompt);
}

/// Fills the table with what matches; `chosen` stays chosen where it is still there.
void PromptsDialog::fill(const QString& chosen) {
  const QStringList words = words_->text().split(' ', Qt::SkipEmptyParts);
  table_->setRowCount(0);
  int place = 0;
  for (const QString& prompt : starred_ + earlier_) {
    const bool matches = std::all_of(words.begin(), words.end(), [&](const QString& word) {
      return prompt.contains(word, Qt::CaseInsensitive);
    });
    if (!matches) continue;
    const int row = table_->rowCount();
    table_->insertRow(row);
    const bool starred = starred_.contains(prompt);
    fill_row(table_, row, {starred ? "★" : "☆", prompt.simplified()});
    table_->item(row, kStar)
        ->setData(Qt::AccessibleTextRole, starred ? tr("favourite") : tr("no favourite"));
    table_->item(row, kPrompt)->setData(Qt::UserRole, prompt);
    table_->item(row, kPrompt)->setToolTip(prompt);
    if (prompt == chosen) place = row;
  }
  if (table_->rowCount() > 0) table_->selectRow(place);
}

QString PromptsDialog::selected() const {
  const int row = table_->currentRow();
  return row < 0 ? QString() : table_->item(row, kPrompt)->data(Qt::UserRole).toString();
}

void PromptsDialog::toggleStar() {
  const QString prompt = selected();
  if (prompt.isEmpty()) return;
  try {
    if (starred_.contains(prompt)) {
      history_.unstar_prompt(prompt.toStdString());
    } else {
      history_.star_prompt(prompt.toStdString());
    }
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  read();
  fill(prompt);
}

void PromptsDialog::take() {
  taken_ = selected();
  done(taken_.isEmpty() ? Rejected : Accepted);
}

/// Up, Down and Page keys move in the list while one types.
bool PromptsDialog::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() != QEvent::KeyPress) return QDialog::eventFilter(watched, event);
  const auto* key = static_cast<const QKeyEvent*>(event);
  const int step = key->key() == Qt::Key_Down       ? 1
                   : key->key() == Qt::Key_Up       ? -1
                   : key->key() == Qt::Key_PageDown ? 10
                   : key->key() == Qt::Key_PageUp   ? -10
                                                    : 0;
  if (step == 0 || table_->rowCount() == 0) return QDialog::eventFilter(watched, event);
  table_->selectRow(std::clamp(table_->currentRow() + step, 0, table_->rowCount() - 1));
  return true;
}

}  // namespace tessera::gui
